package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"enrich/client/fakeapi"
	"enrich/internal/localpg"
	"enrich/internal/localpg/pgtest"
)

// databases is one PostgreSQL for the tests of this package.
var databases pgtest.Shared

// sharedStage is a stage whose ledger is a new database.
func sharedStage(t *testing.T, o fakeapi.Options) *stage {
	t.Helper()
	s := newStage(t, o)
	s.database = databases.Database(t)
	s.run(exitOK, "ledger", "init")
	return s
}

// TestALedgerInADatabase is used by every command. A second run costs nothing and writes the same bytes.
func TestALedgerInADatabase(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 0.8})
	s.database = databases.Database(t)
	s.list("l.csv", 300, "")
	s.run(exitUsage, "run", "l.csv").says("enrich ledger init")
	s.run(exitUsage, "plan", "--log-format", "json", "l.csv").says(`"code":"ledger_missing"`, `"advice":"create it with `+"`enrich ledger init`"+`"`)
	s.run(exitOK, "ledger", "init").says("created the ledger", "GRANT enrich_run TO LOGIN;")
	s.run(exitOK, "ledger", "init", "--require-sync").says("is up to date")
	s.run(exitOK, "plan", "l.csv").says("300 calls to make")
	s.calls(0)
	s.run(exitOK, "run", "l.csv")
	s.mkdir("again", "written")
	s.run(exitOK, "run", "--out", "again", "l.csv").says("300 answered before")
	s.run(exitOK, "write", "--out", "written", "l.csv")
	s.same("l.results.csv", "again/l.results.csv", "written/l.results.csv")
	s.calls(300)
	s.run(exitOK, "plan", "l.csv").says("0 calls to make", "300 rows answered before")
	s.run(exitOK, "ledger", "stats").says("300 contacts have an answer", "2 runs")
	if c := s.run(exitOK, "ledger", "export"); strings.Count(c.said.String(), "\n") != 300 {
		t.Errorf("%d lines of outcomes", strings.Count(c.said.String(), "\n"))
	}
	s.run(exitOK, "ledger", "verify").says("OK: 300 outcomes")
	s.run(exitUsage, "ledger", "init", "--ledger", "l.db").says("needs no init")
}

// TestRunsShareOneInput: each contact is sent once, all write the same, and one that only helps writes nothing.
func TestRunsShareOneInput(t *testing.T) {
	t.Parallel()
	s := sharedStage(t, fakeapi.Options{Match: 0.8, Latency: 5 * time.Millisecond})
	s.list("l.csv", 4500, "")
	s.mkdir("a", "b")
	a, b := s.start("run", "--workers", "8", "--out", "a", "l.csv"), s.start("run", "--workers", "4", "--out", "b", "l.csv")
	c := s.start("run", "--workers", "8", "--no-outputs", "--on-finish", "cat > told.json", "l.csv")
	for _, child := range []*child{a, b, c} {
		child.ends(exitOK)
		child.says("4,500 rows", "0 pending")
	}
	s.calls(4500)
	s.same("a/l.results.csv", "b/l.results.csv")
	s.absent("l.results.csv", "l.failures.csv", "l.summary.json")
	var told struct {
		Rows struct{ Read, Matched, NoMatch int64 }
	}
	text, err := os.ReadFile(s.path("told.json"))
	if err == nil {
		err = json.Unmarshal(text, &told)
	}
	if err != nil || told.Rows.Read != 4500 {
		t.Errorf("--on-finish of a run without outputs: %+v, %v", told, err)
	}
	sent := int64(0)
	for _, dir := range []string{"a", "b"} {
		sent += s.summary(dir + "/l.summary.json").Calls.Sent
	}
	if sent >= 4500 {
		t.Errorf("the third run has sent nothing: %d calls of the others", sent)
	}
}

// TestCapsCountOverAllRuns: no number of processes exceeds them.
func TestCapsCountOverAllRuns(t *testing.T) {
	t.Parallel()
	s := sharedStage(t, fakeapi.Options{Match: 1, Latency: 2 * time.Millisecond})
	s.list("l.csv", 5000, "")
	s.mkdir("a", "b")
	a, b := s.start("run", "--max-calls", "1700", "--out", "a", "l.csv"), s.start("run", "--max-calls", "1700", "--out", "b", "l.csv")
	a.ends(exitCapped)
	b.ends(exitCapped)
	s.calls(1700)
	s.same("a/l.results.csv", "b/l.results.csv")
}

