package postgres_test

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"enrich/contact"
	"enrich/internal/localpg"
	"enrich/internal/localpg/pgbouncer"
	"enrich/internal/localpg/pgtest"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

// refused opens a ledger that must be refused, for writing, for reading and by Init.
func refused(t *testing.T, what string, o postgres.Options, expected error) {
	t.Helper()
	for _, readOnly := range []bool{false, true} {
		o.ReadOnly = readOnly
		if l, err := postgres.Open(t.Context(), o); !errors.Is(err, expected) || !errors.Is(err, ledger.ErrRefused) {
			t.Errorf("%s: open (read only: %t): %v", what, readOnly, err)
			if err == nil {
				l.Drop()
			}
		}
	}
	if _, _, err := postgres.Init(t.Context(), o); !errors.Is(err, expected) || !errors.Is(err, ledger.ErrRefused) {
		t.Errorf("%s: init: %v", what, err)
	}
}

func TestAServerThatMayLoseCommitsIsRefused(t *testing.T) {
	for setting, value := range map[string]string{"fsync": "off", "full_page_writes": "off"} {
		server := pgtest.Start(t, localpg.Options{Settings: map[string]string{setting: value}})
		url, err := server.CreateDatabase(t.Context(), "ledger")
		check(t, err)
		refused(t, setting, postgres.Options{URL: url}, postgres.ErrNoSync)
	}
	url := newLedger(t)
	query(t, url, "ALTER TABLE enrich.raw SET UNLOGGED")
	if _, err := postgres.Open(t.Context(), postgres.Options{URL: url}); !errors.Is(err, postgres.ErrNoSync) || !strings.Contains(err.Error(), "ALTER TABLE enrich.raw SET LOGGED") {
		t.Errorf("an unlogged table: %v", err)
	}
}

// In a database with another encoding, a commit with a name in another alphabet would fail: after it was paid for.
func TestADatabaseThatCannotStoreEveryAnswerIsRefused(t *testing.T) {
	server := pgtest.Start(t, localpg.Options{})
	for _, encoding := range []string{"LATIN1", "SQL_ASCII", "EUC_JP"} {
		check(t, server.Exec(t.Context(), "CREATE DATABASE d_"+encoding+" ENCODING '"+encoding+"' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"))
		refused(t, encoding, postgres.Options{URL: server.URL("d_" + strings.ToLower(encoding))}, postgres.ErrEncoding)
	}
}

// Who set it may have had a reason: it is not overridden, and who only reads needs no more.
func TestReadOnlyTransactionsAreRefused(t *testing.T) {
	url := newLedger(t)
	query(t, url, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$")
	o := postgres.Options{URL: url}
	start := time.Now()
	_, err := postgres.Open(t.Context(), o)
	_, _, initErr := postgres.Init(t.Context(), o)
	for _, err := range []error{err, initErr} {
		if !errors.Is(err, postgres.ErrReadOnly) || !errors.Is(err, ledger.ErrRefused) {
			t.Errorf("refused with %v", err)
		}
	}
	if since := time.Since(start); since > time.Minute {
		t.Errorf("it waited %s for what does not pass", since)
	}
	open(t, postgres.Options{URL: url, ReadOnly: true})
}

// Init works with each setting that a role or a database may have.
func TestInitWithStringsOfOldVersions(t *testing.T) {
	url := shared.Database(t)
	query(t, url, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET standard_conforming_strings = off', current_database()); END $$")
	if _, _, err := postgres.Init(t.Context(), postgres.Options{URL: url}); err != nil {
		t.Error(err)
	}
}

// What a role or a database sets is not what a commit gets: it waits for the disk, and no limit of time ends it.
func TestTheSessionsSettingsWin(t *testing.T) {
	url := newLedger(t)
	for _, setting := range []string{"synchronous_commit = off", "search_path = 'nowhere'", "default_transaction_isolation = 'serializable'", "standard_conforming_strings = off", "lock_timeout = '1ms'", "statement_timeout = '1ms'"} {
		query(t, url, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET "+strings.ReplaceAll(setting, "'", "''")+"', current_database()); END $$")
	}
	l := open(t, postgres.Options{URL: url})
	run := ledgertest.Begin(t, l)
	// The commit waits for a transaction that has locked the run's row.
	var wg sync.WaitGroup
	defer wg.Wait()
	beside := url + "&statement_timeout=0"
	wg.Go(func() {
		query(t, beside, "DO $$ BEGIN PERFORM FROM enrich.run FOR UPDATE; PERFORM pg_sleep(0.2); END $$")
	})
	for len(query(t, beside, "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")) == 0 {
	}
	ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(1)}, ledgertest.Outcome(1, contact.Matched))
	check(t, l.Finish(t.Context(), run, "", 0))
	ledgertest.Valid(t, l)
	if answers := l.Answers(); answers != 1 {
		t.Errorf("%d answers", answers)
	}
}

