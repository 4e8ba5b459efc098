package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"enrich/client"
	"enrich/client/fakeapi"
	"enrich/pipeline"
)

func TestAWaitIsToldWithItsReasonAndEnd(t *testing.T) {
	now := time.Date(2026, 1, 2, 14, 2, 0, 0, time.Local)
	for _, tt := range []struct {
		w    client.Waiting
		want string
	}{
		{client.Waiting{Reason: client.WaitingRate, Until: now.Add(42 * time.Second)}, "rate limited: next call in 42 s"},
		{client.Waiting{Reason: client.WaitingPause, Until: now.Add(70 * time.Second)}, "paused by the API until 14:03:10"},
		{client.Waiting{Reason: client.WaitingAPIDown, Until: now.Add(12 * time.Second), GiveUp: now.Add(108 * time.Second)}, "API not answering: next try in 12 s, giving up in 1 min 48 s"},
		{client.Waiting{Reason: client.WaitingAPIDown, GiveUp: now.Add(2*time.Hour + 5*time.Minute)}, "API not answering: trying now, giving up in 2 h 5 min"},
		{client.Waiting{Reason: client.WaitingBackoff, Until: now.Add(3 * time.Second)}, "backing off: next try in 3 s"},
	} {
		if got := waitText(tt.w, now); got != tt.want {
			t.Errorf("%q, expected %q", got, tt.want)
		}
	}
}

func TestAWaitForJobsIsToldWithItsEnd(t *testing.T) {
	now := time.Date(2026, 1, 2, 14, 2, 0, 0, time.Local)
	for want, w := range map[string]pipeline.JobWait{
		"waiting for 2 bulk jobs (510 contacts): next try in 8 s, at most 1 h 0 min more": {Jobs: 2, Contacts: 510, Next: now.Add(8 * time.Second), End: now.Add(time.Hour)},
		"a bulk job was lost: the next one in 4 s":                                        {Next: now.Add(4 * time.Second), End: now.Add(4 * time.Second)},
	} {
		if got := jobWaitText(&w, now); got != want {
			t.Errorf("%q, expected %q", got, want)
		}
	}
}

// Off a terminal and on one, each kind of wait is told while it lasts.
func TestARunSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + closed.Addr().String()
	_ = closed.Close() // connections are refused from now on
	for name, tt := range map[string]struct {
		api   fakeapi.Options
		flags []string
		want  string
		code  int
	}{
		"rate":  {fakeapi.Options{}, []string{"--rate", "20/m", "--max-duration", "4s"}, "rate limited: next call in ", exitCapped},
		"pause": {fakeapi.Options{Faults: []fakeapi.Fault{{Kinds: []string{"429ra4"}, First: 1}}}, nil, "paused by the API until ", exitOK},
		"down":  {fakeapi.Options{}, []string{"--url", nobody, "--max-elapsed", "4s"}, "API not answering: ", exitAPIDown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, tt.api)
			s.list("l.csv", 4, "")
			args := append([]string{"run", "--workers", "2"}, append(tt.flags, "l.csv")...)
			c := s.run(tt.code, args...)
			if said := c.said.String(); !strings.Contains(said, tt.want) || name == "down" && !strings.Contains(said, "connection refused by ") {
				t.Errorf("off a terminal: %s", said)
			}
			json := s.command(append(args, "--log-format", "json", "--ledger", "json.db")...)
			if err := json.Start(); err != nil {
				t.Fatal(err)
			}
			_ = json.Wait() // a fault that came once does not come again
			if said := json.said.String(); name != "pause" && !strings.Contains(said, `"waiting_for":"`) {
				t.Errorf("for a machine: %s", said)
			}
		})
	}
}

// A run that goes on after a first one knows how long the rest takes: the rows that it skips are not work done.
func TestTheTimeLeftCountsOnlyWhatIsSent(t *testing.T) {
	began := time.Now()
	var e estimate
	// 90,000 of 100,000 rows have an answer. Then ten contacts are sent a second.
	e.add(sample{began, 0, 0, 0})
	e.add(sample{began.Add(time.Second), 90_064, 64, 0})
	for s := 2; s <= 30; s++ {
		done := int64(10 * (s - 1))
		e.add(sample{began.Add(time.Duration(s) * time.Second), 90_064 + done, 64 + done, done})
	}
	rest := 10_000 - 64 - 290.0
	want := time.Duration((rest + 64) / 10 * float64(time.Second))
	if got := e.left(rest, -1); got < want*9/10 || got > want*11/10 {
		t.Errorf("%v left, expected about %v", got, want)
	}
	if got := e.left(rest, 100); got < 15*time.Second || got > 18*time.Second {
		t.Errorf("with 100 calls to go and 64 under way: %v", got)
	}
	// Every second row has an answer.
	e = estimate{}
	for s := range 30 {
		done := int64(10 * s)
		e.add(sample{began.Add(time.Duration(s) * time.Second), 2 * (64 + done), 64 + done, done})
	}
	if got := e.left(2000, -1); got < 100*time.Second || got > 115*time.Second {
		t.Errorf("%v left for 1000 contacts at 10 a second", got)
	}
	if got := new(estimate).left(10, -1); got >= 0 {
		t.Errorf("%v left, and nothing is known", got)
	}
}

func TestTheTimeLeftAfterAResume(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("l.csv", 900, "")
	s.run(exitOK, "run", "l.csv")
	text, err := os.ReadFile(s.path("l.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		text = fmt.Appendf(text, "new%d@x.example\n", i)
	}
	if err := os.WriteFile(s.path("l.csv"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	// One call each 100 ms: ten seconds for what is new.
	c := s.command("run", "--rate", "10/s", "--log-format", "json", "l.csv")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.ends(exitOK)
	for line := range strings.Lines(c.said.String()) {
		var o struct {
			Left    *float64 `json:"left_seconds"`
			Calls   float64
			Seconds float64
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Errorf("%s: %v", strconv.Quote(line), err)
		}
		if o.Left != nil && o.Calls > 5 {
			want := (100 - o.Calls) * o.Seconds / o.Calls
			if *o.Left > 2*want+2 || *o.Left < want/2-2 {
				t.Errorf("%v s left, expected about %v: %s", *o.Left, want, line)
			}
		}
	}
}
