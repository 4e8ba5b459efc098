package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// hostile is text as an input may have it; what cmd takes out (control characters, direction marks) is here, because a page
// must survive it, too.
var hostile = []string{
	`<script>document.title="owned"</script>`, `</script><img src=x onerror=alert(1)>`, `"><svg onload=alert(1)>`, `{{.Input}}`, "`${1}`",
	`=HYPERLINK("http://example.com","x")`, "\u202egpj.exe", "a\x00b", string([]byte{0xed, 0xa0, 0x80}), "]]>--><!--", `javascript:alert(1)`,
	"</style><style>*{display:none}", "مرحبا بالعالم", strings.Repeat("W", 80) + "…", strings.Repeat("x̴̛̖", 80),
}

// crowded is a page with as much on it as there can be, and hostile text wherever text from outside is shown.
func crowded() *Page {
	remaining := int64(123_456)
	started := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	p := &Page{
		Command: "run", Version: "v1.2.3", Input: hostile[0], Started: started, Finished: started.Add(83 * time.Minute), ExitCode: 4,
		Notice:  Notice{Title: "Stopped: the API refused the key (401): " + hostile[1], Steps: []string{"look at the key", hostile[2]}},
		Rows:    Rows{Read: 1_000_000, Matched: 612_345, NoMatch: 187_655, Failed: 100_000, Pending: 100_000, Stale: 17},
		Failed:  []Count{{"rejected", 60_000}, {"invalid", 40_000}},
		Calls:   Calls{Sent: 801_234, Retried: 1_234, Lost: 5, FromLedger: 7, OtherFields: 6, Deduplicated: 12_345, Reasons: []Count{{"rate_limited", 1_000}, {"server_error", 234}}, Waited: 7 * time.Minute},
		Credits: Credits{Charged: 600_001, Answers: 600_002, Remaining: &remaining, Contacts: 600_003},
		Latency: Latency{P50: 91.5, P90: 180, P99: 420, Max: 12_345},
		Days:    []Day{{"2026-02-02", 5, 2}, {"2026-02-03", 612_340, 187_653}},
		Reading: Reading{
			About: []Pair{{"format", "csv"}, {"encoding", "utf-8"}, {"delimiter", ", (comma)"}}, Mapping: []Pair{{"email", hostile[3]}, {"first_name", hostile[4]}},
			Refused: []Count{{"invalid", 40_000}}, Bytes: 123_456_789, SHA256: strings.Repeat("0123456789abcdef", 4),
		},
		Outputs: []Output{{"results", "out/" + hostile[2], strings.Repeat("0123456789abcdef", 4)}, {"summary", "out/leads.summary.json", ""}},
	}
	for i, name := range []string{"first_name", "email", "title", "company_location_zip_code", "mobile_phone"} {
		p.Fields = append(p.Fields, Count{name, int64(612_345 / (i*i + 1))})
	}
	for i := range MaxMoments + 50 {
		from := time.Duration(i) * 20 * time.Second
		m := Moment{From: from, Until: from + 20*time.Second, Calls: int64(4000 + 900*(i%7)), Retried: int64(i % 5), Matched: int64(3000 + 500*(i%7)), NoMatch: int64(900 + 300*(i%3)), Failed: int64(i % 11)}
		if i%17 != 0 {
			m.P50, m.P90, m.Max = 90+float64(i%9), 180+float64(i%40), 400+float64(i%100)*20
		}
		m.Waited = time.Duration(i%4) * time.Second
		p.Moments = append(p.Moments, m)
	}
	for i := range MaxFailures + 5 {
		f := Failure{Kind: "rejected", Status: 400, Message: hostile[i%len(hostile)], Advice: []string{"fix the row", "run the file again"}, Rows: int64(4000 - i)}
		for k := range 3 {
			f.Examples = append(f.Examples, Example{Line: int64(1000*i + k), Cells: []Pair{{hostile[(i+k)%len(hostile)], hostile[(i+k+1)%len(hostile)]}, {"name", hostile[(i+k+2)%len(hostile)]}}})
		}
		p.Failures = append(p.Failures, f)
	}
	return p
}

// written is a page's HTML, and the same parsed as browsers do.
func written(t *testing.T, p *Page) (text string, root *html.Node) {
	t.Helper()
	var page bytes.Buffer
	if err := Write(&page, p); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(bytes.NewReader(page.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return page.String(), root
}

// attribute is one of an element's, or "".
func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// textOf is all text below an element.
func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// figures are the values of all <data> elements, by name.
func figures(root *html.Node) map[string]string {
	found := map[string]string{}
	for n := range root.Descendants() {
		if n.Data == "data" && n.Type == html.ElementNode {
			found[attribute(n, "data-figure")] = fmt.Sprintf("%s = %s", attribute(n, "value"), textOf(n))
		}
	}
	return found
}