func TestStandbys(t *testing.T) {
	server := pgtest.Start(t, localpg.Options{})
	url, err := server.CreateDatabase(t.Context(), "ledger")
	check(t, err)
	_, _, err = postgres.Init(t.Context(), postgres.Options{URL: url, RequireSync: true})
	check(t, err) // there is no standby
	standby := pgtest.Standby(t, server, false)
	refused(t, "a standby", postgres.Options{URL: standby.URL("ledger")}, postgres.ErrStandby)
	var warnings []string
	warn := func(text string) { warnings = append(warnings, text) }
	l := open(t, postgres.Options{URL: url, Warn: warn})
	check(t, l.Close())
	if len(warnings) != 1 || !strings.Contains(warnings[0], "synchronous_standby_names") {
		t.Errorf("warnings: %q", warnings)
	}
	refused(t, "no synchronous standby", postgres.Options{URL: url, RequireSync: true}, postgres.ErrNoReplica)
	check(t, server.Set(t.Context(), "synchronous_standby_names", "*"))
	warnings = nil
	l = open(t, postgres.Options{URL: url, Warn: warn, RequireSync: true})
	check(t, l.Close())
	if len(warnings) != 0 {
		t.Errorf("with a synchronous standby: %q", warnings)
	}
}

func TestPoolers(t *testing.T) {
	url := newLedger(t)
	server := shared.Server(t)
	refused(t, "transactions", postgres.Options{URL: pgtest.Pooler(t, server, pgbouncer.Options{Mode: pgbouncer.Transaction}).URL(url)}, postgres.ErrPooler)
	l := open(t, postgres.Options{URL: pgtest.Pooler(t, server, pgbouncer.Options{Mode: pgbouncer.Session}).URL(url)})
	run := ledgertest.Begin(t, l)
	ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(1)}, ledgertest.Outcome(1, contact.Matched))
	check(t, l.Close())
}

// What is in the database decides whether it can be used.
func TestTheSchemaIsChecked(t *testing.T) {
	empty := shared.Database(t)
	if _, err := postgres.Open(t.Context(), postgres.Options{URL: empty}); !errors.Is(err, ledger.ErrMissing) {
		t.Errorf("no ledger: %v", err)
	}
	if _, err := postgres.Open(t.Context(), postgres.Options{URL: empty, ReadOnly: true, MustExist: true}); !errors.Is(err, ledger.ErrMissing) {
		t.Errorf("no ledger to read: %v", err)
	}
	for _, test := range []struct {
		change   string
		expected error
	}{
		{"UPDATE enrich.meta SET version = version + 1", ledger.ErrNewer},
		{"UPDATE enrich.meta SET system_identifier = 1", postgres.ErrOtherServer},
		{"DELETE FROM enrich.meta", ledger.ErrDamaged},
		{"DROP TABLE enrich.contact CASCADE", ledger.ErrDamaged},
	} {
		url := newLedger(t)
		l := open(t, postgres.Options{URL: url})
		run := ledgertest.Begin(t, l)
		ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(1)}, ledgertest.Outcome(1, contact.Matched))
		check(t, l.Close())
		query(t, url, test.change)
		if l, err := postgres.Open(t.Context(), postgres.Options{URL: url}); !errors.Is(err, test.expected) {
			t.Errorf("%s: %v", test.change, err)
			if err == nil {
				l.Drop()
			}
		}
	}
}

