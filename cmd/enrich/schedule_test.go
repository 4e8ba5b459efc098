package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"enrich/client/fakeapi"
)

const schedule = "../../samples/schedule/"

// TestTheCrontabLineWorks in what cron gives a job: HOME, a short PATH, no terminal.
func TestTheCrontabLineWorks(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	s := newStage(t, fakeapi.Options{Match: 1})
	for _, dir := range []string{"leads", ".config/enrich"} {
		if err := os.MkdirAll(s.path(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.list("leads/leads.csv", 5, "")
	s.write(".config/enrich/key", "key-of-a-process-7\n")
	for range 2 {
		c := s.cron(sh)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if c.ends(0); c.said.Len() > 0 {
			t.Errorf("cron would mail: %s", &c.said)
		}
	}
	if sum := s.summary("leads/leads.summary.json"); sum.Rows.Matched != 5 || s.api.Stats().Calls != 5 {
		t.Errorf("%+v after %d calls", sum.Rows, s.api.Stats().Calls)
	}
	if err := os.Remove(s.path("leads/leads.csv")); err != nil {
		t.Fatal(err)
	}
	c := s.cron(sh)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if c.ends(0); !strings.Contains(c.said.String(), "enrich ended with 2") {
		t.Errorf("cron would mail: %s", &c.said)
	}
}

// cron is the command of the crontab's line.
func (s *stage) cron(sh string) *child {
	s.t.Helper()
	text, err := os.ReadFile(schedule + "enrich.crontab")
	if err != nil {
		s.t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^0 6 \* \* \* (.*)$`).FindSubmatch(text)
	if line == nil || strings.Contains(string(line[1]), "%") {
		s.t.Fatalf("no line, or one with a %%, which cron takes for a line break: %s", text)
	}
	enrich, err := exec.LookPath("enrich")
	if err != nil {
		s.t.Fatal(err)
	}
	c := s.command()
	c.Path, c.Args = sh, []string{"sh", "-c", string(line[1])}
	c.Env = []string{"HOME=" + s.dir, "SHELL=/bin/sh", "LOGNAME=x", "PATH=" + filepath.Dir(enrich) + ":/usr/bin:/bin", "ENRICH_URL=" + s.api.URL, statusFile + "=" + s.path("status")}
	return c
}

// TestTheServiceIsRight: its command has flags that are there, and systemd's own check has nothing to say where it is installed.
func TestTheServiceIsRight(t *testing.T) {
	text, err := os.ReadFile(schedule + "enrich.service")
	if err != nil {
		t.Fatal(err)
	}
	start := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/enrich run ((?:.*\\\n)*.*)$`).FindSubmatch(text)
	if start == nil {
		t.Fatal("there is no command")
	}
	args := strings.Fields(strings.ReplaceAll(string(start[1]), "\\\n", " "))
	cmd := runCommand(world{})
	if err := cmd.ParseFlags(args); err != nil {
		t.Errorf("%q: %v", args, err)
	}
	if err := oneFile(cmd, cmd.Flags().Args()); err != nil {
		t.Error(err)
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze to verify the units with")
	}
	enrich, err := exec.LookPath("enrich")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	timer, err := os.ReadFile(schedule + "enrich.timer")
	if err != nil {
		t.Fatal(err)
	}
	here := strings.ReplaceAll(string(text), "/usr/local/bin/enrich", enrich)
	for name, text := range map[string]string{"enrich.service": here, "enrich.timer": string(timer)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(analyze, "verify", "--man=no", "--recursive-errors=no", filepath.Join(dir, "enrich.service"), filepath.Join(dir, "enrich.timer")).CombinedOutput()
	if err != nil || strings.Contains(string(out), "enrich.") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}
