//go:build unix

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"enrich/client/fakeapi"
	"enrich/contact"
)

// appears waits for a file that a command of --on-finish writes, and returns its content.
func (s *stage) appears(name string) string {
	s.t.Helper()
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) { // another process has no clock that could be passed in
		if text, err := os.ReadFile(s.path(name)); err == nil && strings.HasSuffix(string(text), "\n") {
			return strings.TrimSpace(string(text))
		}
		if time.Since(began) > patienceForChild {
			s.t.Fatalf("%s does not appear", name)
		}
	}
}

// TestTheCommandAfterASignal runs within --grace, and is told what the run came to.
func TestTheCommandAfterASignal(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Latency: 100 * time.Millisecond})
	s.list("l.csv", 200, "")
	c := s.start("run", "--workers", "2", "--on-finish", `cat > told.json; echo "$EXIT_STATUS" > code`, "l.csv")
	s.heard(3)
	c.signal(syscall.SIGTERM)
	c.ends(exitSIGTERM)
	sum := s.summary("told.json")
	if code := strings.TrimSpace(s.read("code")); code != "143" || *sum.Stopped != contact.StopInterrupted || sum.ExitCode != exitSIGTERM || sum.Rows.Pending == 0 {
		t.Errorf("EXIT_STATUS %s, %+v", code, sum)
	}
}

// The command is not begun when the grace of a signal has passed, and one that runs is ended then.
func TestTheGraceBoundsTheCommand(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("l.csv", 3, "")
	c := s.start("run", "--grace", "300ms", "--on-finish", `echo $$ > pid; exec sleep 600`, "l.csv")
	s.appears("pid")
	c.signal(syscall.SIGTERM)
	c.ends(exitOK) // the run had ended
	if !strings.Contains(c.said.String(), "--on-finish: the command failed: interrupted by SIGTERM: it was killed") {
		t.Error(c.said.String())
	}
	slow := newStage(t, fakeapi.Options{Latency: time.Minute})
	slow.list("l.csv", 3, "")
	c = slow.start("run", "--grace", "1ms", "--on-finish", `echo > code`, "l.csv")
	slow.heard(1)
	c.signal(syscall.SIGTERM)
	c.ends(exitSIGTERM)
	slow.absent("code")
	if !strings.Contains(c.said.String(), "--on-finish: the command was not run, because --grace is over") {
		t.Error(c.said.String())
	}
}

// TestASecondSignalEndsTheCommandToo: nothing of it is left.
func TestASecondSignalEndsTheCommandToo(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("l.csv", 3, "")
	c := s.start("run", "--on-finish", `trap '' INT; sleep 600 & echo $! > pid; wait`, "l.csv")
	pid := s.appears("pid")
	c.signal(os.Interrupt)
	c.waits() // a copy of a signal comes sooner
	c.signal(os.Interrupt)
	c.ends(exitSIGINT)
	for began := time.Now(); exec.Command("kill", "-0", pid).Run() == nil; time.Sleep(5 * time.Millisecond) {
		if stat, err := os.ReadFile("/proc/" + pid + "/stat"); err == nil && strings.Contains(string(stat), ") Z ") {
			break // it is dead, and only its parent is to be told
		}
		if time.Since(began) > patienceForChild {
			t.Fatalf("process %s is still there", pid)
		}
	}
}

// A ping is a request that a sample sends.
type ping struct{ path, body, contentType string }

// TestTheSamplesTellSlackAndAHealthcheck how a run ended.
func TestTheSamplesTellSlackAndAHealthcheck(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	pings := make(chan ping, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body) // a part of it is reported below
		pings <- ping{r.Method + " " + r.URL.Path, string(text), r.Header.Get("Content-Type")}
	}))
	defer server.Close()
	s := newStage(t, fakeapi.Options{Match: 1})
	s.write("webhook", server.URL+"/services/T/B/secret\n")
	s.write("check", server.URL+"/ping/uuid\n")
	s.list("l.csv", 3, "")
	sample := func(name string, code int, args ...string) ping {
		t.Helper()
		path, err := filepath.Abs(schedule + name)
		if err != nil {
			t.Fatal(err)
		}
		c := s.command(append([]string{"run", "--on-finish", path, "--replace", "l.csv"}, args...)...)
		c.Env = append(c.Env, "SLACK_WEBHOOK_FILE="+s.path("webhook"), "HEALTHCHECK_URL_FILE="+s.path("check"), "NO_PROXY=127.0.0.1")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		c.ends(code)
		if strings.Contains(c.said.String(), "the command failed") || len(pings) != 1 {
			t.Fatalf("%s: %d requests: %s", name, len(pings), &c.said)
		}
		return <-pings
	}
	if got := sample("slack.sh", exitOK); got.path != "POST /services/T/B/secret" || got.contentType != "application/json" ||
		got.body != `{"text": ":white_check_mark: enrich is done: 3 rows, 3 matched, 0 no match, 0 failed, 0 pending"}` {
		t.Errorf("%+v", got)
	}
	if got := sample("slack.sh", exitCapped, "--max-calls", "1", "--ledger", "capped.db"); !strings.Contains(got.body, "reached a cap; the next run continues: 3 rows, 1 matched") {
		t.Errorf("%+v", got)
	}
	if got := sample("healthcheck.sh", exitOK); got.path != "POST /ping/uuid" || !strings.Contains(got.body, `"exit_code": 0`) {
		t.Errorf("%+v", got)
	}
	if got := sample("healthcheck.sh", exitAPIDown, "--url", "http://127.0.0.1:1", "--ledger", "down.db", "--max-elapsed", "50ms"); got.path != "POST /ping/uuid/fail" || !strings.Contains(got.body, `"stopped": "api_down"`) {
		t.Errorf("%+v", got)
	}
}
