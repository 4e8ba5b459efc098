package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTheStandardLoggersAreCaptured: what they log is dropped, or shown as one line without the key, until they are released.
func TestTheStandardLoggersAreCaptured(t *testing.T) {
	var said bytes.Buffer
	before := log.Writer()
	c := New(&said)
	release := c.CaptureLoggers()
	log.Print("a secret")
	slog.Error("a secret")
	_ = (&http.Server{}).Close() // it was never started
	if said.Len() > 0 {
		t.Errorf("a library wrote %q", said.String())
	}
	p := NewPrinter(c, Options{Verbose: true})
	done := p.ShowLibraries(func(text []byte) []byte { return bytes.ReplaceAll(text, []byte("key-1"), []byte("[key]")) })
	log.Print("one\ntwo\x1b[2J key-1")
	log.Printf("Unsolicited response received on idle HTTP channel starting with %q; err=%v", "key", nil)
	done()
	log.Print("a secret")
	release()
	c.Close()
	if got := said.String(); !strings.Contains(got, "one?two?[2J [key]") || !strings.Contains(got, `"Unsolicited response received on idle HTTP channel"`) ||
		strings.Contains(got, "secret") || strings.Contains(got, "key-1") || strings.Contains(got, "starting") {
		t.Errorf("shown: %q", got)
	}
	if log.Writer() != before {
		t.Error("the standard logger was not given back")
	}
}

// stuck is a reader that takes nothing until free is closed.
type stuck struct {
	free chan struct{}
	got  bytes.Buffer
}

func (w *stuck) Write(b []byte) (int, error) {
	<-w.free
	return w.got.Write(b)
}

// TestMessagesAreDroppedWholeAndCounted: messages that find no room are dropped as a whole, are counted, and leave room for
// those that must be known.
func TestMessagesAreDroppedWholeAndCounted(t *testing.T) {
	w := &stuck{free: make(chan struct{})}
	c := New(w)
	c.Detach()
	line := strings.Repeat("x", 999) + "\n"
	const sent = 3000 // three times what may wait
	for range sent {
		_, _ = fmt.Fprint(c.Optional(), line) // a console never fails
	}
	_, _ = fmt.Fprintln(c, "the summary")
	close(w.free)
	c.Close()
	lines := strings.SplitAfter(strings.TrimSuffix(w.got.String(), "\n"), "\n")
	last := lines[len(lines)-1]
	var dropped int
	if _, err := fmt.Sscanf(last, "enrich: %d messages were dropped", &dropped); err != nil || dropped != sent-(len(lines)-2) {
		t.Errorf("%d lines came, and the last says %q", len(lines), last)
	}
	for i, l := range lines[:len(lines)-2] {
		if l != line {
			t.Fatalf("line %d is %q", i, l)
		}
	}
	if lines[len(lines)-2] != "the summary\n" {
		t.Errorf("the summary was dropped: %q", lines[len(lines)-2])
	}
}

// TestCloseDoesNotWaitForAReaderThatTakesNothing.
func TestCloseDoesNotWaitForAReaderThatTakesNothing(t *testing.T) {
	w := &stuck{free: make(chan struct{})}
	c := New(w)
	c.Detach()
	_, _ = fmt.Fprintln(c, "never read")
	began := time.Now()
	c.FlushNow()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it waited %s", took)
	}
	close(w.free)
	<-c.done
}

// unseen are characters that a terminal obeys or does not show, of each kind.
const unseen = "\x1b[31m\u0007\u009b2J\u200b\u200e\u202e\u2028\u2029\ufeff\u2066\u00ad\u061c\u180e\U000e0041\U000e007f\ufe0f\u034f\u3164\ue000\U000f0000"

