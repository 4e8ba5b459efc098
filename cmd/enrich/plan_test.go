package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"enrich/client/fakeapi"
)

// What plan says that run will do is what run then does, by the server's count, whatever happened before. plan itself
// makes no call and no file, not even a ledger.
func TestAPlanIsWhatRunDoes(t *testing.T) {
	t.Parallel()
	const list = "email,first_name\na+match@x.example,\nb+nomatch@x.example,\nnobody,\nA+match@x.example,\nc+400@x.example,\nd+garbage@x.example,\ne+match@x.example,\ne+match@x.example,Eve\n"
	for name, tt := range map[string]struct {
		before [][]string // runs, with their exit codes first
		flags  []string
		calls  int64
		exit   int
	}{
		"nothing was asked":           {nil, nil, 6, exitFailedRows},
		"all was asked":               {[][]string{{"3"}}, nil, 2, exitFailedRows},
		"lost twice and allowed":      {[][]string{{"3"}, {"3"}}, nil, 2, exitFailedRows},
		"lost as often as allowed":    {[][]string{{"3"}}, []string{"--lost-retries", "0"}, 1, exitFailedRows},
		"a cap before":                {[][]string{{"5", "--max-calls", "1", "--workers", "1"}}, nil, 5, exitFailedRows},
		"a cap now":                   {nil, []string{"--max-calls", "3"}, 3, exitCapped},
		"a cap of what is not needed": {[][]string{{"3"}}, []string{"--max-calls", "3"}, 2, exitFailedRows},
		"a limit":                     {nil, []string{"--limit", "2"}, 2, exitCapped},
		"a limit before":              {[][]string{{"5", "--limit", "5"}}, nil, 4, exitFailedRows},
		"a limit behind a duplicate":  {[][]string{{"5", "--limit", "1"}}, []string{"--limit", "4"}, 1, exitCapped},
		"answers too old":             {[][]string{{"3"}}, []string{"--max-age", "0s"}, 6, exitFailedRows},
		"no matches too old":          {[][]string{{"3"}}, []string{"--no-match-age", "0s"}, 3, exitFailedRows},
		"by address":                  {nil, []string{"--same-by", "email"}, 5, exitFailedRows},
		"by address, answered before": {[][]string{{"3"}}, []string{"--same-by", "email"}, 2, exitFailedRows},
		"with a constant of its own":  {[][]string{{"3"}}, []string{"--set", "metadata.mobile_phone_enrichment=true"}, 6, exitFailedRows},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{})
			s.write("l.csv", list)
			for _, run := range tt.before {
				code, err := strconv.Atoi(run[0])
				if err != nil {
					t.Fatal(err)
				}
				s.run(code, slices.Concat([]string{"run", "l.csv"}, run[1:])...)
			}
			there, err := os.ReadDir(s.dir)
			if err != nil {
				t.Fatal(err)
			}
			calls := s.api.Stats().Calls
			c := s.command(slices.Concat([]string{"plan", "--json", "--quiet", "l.csv"}, tt.flags)...)
			c.Env = append(c.Env, "SELLING_API_KEY=", statusFile+"="+t.TempDir()+"/status")
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			c.ends(exitOK)
			var planned forecast
			if err := json.Unmarshal(c.said.Bytes(), &planned); err != nil {
				t.Fatalf("%v: %s", err, &c.said)
			}
			if now, err := os.ReadDir(s.dir); err != nil || len(now) != len(there) {
				t.Errorf("plan made files: %v, %v", now, err)
			}
			s.calls(calls)
			s.run(tt.exit, slices.Concat([]string{"run", "l.csv"}, tt.flags)...)
			if got := s.api.Stats().Calls - calls; got != planned.Calls || got != tt.calls {
				t.Errorf("planned %d calls, run made %d, expected %d: %+v", planned.Calls, got, tt.calls, planned)
			}
			if p := planned; p.Invalid+p.Duplicates+p.Answered+p.Uncertain+p.BeyondLimit+p.Calls > p.Rows || p.Rows != 8 {
				t.Errorf("rows are planned twice: %+v", p)
			}
			s.summary("l.summary.json")
		})
	}
}

// A plan of a pipe that is interrupted is not taken for the plan of what had come by then, nor for an error.
func TestAnInterruptedPlan(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("l.csv", 1, "")
	s.run(exitOK, "run", "l.csv") // for a ledger
	c := s.command("plan", "-")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = nil
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, "email\n"+strings.Repeat("a@x.example\n", 20_000)); err != nil { // more than a block, so that it begins
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "ledger ") {
		continue
	}
	c.signal(os.Interrupt)
	rest, err := io.ReadAll(stderr)
	if err != nil {
		t.Fatal(err)
	}
	c.ends(130)
	if c.said.Len() > 0 || strings.Contains(string(rest), "canceled") {
		t.Errorf("%s%s", &c.said, rest)
	}
	_ = in.Close() // the child is gone
}