// TestABadKeyCostsOneCall over all machines, and stops them all.
func TestABadKeyCostsOneCall(t *testing.T) {
	t.Parallel()
	s := sharedStage(t, fakeapi.Options{Keys: []string{"another"}, Latency: 50 * time.Millisecond})
	s.list("l.csv", 3000, "")
	s.mkdir("a", "b", "c")
	var runs []*child
	for _, dir := range []string{"a", "b", "c"} {
		runs = append(runs, s.start("run", "--out", dir, "l.csv"))
	}
	for _, c := range runs {
		c.ends(exitRefused)
	}
	if calls := s.api.Stats().Calls; calls > int64(len(runs)) {
		t.Errorf("%d calls with a bad key", calls)
	}
}

// TestADatabaseThatGoesAway ends the run with 1 and publishes nothing; what was recorded is there when it is back.
func TestADatabaseThatGoesAway(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, localpg.Options{})
	url, err := server.CreateDatabase(t.Context(), "ledger")
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t, fakeapi.Options{Match: 1, Latency: 20 * time.Millisecond})
	s.database = url
	s.run(exitOK, "ledger", "init")
	s.list("l.csv", 3000, "")
	c := s.start("run", "--workers", "8", "--max-elapsed", "2s", "--log-format", "json", "l.csv")
	s.heard(200)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	c.ends(exitInternal)
	c.says(`"waiting_for":"database"`)
	s.absent("l.results.csv", "l.summary.json")
	s.run(exitInternal, "run", "--max-elapsed", "300ms", "--log-format", "json", "l.csv").says(`"code":"ledger_unreachable"`)
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.run(exitOK, "ledger", "verify")
	s.run(exitCapped, "write", "l.csv").says("3,000 rows") // the answers that were recorded are written; the others are pending
	if sum := s.summary("l.summary.json"); sum.Rows.Matched < 150 {
		t.Errorf("%d answers were recorded", sum.Rows.Matched)
	}
}

// TestThePasswordIsNowhere: a run that needs the database's password shows it to nobody.
func TestThePasswordIsNowhere(t *testing.T) {
	t.Parallel()
	const password = "sesame-open-91"
	server := pgtest.Start(t, localpg.Options{Password: password})
	url, err := server.CreateDatabase(t.Context(), "ledger")
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t, fakeapi.Options{Match: 1})
	s.database = strings.Replace(url, ":"+password+"@", "@", 1)
	if strings.Contains(s.database, password) {
		t.Fatal("the URL has the password")
	}
	s.list("l.csv", 50, "")
	var said bytes.Buffer
	with := func(want int, args ...string) {
		t.Helper()
		c := s.command(args...)
		c.Env = append(c.Env, "PGPASSWORD="+password, "DSN=host=db password="+password, "COPY=x"+password)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		c.ends(want)
		said.Write(c.said.Bytes())
	}
	with(exitOK, "ledger", "init")
	with(exitOK, "run", "--verbose", "--log-format", "json", "--report", "r.html", "--metrics", "m.prom", "--on-finish", "env > environment; enrich config > shown", "l.csv")
	with(exitOK, "config")
	with(exitOK, "ledger", "stats")
	with(exitOK, "ledger", "export")
	with(exitUsage, "ledger", "stats", "--ledger", "postgres://postgres:"+password+"@db/x")
	with(exitUsage, "ledger", "copy", "postgres://postgres:"+password+"@db/x", "y.db")
	s.run(exitUsage, "ledger", "stats", "--log-format", "json").says(`"code":"database_denied"`, `PGPASSFILE`)
	files, err := filepath.Glob(s.path("*"))
	if err != nil || len(files) < 7 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && bytes.Contains(text, []byte(password)) {
			t.Errorf("%s has the password", file)
		}
	}
	if strings.Contains(said.String(), password) {
		t.Errorf("the password was shown:\n%s", &said)
	}
	dump := exec.CommandContext(t.Context(), filepath.Join(pgtest.Install(t), "pg_dump"), s.database)
	dump.Env = append(os.Environ(), "PGPASSWORD="+password)
	if text, err := dump.Output(); err != nil || bytes.Contains(text, []byte(password)) || !bytes.Contains(text, []byte("p49@x.example")) {
		t.Errorf("the ledger has the password, or is not whole: %v", err)
	}
}

