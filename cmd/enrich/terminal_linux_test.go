package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"enrich/client/fakeapi"
)

// openTerminal returns both ends of a terminal of a width.
func openTerminal(t *testing.T, width uint16) (screen, end *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there are no pseudo-terminals: ", err)
	}
	t.Cleanup(func() { _ = screen.Close() }) // it was only read
	fd := int(screen.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: width}); err != nil {
		t.Fatal(err)
	}
	end, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudo-terminals: ", err)
	}
	return screen, end
}

// shown runs a command whose standard error is a terminal, and returns all that it was sent.
func (s *stage) shown(width uint16, want int, args ...string) string {
	s.t.Helper()
	return s.shownBy(width, want, "enrich", args...)
}

// shownBy is shown for any program.
func (s *stage) shownBy(width uint16, want int, program string, args ...string) string {
	s.t.Helper()
	screen, end := openTerminal(s.t, width)
	c := s.command(args...)
	path, err := exec.LookPath(program)
	if err != nil {
		s.t.Fatal(err)
	}
	c.Path, c.Args[0] = path, program
	c.Stdout, c.Stderr = nil, end
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	_ = end.Close() // the child has its own
	sent := make(chan string, 1)
	go func() { // ends when the child has closed its end
		text, _ := io.ReadAll(screen) // a terminal ends with an error
		sent <- string(text)
	}()
	c.ends(want)
	select {
	case text := <-sent:
		return text
	case <-time.After(patienceForChild):
		s.t.Fatal("the terminal does not end")
	}
	return ""
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]")

// screenOf returns what a terminal shows in the end: a carriage return writes over a line, and an escape erases it.
func screenOf(sent string) []string {
	lines := []string{""}
	at := 0
	for sent != "" {
		line := &lines[len(lines)-1]
		if e := escapes.FindStringIndex(sent); e != nil && e[0] == 0 {
			if strings.HasSuffix(sent[:e[1]], "K") {
				*line, at = "", 0
			}
			sent = sent[e[1]:]
			continue
		}
		r, n := utf8.DecodeRuneInString(sent)
		sent = sent[n:]
		switch r {
		case '\r':
			at = 0
		case '\n':
			lines, at = append(lines, ""), 0
		default:
			runes := []rune(*line)
			if at < len(runes) {
				runes[at] = r
			} else {
				runes = append(runes, r)
			}
			*line, at = string(runes), at+1
		}
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

func TestABarIsDrawnAndClearedOnATerminal(t *testing.T) {
	t.Parallel()
	for _, width := range []uint16{40, 80, 200} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{Latency: 30 * time.Millisecond})
			s.list("l.csv", 80, "")
			sent := s.shown(width, exitOK, "run", "--workers", "2", "l.csv")
			drawn := 0
			for _, line := range strings.FieldsFunc(escapes.ReplaceAllString(sent, ""), func(r rune) bool { return r == '\r' || r == '\n' }) {
				if !strings.Contains(line, "%") {
					continue
				}
				if drawn++; utf8.RuneCountInString(line) > int(width) {
					t.Errorf("it is %d wide: %q", utf8.RuneCountInString(line), line)
				}
			}
			if drawn < 3 || !strings.Contains(sent, " calls") {
				t.Errorf("a bar was drawn %d times: %q", drawn, sent)
			}
			left := screenOf(sent)
			if text := strings.Join(left, "\n"); strings.Contains(text, "%") || !strings.Contains(text, "80 rows") || left[0] != "ledger ledger.db: 0 answers" || !strings.HasPrefix(left[1], "l.csv:") {
				t.Errorf("the terminal shows in the end:\n%s", text)
			}
		})
	}
}

func TestNoBarWhereNoneIsWanted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		flags []string
		sent  bool
	}{
		"quiet":   {[]string{"--quiet"}, false},
		"json":    {[]string{"--log-format", "json"}, true},
		"verbose": {[]string{"--verbose"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{Latency: 20 * time.Millisecond})
			s.list("l.csv", 40, "")
			sent := s.shown(80, exitOK, append([]string{"run", "--workers", "2", "l.csv"}, tt.flags...)...)
			if strings.ContainsAny(strings.ReplaceAll(sent, "\r\n", "\n"), "\r\x1b") || (sent != "") != tt.sent {
				t.Errorf("%q", sent)
			}
		})
	}
	t.Run("off a terminal", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, fakeapi.Options{Latency: 20 * time.Millisecond})
		s.list("l.csv", 40, "")
		if c := s.run(exitOK, "run", "--workers", "2", "l.csv"); bytes.ContainsAny(c.said.Bytes(), "\r\x1b%") {
			t.Errorf("%q", c.said.String())
		}
	})
}

// With --log-format json each line on standard error is a JSON object, whatever goes wrong.
func TestEachLineForAMachineIsJSON(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	s.list("l.csv", 2, "")
	s.list("bad.csv", 2, "+400")
	s.write("ragged.csv", "email,name\na@x.example,A\nb@x.example\n")
	for _, args := range [][]string{
		{"run", "--verbose", "l.csv"},
		{"run", "bad.csv"},
		{"run", "ragged.csv"},
		{"read", "ragged.csv"},
		{"plan", "l.csv"},
		{"write", "bad.csv"},
		{"run", "none.csv"},
		{"run"},
		{"run", "l.csv", "bad.csv"},
		{"run", "--nope"},
		{"run", "--workers", "0", "l.csv"},
		{"run", "--map", "x", "l.csv"},
		{"run", "--url", "http://127.0.0.1:1", "--max-elapsed", "100ms", "--ledger", "down.db", "l.csv"},
		{"frobnicate"},
		{"run", "--ledger", "l.csv", "l.csv"},
		{"run", "--max-calls", "1", "--ledger", "cap.db", "l.csv"},
	} {
		c := s.command(append(args, "--log-format", "json")...)
		c.Stdout = nil
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait() // whichever way it ends
		lines := bufio.NewScanner(&c.said)
		for lines.Scan() {
			var o struct{ Level, Msg string }
			if err := json.Unmarshal(lines.Bytes(), &o); err != nil || o.Level == "" || o.Msg == "" {
				t.Errorf("%q: %v: %q", args, err, lines.Text())
			}
		}
	}
}

// TestWithoutAFileOnATerminal nobody is kept waiting for a table to be typed.
func TestWithoutAFileOnATerminal(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	for _, command := range []string{"run", "plan", "write", "read"} {
		_, end := openTerminal(t, 80)
		c := s.command(command)
		c.Stdin = end
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		c.ends(exitUsage)
		_ = end.Close() // nothing was written to it
		if !strings.HasPrefix(c.said.String(), "enrich: "+command+" takes one file: name a ") || !strings.HasSuffix(c.said.String(), "or - for standard input\n") {
			t.Errorf("%s: %s", command, &c.said)
		}
	}
}
