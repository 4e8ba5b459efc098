package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"enrich/client/fakeapi"
	"enrich/internal/jsonscan"
)

// TestResponsesThatComeTwiceAreReported once, in the program's own words, and no row gets the answer of another.
func TestResponsesThatComeTwiceAreReported(t *testing.T) {
	t.Parallel()
	const rows = 200
	s := newStage(t, fakeapi.Options{})
	s.list("in.csv", rows, "")
	url := rawAPI(t, func(question []byte) string {
		address, _ := jsonscan.ToText(jsonscan.Get(question, "email"))
		response := rawAnswer(fmt.Sprintf(`{"contact":{"credit_charged":true,"email":%q},"remaining_credits":9}`, address))
		return response + response
	})
	c := s.run(exitOK, "run", "--fields", "email", "--url", url, "in.csv")
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
