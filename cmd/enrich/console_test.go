package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"enrich/client/fakeapi"
	"enrich/cmd/enrich/internal/console"
)

// talkative answers each request with a whole 200 and more bytes that nobody asked for, on the same connection.
func talkative(t *testing.T, extra string) (url string) {
	t.Helper()
	return rawAPI(t, func([]byte) string {
		return rawAnswer(`{"contact":{"title":"CTO","credit_charged":true},"remaining_credits":9}`) + extra
	})
}

// rawAPI answers each request, of which answer gets the body, with exactly the bytes that it returns.
func rawAPI(t *testing.T, answer func(question []byte) string) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var owner sync.WaitGroup
	owner.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			owner.Go(func() { answerRaw(conn, answer) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		owner.Wait()
	})
	return "http://" + listener.Addr().String()
}

func answerRaw(conn net.Conn, answer func(question []byte) string) {
	defer func() { _ = conn.Close() }()
	for in := bufio.NewReader(conn); ; {
		request, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		question, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		if _, err := io.WriteString(conn, answer(question)); err != nil {
			return
		}
	}
}

// rawAnswer returns a whole 200.
func rawAnswer(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// Only our own printer writes to standard error: what a library says of bytes that nobody asked for, which may hold the
// key, is shown with --verbose alone, and without them.
func TestNoLibraryWritesToStandardError(t *testing.T) {
	t.Parallel()
	const key = "key-of-a-process-7"
	for name, extra := range map[string]string{
		"the key":           "debug: Authorization: Bearer " + key + "\r\n",
		"a part of the key": "debug: Bearer " + key[:len(key)-2],
		"escapes":           "\x1b[2J\x1b]0;title\a debug",
		"another answer":    "HTTP/1.1 500 Oops\r\nX-Debug: " + key + "\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := talkative(t, extra)
			for flags, check := range map[string]func(line string) bool{
				"--quiet":           func(line string) bool { return strings.Contains(line, "sends more than its answers") }, // our own
				"--log-format=json": func(line string) bool { return json.Valid([]byte(line)) && strings.Contains(line, `"level"`) },
				"--verbose": func(line string) bool {
					return !strings.HasPrefix(line, "20") // the standard logger's lines begin with the date
				},
				"--verbose --log-format=json": func(line string) bool { return json.Valid([]byte(line)) },
			} {
				s := newStage(t, fakeapi.Options{})
				s.list("l.csv", 8, "")
				c := s.command(append([]string{"run", "--url", url, "--workers", "2", "l.csv"}, strings.Fields(flags)...)...)
				c.Stdout = nil
				c.Env = append(c.Env, "GODEBUG=http2debug=1")
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				c.ends(exitOK)
				for line := range strings.Lines(c.said.String()) {
					if line = strings.TrimSuffix(line, "\n"); !check(line) || strings.Contains(line, key[:8]) || strings.ContainsFunc(line, unicode.IsControl) {
						t.Errorf("%s: %q", flags, line)
					}
				}
			}
		})
	}
}

// A run whose standard error nobody reads ends as any other, with all its calls, whatever it has to say.
func TestARunDoesNotWaitForAReaderOfItsMessages(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"text": {"--verbose"},
		"json": {"--verbose", "--log-format", "json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{Match: 1})
			s.list("l.csv", 4000, "") // the attempts fill a pipe of 64 KiB eight times
			unread, end, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			c := s.command(append([]string{"run", "l.csv"}, flags...)...)
			c.Stdout, c.Stderr = nil, end
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			_ = end.Close() // the child has its own
			c.ends(exitOK)
			if sum := s.summary("l.summary.json"); sum.Rows.Matched != 4000 {
				t.Errorf("%+v", sum.Rows)
			}
			s.calls(4000)
			text, err := io.ReadAll(unread)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasSuffix(text, []byte("\n")) {
				t.Errorf("the pipe ends in the middle of a line: %q", text[max(0, len(text)-200):])
			}
			for line := range bytes.Lines(text) {
				if name == "json" && !json.Valid(line) {
					t.Errorf("%q", line)
				}
			}
			_ = unread.Close() // it was only read
		})
	}
	t.Run("closed", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, fakeapi.Options{Match: 1})
		s.list("l.csv", 2000, "")
		unread, end, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		_ = unread.Close() // each write is a broken pipe
		c := s.command("run", "--verbose", "l.csv")
		c.Stdout, c.Stderr = nil, end
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		_ = end.Close() // the child has its own
		c.ends(exitOK)
		s.calls(2000)
	})
}