// TestPlainTextHasNothingHidden and no long line; other text stays as it is.
func TestPlainTextHasNothingHidden(t *testing.T) {
	for given, expected := range map[string]string{
		"": "", "plain größer 東京 🙂": "plain größer 東京 🙂", "a\tb\nc": "a b\nc", "a\x1b[2Jb": "a?[2Jb", "\xff": "?",
		strings.Repeat("x", MaxLine-1) + "\ny": strings.Repeat("x", MaxLine-1) + "\ny",
		strings.Repeat("é", MaxLine+7):         strings.Repeat("é", MaxLine-1) + "…",
	} {
		if got := Plain(given); got != expected {
			t.Errorf("%q: %q, expected %q", given, got, expected)
		}
	}
	if got := Plain(unseen); strings.ContainsFunc(got, hidden) {
		t.Errorf("%q", got)
	}
}

func TestNamesAreQuotedOnlyIfNeeded(t *testing.T) {
	for given, expected := range map[string]string{
		"leads.csv": "leads.csv", "my leads.csv": "my leads.csv", "Größe": "Größe", "": `""`, " a": `" a"`, `a"b`: `"a\"b"`, "a\nb": `"a\nb"`, "a\u202eb": `"a\u202eb"`,
	} {
		if got := Name(given); got != expected {
			t.Errorf("%q: %s, expected %s", given, got, expected)
		}
	}
	if got := Quote("ann\t"+strings.Repeat("é", 10), 6); got != `"ann\téé…"` {
		t.Errorf("%s", got)
	}
}

// TestNumbersForPeople have units, separators and the right plural.
func TestNumbersForPeople(t *testing.T) {
	for got, expected := range map[string]string{
		Count(0, "call"): "0 calls", Count(1, "call"): "1 call", Count(1566, "credit"): "1,566 credits",
		Duration(-time.Second): "0 s", Duration(59_400 * time.Millisecond): "59 s", Duration(108 * time.Second): "1 min 48 s",
		Duration(20_000 * time.Second): "5 h 33 min",
	} {
		if got != expected {
			t.Errorf("%q, expected %q", got, expected)
		}
	}
}

// TestWhatAPrinterPrints with each set of options.
func TestWhatAPrinterPrints(t *testing.T) {
	for name, test := range map[string]struct {
		options  Options
		expected string
	}{
		"text":    {Options{}, "ledger l.db: 2 answers\n50%\nenrich: lost\nenrich: no key\n"},
		"quiet":   {Options{Quiet: true}, "enrich: lost\nenrich: no key\n"},
		"verbose": {Options{Verbose: true}, "ledger l.db: 2 answers\n50%\nlevel=DEBUG msg=attempt row=7\nenrich: lost\nenrich: no key\n"},
		"json": {Options{JSON: true}, `{"level":"INFO","msg":"ledger l.db: 2 answers","answers":2}
{"level":"INFO","msg":"50%"}
{"level":"WARN","msg":"lost"}
{"level":"ERROR","msg":"no key","exit_code":2}
`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			p := NewPrinter(New(&out), test.options)
			p.Info("ledger l.db: 2 answers", "answers", 2)
			p.Progress("50%")
			if log := p.Attempts(); log != nil {
				log.Debug("attempt", "row", 7)
			}
			p.Warn("lost")
			p.Error(errors.New("no key"), 2)
			if got := withoutTimes(out.String()); got != test.expected {
				t.Errorf("%s\nexpected\n%s", got, test.expected)
			}
			if _, _, ok := p.Bar(); ok {
				t.Error("a buffer is not a terminal")
			}
		})
	}
}

// withoutTimes removes the times that slog adds.
func withoutTimes(s string) string {
	return regexp.MustCompile(`"time":"[^"]*",|time=\S+ `).ReplaceAllString(s, "")
}

// TestEscapesInJSONLinesSayTheSame: a program reads the same characters, also above U+FFFF.
func TestEscapesInJSONLinesSayTheSame(t *testing.T) {
	var out bytes.Buffer
	jsonLines(&out).Info("a" + unseen)
	var line struct{ Msg string }
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Msg != "a"+unseen || strings.ContainsFunc(strings.TrimSuffix(out.String(), "\n"), hidden) {
		t.Errorf("%q, %v: %q", line.Msg, err, out.String())
	}
}