// A dump that was restored in another cluster is used only after somebody has said so: it may lack answers.
func TestInitAcceptsAnotherCluster(t *testing.T) {
	url := newLedger(t)
	query(t, url, "UPDATE enrich.meta SET system_identifier = 1")
	before, now, err := postgres.Init(t.Context(), postgres.Options{URL: url})
	if err != nil || before != now || now < 1 {
		t.Fatal(before, now, err)
	}
	check(t, open(t, postgres.Options{URL: url}).Close())
}

// What does not pass is said at once, with the server's words and what to do, and without the password.
func TestALoginThatIsNotPermitted(t *testing.T) {
	server := pgtest.Start(t, localpg.Options{Password: "secret"})
	for _, sql := range []string{"CREATE ROLE idle NOLOGIN PASSWORD 'secret'", "CREATE ROLE outside LOGIN PASSWORD 'secret'", "CREATE DATABASE closed", "REVOKE CONNECT ON DATABASE closed FROM PUBLIC"} {
		check(t, server.Exec(t.Context(), sql))
	}
	own := strings.Replace(server.URL("postgres"), ":secret@", "@", 1)
	start := time.Now()
	for what, test := range map[string]struct {
		password, from, to string
		expected           error
		says               string
	}{
		"a wrong password":           {"wrong", "", "", ledger.ErrDenied, "PGPASSFILE"},
		"no such user":               {"secret", "postgres@", "nobody@", ledger.ErrDenied, "PGPASSFILE"},
		"a role that cannot log in":  {"secret", "postgres@", "idle@", ledger.ErrDenied, "not permitted to log in"},
		"no right to connect":        {"secret", "postgres@", "outside@", ledger.ErrDenied, "for the right to connect"},
		"no such database":           {"secret", "/postgres?", "/nowhere?", ledger.ErrMissing, "create it"},
		"no such database, with TLS": {"secret", "/postgres?sslmode=disable", "/nowhere", ledger.ErrMissing, "create it"}, // it tries TLS first, in vain
	} {
		t.Setenv("PGPASSWORD", test.password)
		url := strings.Replace(own, test.from, test.to, 1)
		if what == "no right to connect" {
			url = strings.Replace(url, "/postgres?", "/closed?", 1)
		}
		_, openErr := postgres.Open(t.Context(), postgres.Options{URL: url})
		_, _, initErr := postgres.Init(t.Context(), postgres.Options{URL: url})
		for _, err := range []error{openErr, initErr} {
			if !errors.Is(err, test.expected) || errors.Is(err, ledger.ErrUnreachable) || errors.Is(err, ledger.ErrRefused) {
				t.Errorf("%s: %v", what, err)
			} else if text := err.Error(); !strings.Contains(text, test.says) || strings.Contains(text, "secret") || strings.Contains(text, "TLS") {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	if since := time.Since(start); since > time.Minute {
		t.Errorf("it waited %s for what does not pass", since)
	}
}

// A certificate that is not accepted does not pass either. But if a host of the URL is away, it may be the one with the right certificate.
func TestACertificateThatIsNotAccepted(t *testing.T) {
	server, other := pgtest.Start(t, localpg.Options{TLS: true}), pgtest.Start(t, localpg.Options{TLS: true})
	foreign := strings.Replace(server.TLSURL("postgres"), url.QueryEscape(server.AuthorityFile()), url.QueryEscape(other.AuthorityFile()), 1)
	start := time.Now()
	_, err := postgres.Open(t.Context(), postgres.Options{URL: foreign, MaxElapsed: time.Minute})
	if !errors.Is(err, ledger.ErrRefused) || errors.Is(err, ledger.ErrUnreachable) || !strings.Contains(err.Error(), "sslrootcert") {
		t.Error(err)
	}
	if since := time.Since(start); since > 30*time.Second {
		t.Errorf("it waited %s for what does not pass", since)
	}
	away := strings.Replace(foreign, server.Addr(), "127.0.0.1:1,"+server.Addr(), 1)
	if _, err := postgres.Open(t.Context(), postgres.Options{URL: away, MaxElapsed: time.Second}); !errors.Is(err, ledger.ErrUnreachable) || errors.Is(err, ledger.ErrRefused) {
		t.Error(err)
	}
}

// A right can be lost during a run, too: then the last answers are in a file, and the exit code does not say that nothing was sent.
func TestARightThatIsLostDuringARun(t *testing.T) {
	url := newLedger(t)
	query(t, url, "DO $$ BEGIN CREATE ROLE user_lost LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
	query(t, url, "GRANT enrich_run TO user_lost")
	l := open(t, postgres.Options{URL: strings.Replace(url, "postgres@", "user_lost@", 1), Uncommitted: t.TempDir()})
	run := ledgertest.Begin(t, l)
	ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(1)})
	query(t, url, "REVOKE enrich_run FROM user_lost")
	_, err := l.Commit(t.Context(), run, nil, []contact.Outcome{ledgertest.Outcome(1, contact.Matched)})
	if !errors.Is(err, ledger.ErrFailed) || !errors.Is(err, ledger.ErrDenied) || errors.Is(err, ledger.ErrRefused) {
		t.Errorf("%v", err)
	}
	if err != nil && !strings.Contains(err.Error(), "enrich_erase to forget and prune; the last answers are in ") {
		t.Errorf("%v", err)
	}
}

// The roles that Init creates are enough for what they are for, and no more.
func TestRoles(t *testing.T) {
	url := newLedger(t)
	as := func(role string) postgres.Options {
		name := "user_" + strings.TrimPrefix(role, "enrich_")
		query(t, url, "DO $$ BEGIN CREATE ROLE "+name+" LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
		if role != "" {
			query(t, url, "GRANT "+role+" TO "+name)
		}
		return postgres.Options{URL: strings.Replace(url, "postgres@", name+"@", 1)}
	}
	if _, err := postgres.Open(t.Context(), as("")); !errors.Is(err, ledger.ErrDenied) {
		t.Errorf("a stranger: %v", err)
	}
	l := open(t, as("enrich_run"))
	run := ledgertest.Begin(t, l)
	ledgertest.Commit(t, l, run, []ledger.Intent{ledgertest.Person(1), ledgertest.Person(2)})
	ledgertest.Commit(t, l, run, []ledger.Intent{seen(t, l, 3)}, ledgertest.Outcome(1, contact.Matched), ledgertest.Outcome(2, contact.Lost))
	check(t, l.Close())
	l = open(t, as("enrich_run")) // takes over
	check(t, l.CheckUnchanged(t.Context()))
	ledgertest.Valid(t, l)
	if _, err := l.Forget(t.Context(), ledgertest.Person(1).Contact); !errors.Is(err, ledger.ErrDenied) {
		t.Errorf("the run role forgets: %v", err)
	}
	check(t, l.Close())
	l = open(t, as("enrich_erase"))
	if n, err := l.Forget(t.Context(), ledgertest.Person(1).Contact); err != nil || n.Answers != 1 {
		t.Error(n, err)
	}
	check(t, l.Close())
	l = open(t, as("enrich_erase"))
	if n, err := l.Prune(t.Context(), time.Now()); err != nil || n.Others != 2 {
		t.Error(n, err)
	}
	check(t, l.Close())
}