// unseen are characters that a terminal obeys or does not show, of each kind.
const unseen = "\x1b[31m\u0007\u009b2J\u200b\u200e\u202e\u2028\u2029\ufeff\u2066\u00ad\u061c\u180e\U000e0041\U000e007f\ufe0f\u034f\u3164\ue000\U000f0000"

// No road leads outside text to the terminal with characters that it obeys or hides, or without a bound.
func TestNoOutsideTextIsHiddenOrUnbounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("very-long", 2000)
	s := newStage(t, fakeapi.Options{})
	files := map[string]string{
		"l.csv":                         "email,name\na@x.example,Ann\n",
		"odd\u202e\u2028\U000e0041.csv": "email\na@x.example\n",
		"line\nbreak.csv":               "email\na@x.example\n",
		"header.csv":                    "e" + unseen + ",b" + unseen + "\n1,2\n",
		"long.csv":                      "a" + long + ",b" + long + "\n1,2\n",
		"ragged.csv":                    "email,name\n" + unseen + ",1,2,3" + long + "\n",
	}
	for name, text := range files {
		s.write(name, text)
	}
	angry := talkativeRefusal(t, unseen+long)
	for _, args := range [][]string{
		{"run", "--url", angry, "l.csv"},
		{"run", "--verbose", "--url", angry, "l.csv"},
		{"run", "odd\u202e\u2028\U000e0041.csv"},
		{"run", "line\nbreak.csv"},
		{"read", "line\nbreak.csv"},
		{"run", "none" + unseen + ".csv"},
		{"run", "none\x1b[2J" + strings.Repeat("x", 5000)},
		{"run", "header.csv"},
		{"run", "long.csv"},
		{"read", "ragged.csv"},
		{"plan", "header.csv"},
		{"plan", "long.csv"},
		{"run", "--map", "email=" + unseen + long, "l.csv"},
		{"run", "--set", unseen + long, "l.csv"},
		{"run", "--url", "https://" + unseen + long, "l.csv"},
		{"run", "--rate", unseen + long, "l.csv"},
		{"run", "--ca-file", unseen + long, "l.csv"},
		{"run", "--out", unseen, "l.csv"},
		{"run", "--ledger", "l" + unseen + ".db", "l.csv"},
		{"run", "--" + unseen + long},
		{unseen + long},
		{"ledger", unseen},
		{"read", "--delimiter", unseen, "l.csv"},
	} {
		for _, format := range []string{"text", "json"} {
			c := s.command(append(args, "--log-format", format)...)
			c.Stdout = nil
			c.Env = append(c.Env, "ENRICH_WORKERS=4")
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			_ = c.Wait() // whichever way it ends
			if !utf8.Valid(c.said.Bytes()) {
				t.Errorf("%.60q: not UTF-8: %q", args, c.said.String())
			}
			for line := range strings.Lines(c.said.String()) {
				line = strings.TrimSuffix(line, "\n")
				most := console.MaxLine
				if format == "json" {
					most = 12 * console.MaxLine // an escape is up to twelve characters
					if !json.Valid([]byte(line)) {
						t.Errorf("%.60q: %q", args, line)
					}
				}
				if strings.ContainsFunc(line, isHidden) || utf8.RuneCountInString(line) > most {
					t.Errorf("%.60q %s: %d characters: %.300q", args, format, utf8.RuneCountInString(line), line)
				}
			}
			if strings.Contains(c.said.String(), "\nbreak") {
				t.Errorf("%.60q: a file's name breaks a line: %q", args, c.said.String())
			}
		}
	}
}

// isHidden reports whether a terminal obeys a character or does not show it.
func isHidden(r rune) bool { return console.Plain(string(r)) != string(r) }

// talkativeRefusal refuses the key, in words of its own choice.
func talkativeRefusal(t *testing.T, words string) (url string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"status": 401, "error": "Unauthorized", "message": words})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write(body)
	})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var owner sync.WaitGroup
	owner.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		_ = server.Close()
		owner.Wait()
	})
	return "http://" + listener.Addr().String()
}
