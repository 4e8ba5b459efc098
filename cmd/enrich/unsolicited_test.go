package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/sourcegraph/conc"

	"enrich/client/fakeapi"
	"enrich/internal/jsonscan"
)

// TestResponsesThatComeTwiceAreReported once, in the program's own words, and no row gets the answer of another.
func TestResponsesThatComeTwiceAreReported(t *testing.T) {
	t.Parallel()
	const rows = 200
	s := newStage(t, fakeapi.Options{})
	s.list("in.csv", rows, "")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving conc.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { answerTwice(conn) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	c := s.run(exitOK, "run", "--fields", "email", "--url", "http://"+l.Addr().String(), "in.csv")
	if said := c.said.String(); strings.Count(said, "sends more than its answers") != 1 || strings.Contains(said, "Unsolicited") {
		t.Error(said)
	}
	text, err := os.ReadFile(s.path("in.results.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")[1:]
	for _, line := range lines {
		if address, _, _ := strings.Cut(line, ","); strings.Count(line, address) != 2 {
			t.Errorf("the answer of another: %s", line)
		}
	}
	if len(lines) != rows {
		t.Errorf("%d rows in the results", len(lines))
	}
}

// answerTwice sends each response twice. It names the contact that was asked about.
func answerTwice(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for r := bufio.NewReader(conn); ; {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		question, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		address, _ := jsonscan.ToText(jsonscan.Get(question, "email"))
		body := fmt.Sprintf(`{"contact":{"credit_charged":true,"email":%q},"remaining_credits":9}`, address)
		response := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		_, _ = io.WriteString(conn, response+response)
	}
}
