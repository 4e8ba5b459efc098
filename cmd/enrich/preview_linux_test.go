package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"enrich/client/fakeapi"
)

// before returns what a run shows on a terminal between the ledger and the summary, without the bar.
func before(t *testing.T, sent string) string {
	t.Helper()
	var said []string
	for _, line := range screenOf(sent)[1:] {
		if regexp.MustCompile(`^\S+: .* \d+ matched, `).MatchString(line) {
			return strings.Join(said, "\n")
		}
		if line != "" {
			said = append(said, line)
		}
	}
	t.Fatalf("there is no summary: %q", sent)
	return ""
}

// TestARunSaysWhatItSpends on a terminal, in three lines, before it does.
func TestARunSaysWhatItSpends(t *testing.T) {
	t.Parallel()
	const list = "E-Mail;First name\na+match@x.example;A\nA+match@x.example;A\nnobody;\nb+match@x.example;B\nc+match@x.example;C\n"
	for name, tt := range map[string]struct {
		flags    []string
		exit     int
		expected string
	}{
		"plain": {nil, exitFailedRows, "l.csv: 5 rows: 3 to send, 0 answered before, 1 duplicate, 1 cannot be sent\n" +
			"  3 calls, at most 3 credits\n  email from \"E-Mail\", first_name from \"First name\""},
		"a rate and a verbose run": {
			[]string{"--rate", "600/m", "--map", "last_name=First name", "--verbose"},
			exitFailedRows,
			"l.csv: 5 rows: 3 to send, 0 answered before, 1 duplicate, 1 cannot be sent\n" +
				"  3 calls, at most 3 credits, about 0 s at 600/m\n  email from \"E-Mail\", last_name from \"First name\"",
		},
		"a cap": {
			[]string{"--max-credits", "4", "--credits-per-call", "2"},
			exitCapped,
			"l.csv: 5 rows: 2 to send, 0 answered before, 1 duplicate, 1 cannot be sent, 1 beyond the caps\n" +
				"  2 calls, at most 4 credits\n  email from \"E-Mail\", first_name from \"First name\"",
		},
		"a limit": {
			[]string{"--limit", "4"},
			exitCapped,
			"l.csv: 5 rows: 2 to send, 0 answered before, 1 duplicate, 1 cannot be sent, 1 beyond --limit\n" +
				"  2 calls, at most 2 credits\n  email from \"E-Mail\", first_name from \"First name\"",
		},
		"a column that is used only for some rows": {
			[]string{"--input-format", "csv", "--ledger", "spare.db", "spare"},
			exitOK,
			"spare: 2 rows: 2 to send, 0 answered before\n  2 calls, at most 2 credits\n" +
				"  first_name from \"First Name\", last_name from \"Last Name\", company_name from \"Company\"; only for rows that cannot be sent without it: email from \"Employee Email\"",
		},
		"bulk": {
			[]string{"--bulk", "--rate", "600/m"},
			exitFailedRows,
			"l.csv: 5 rows: 3 to send, 0 answered before, 1 duplicate, 1 cannot be sent\n" +
				"  1 bulk job, at least 2 calls, at most 3 credits, about 0 s at 600/m for the calls\n  email from \"E-Mail\", first_name from \"First name\"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{})
			s.write("l.csv", list)
			s.write("spare", "First Name,Last Name,Company,Employee Email\nAnn+match,Lee,Acme,ann@x.example\n,,,bo+match@x.example\n")
			args := append([]string{"run"}, tt.flags...)
			if !strings.HasPrefix(tt.expected, "spare") {
				args = append(args, "l.csv")
			}
			sent := s.shown(200, tt.exit, args...)
			if said := before(t, sent); !strings.HasPrefix(said, tt.expected) {
				t.Errorf("got\n%s\nexpected\n%s", said, tt.expected)
			}
			if name == "plain" {
				s.calls(3)
				again := before(t, s.shown(200, tt.exit, "run", "l.csv"))
				if expected := "l.csv: 5 rows: 0 to send, 4 answered before, 1 cannot be sent\n  0 calls, at most 0 credits\n"; !strings.HasPrefix(again, expected) {
					t.Errorf("got\n%s\nexpected\n%s", again, expected)
				}
				s.calls(3)
			}
		})
	}
}

// TestARunSaysNothingBeforehand where nobody reads it, and if the input would have to be read once more from a pipe.
func TestARunSaysNothingBeforehand(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("l.csv", 3, "")
	if said := s.run(exitOK, "run", "l.csv").said.String(); strings.Contains(said, "to send") {
		t.Error(said)
	}
	for _, flags := range [][]string{{"--quiet"}, {"--log-format", "json"}} {
		if sent := s.shown(80, exitOK, append([]string{"run", "--replace", "l.csv"}, flags...)...); strings.Contains(sent, "to send") {
			t.Errorf("%q: %s", flags, sent)
		}
	}
	s.write("fifo.sh", `mkfifo pipe && (cat l.csv > pipe &) && exec enrich run pipe`)
	for _, script := range []string{"cat l.csv | exec enrich run -", ". ./fifo.sh"} {
		if sent := s.shownBy(80, exitOK, "sh", "-c", script); strings.Contains(sent, "to send") || !strings.Contains(sent, "3 rows") {
			t.Errorf("%s: %s", script, sent)
		}
	}
}

// TestALongListIsNotCounted to its end: the run begins at once, and says that there may be more.
func TestALongListIsNotCounted(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	var b strings.Builder
	b.WriteString("email\n")
	for i := range previewRows + 2000 {
		fmt.Fprintf(&b, "p%d@x.example\n", i)
	}
	s.write("l.csv", b.String())
	said := before(t, s.shown(200, exitCapped, "run", "--max-duration", "1ms", "l.csv"))
	match := regexp.MustCompile(`^l\.csv: of the first ([0-9,]+) rows: ([0-9,]+) to send, 0 answered before\n  ([0-9,]+) calls, for these rows at most ([0-9,]+) credits; enrich plan counts all rows\n  email from "email"`).FindStringSubmatch(said)
	if match == nil || match[1] != match[2] || match[2] != match[3] || match[3] != match[4] {
		t.Errorf("%s", said)
	}
	// The first run may have had an answer within its millisecond.
	capped := before(t, s.shown(200, exitCapped, "run", "--ledger", "other.db", "--max-calls", "2", "l.csv"))
	if !strings.Contains(capped, " 2 to send, 0 answered before, ") || !strings.Contains(capped, "\n  2 calls, at most 2 credits; enrich plan") {
		t.Errorf("%s", capped)
	}
}
