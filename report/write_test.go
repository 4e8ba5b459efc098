package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// The library is its release's, byte for byte: uplot 1.6.32 of the npm registry.
func TestTheChartsLibraryIsItsRelease(t *testing.T) {
	for name, want := range map[string]string{
		"uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
		"uPlot.min.css":     "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
		"LICENSE":           "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
	} {
		text, err := os.ReadFile("uplot/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s is not that of the release", name)
		}
	}
}

// Whatever a cell or the API says, the page has the elements and attributes that it has without it.
func TestHostileTextStaysText(t *testing.T) {
	shape := func(p *Page) (elements []string) {
		_, root := written(t, p)
		for n := range root.Descendants() {
			if n.Type == html.ElementNode {
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Key, "on") {
						t.Errorf("<%s %s>", n.Data, a.Key)
					}
				}
				elements = append(elements, n.Data)
			}
		}
		return elements
	}
	hostilePage := crowded()
	_, root := written(t, hostilePage)
	for _, want := range []string{hostile[0], hostile[1], hostile[2]} {
		if !strings.Contains(textOf(root), want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	got := shape(hostilePage)
	harmless := crowded()
	harmless.Input = "leads.csv"
	harmless.Notice = Notice{"Stopped", []string{"look", "act"}}
	for i := range harmless.Failures {
		f := &harmless.Failures[i]
		f.Message = "no"
		for k := range f.Examples {
			for c := range f.Examples[k].Cells {
				f.Examples[k].Cells[c] = Pair{"email", "ann@example.com"}
			}
		}
	}
	harmless.Reading.Mapping = []Pair{{"email", "Mail"}, {"first_name", "Name"}}
	harmless.Outputs[0].Path = "leads.results.csv"
	if want := shape(harmless); !slices.Equal(got, want) {
		t.Errorf("hostile text made other elements: %d, expected %d", len(got), len(want))
	}
}

// The policy allows the scripts and the style that are there, and nothing else; nothing leads out of the page.
func TestThePageNeedsNothingElse(t *testing.T) {
	_, root := written(t, crowded())
	var policy string
	var scripts, styles []string
	for n := range root.Descendants() {
		switch {
		case n.Data == "meta" && attribute(n, "http-equiv") == "Content-Security-Policy":
			policy = attribute(n, "content")
		case n.Data == "script" && attribute(n, "type") == "":
			scripts = append(scripts, hash(textOf(n)))
		case n.Data == "style":
			styles = append(styles, hash(textOf(n)))
		}
		for _, a := range n.Attr {
			link := a.Key == "src" || a.Key == "href" || a.Key == "action" || a.Key == "srcset"
			if link && !strings.HasPrefix(a.Val, "#") && a.Val != "data:," || a.Key == "style" {
				t.Errorf(`<%s %s="%s">`, n.Data, a.Key, a.Val)
			}
		}
	}
	want := "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src " + strings.Join(styles, " ") + "; script-src " + strings.Join(scripts, " ")
	if policy != want || len(scripts) != 2 || len(styles) != 1 {
		t.Errorf("the policy is %q, expected %q", policy, want)
	}
}

// A page about a million rows is as small as its parts are bounded.
func TestThePageIsBounded(t *testing.T) {
	const most = 500_000
	text, root := written(t, crowded())
	if len(text) > most {
		t.Errorf("the page has %d bytes, expected at most %d", len(text), most)
	}
	for n := range root.Descendants() {
		if n.Data == "script" && attribute(n, "id") == "series" {
			var s series
			if err := json.Unmarshal([]byte(textOf(n)), &s); err != nil {
				t.Fatal(err)
			}
			if len(s.Seconds) != MaxMoments+1 || len(s.Calls) != MaxMoments+1 || s.P50[0] != nil || *s.P50[1] != 91 {
				t.Errorf("the series has %d moments: %v", len(s.Seconds), s.P50[:2])
			}
		}
	}
	if !strings.Contains(text, "<h1>612,345 of 1,000,000 contacts found (61 %), 600,001 credits</h1>") {
		t.Error("the page does not begin with the result")
	}
	if f := figures(root); f["failures.more"] != "19890 = 19,890" {
		t.Errorf("rows in failures beyond the list are %q, expected all of them", f["failures.more"])
	}
}

// An empty page says that there is nothing, and divides by nothing.
func TestAPageOfNothing(t *testing.T) {
	text, _ := written(t, &Page{Command: "write", Input: "empty.csv"})
	for _, want := range []string{"makes no call", "No row failed", "No row matched", "No column is mapped to a field"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, not := range []string{"NaN", "Inf", "<script", "ZgotmplZ", "class=\"notice\""} {
		if strings.Contains(text, not) {
			t.Errorf("the page says %q", not)
		}
	}
}