// The queries in README.md run in psql as they are there, on the views of a ledger.
func TestTheReadmesQueriesInADatabase(t *testing.T) {
	t.Parallel()
	s := sharedStage(t, fakeapi.Options{Match: 0.8})
	s.list("l.csv", 20, "")
	s.run(exitOK, "run", "l.csv")
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "<!-- psql -->")
	_, rest, _ = strings.Cut(rest, "```sql\n")
	queries, _, found := strings.Cut(rest, "```")
	if !found || strings.Count(queries, ";") < 3 {
		t.Fatalf("the queries for psql are not in README.md: %q", queries)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(pgtest.Install(t), "psql"), "-X", "-v", "ON_ERROR_STOP=1", "-A", "-t", "-f", "-", s.database)
	cmd.Stdin = strings.NewReader(queries)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), fmt.Sprint("|", 20, "|")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestCopiesOfADatabase: a team starts with a file and leaves with one; nothing is paid for again.
func TestCopiesOfADatabase(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 0.8})
	s.list("l.csv", 200, "")
	s.run(exitOK, "run", "l.csv") // the ledger is a file
	url := databases.Database(t)
	s.run(exitUsage, "ledger", "copy", "ledger.db", url).says("enrich ledger init")
	s.run(exitOK, "ledger", "init", "--ledger", url)
	s.run(exitOK, "ledger", "copy", "ledger.db", url).says("copied and compared: 1 run, 200 outcomes, 200 intents")
	s.run(exitUsage, "ledger", "copy", "ledger.db", url).says("the ledger is not empty")
	s.run(exitOK, "ledger", "copy", url, "back.db").says("200 outcomes")
	s.mkdir("database", "back")
	s.run(exitOK, "run", "--ledger", url, "--out", "database", "l.csv").says("200 answered before")
	s.run(exitOK, "run", "--ledger", "back.db", "--out", "back", "l.csv").says("200 answered before")
	s.same("l.results.csv", "database/l.results.csv", "back/l.results.csv")
	s.calls(200)
	s.write("left.jsonl", "{}\n")
	s.run(exitUsage, "ledger", "copy", "left.jsonl", "back.db").says("has answers for a database")
}

// TestTheDocumentedCommands runs the commands of doc/many-machines.md as they are there, but for the name of the database.
func TestTheDocumentedCommands(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../doc/many-machines.md")
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t, fakeapi.Options{Match: 0.8})
	s.database = databases.Database(t)
	if err := databases.Server(t).Exec(t.Context(), "CREATE ROLE ann; CREATE ROLE bo"); err != nil {
		t.Fatal(err)
	}
	s.list("leads.csv", 30, "")
	s.list("before.csv", 10, "")
	if err := os.MkdirAll(s.path(".local/state/enrich"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.run(exitOK, "run", "--ledger", s.path(".local/state/enrich/ledger.db"), "before.csv")
	inDatabase := strings.NewReplacer("postgres://owner@db.example/leads?sslmode=verify-full", s.database, "postgres://ann@db.example/leads?sslmode=verify-full", s.database)
	blocks := 0
	for _, block := range strings.Split(string(text), "```sh\n")[1:] {
		script, _, found := strings.Cut(block, "```")
		if !found {
			t.Fatal("a block does not end")
		}
		blocks++
		cmd := exec.CommandContext(t.Context(), "sh", "-e", "-x", "-c", inDatabase.Replace(script))
		cmd.Dir = s.dir
		cmd.Env = append(s.command().Env, "HOME="+s.dir, "PATH="+pgtest.Install(t)+string(os.PathListSeparator)+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if blocks < 3 {
		t.Errorf("%d blocks of commands", blocks)
	}
	s.calls(30)
	s.run(exitOK, "ledger", "stats").says("30 contacts have an answer")
	s.run(exitOK, "ledger", "stats", "--ledger", "ledger.db").says("10 contacts have an answer")
}

// The only run of a team was killed: its ledger can be copied, forgotten from and pruned without a further run, which might pay.
func TestALedgerWhoseOnlyRunWasKilled(t *testing.T) {
	t.Parallel()
	s := sharedStage(t, fakeapi.Options{Match: 1, Faults: []fakeapi.Fault{{Kinds: []string{"hang"}, After: 5}}})
	s.list("l.csv", 40, "")
	c := s.start("run", "--timeout", "1s", "--workers", "2", "l.csv")
	for s.api.Stats().Calls < 6 {
		time.Sleep(10 * time.Millisecond) // another process has no clock that could be passed in
	}
	c.signal(os.Kill)
	_ = c.Wait() // it was killed
	copied, pruned := s.start("ledger", "copy", s.database, "copy.db"), s.start("ledger", "prune", "--older-than", "24h")
	forgotten := s.start("ledger", "forget", "p0@x.example")
	for _, child := range []*child{copied, pruned, forgotten} {
		child.ends(exitOK)
		child.says("has not said that it has ended: waiting until there was no sign of it for 31s")
	}
	s.run(exitOK, "ledger", "verify", "--ledger", "copy.db").says("OK")
}
