package postgres_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
	"enrich/ledger/sqlite"
)

// fill records outcomes of all kinds, some with texts that are not simple, in one run.
func fill(t *testing.T, s ledger.Store) {
	t.Helper()
	run := ledgertest.Begin(t, s)
	for n, kind := range []contact.Kind{contact.Matched, contact.NoMatch, contact.Refused, contact.Lost, contact.Released, contact.Matched} {
		o := ledgertest.Outcome(n, kind)
		o.At = o.At.Add(789e6)
		if n == 5 {
			o.Message, o.Body = "naïve \"quotes\"\n", []byte(`{"contact":{"title":"C\u00e9O 🙂","x":[1,2.50,1e3]},"remaining_credits":7}`)
		}
		ledgertest.Commit(t, s, run, []ledger.Intent{ledgertest.Person(n)})
		ledgertest.Commit(t, s, run, nil, o)
	}
	check(t, s.Finish(t.Context(), run, "cap", 5))
	ledgertest.Begin(t, s) // one that has not ended
}

// The views have the same texts as those of a file: queries and the programs that read them work on both.
func TestTheViewsAreThoseOfAFile(t *testing.T) {
	url, path := newLedger(t), filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, postgres.Options{URL: url})
	fill(t, l)
	file, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	check(t, err)
	fill(t, file)
	check(t, file.Close())
	db, err := sqlite3.Open(path)
	check(t, err)
	defer func() { check(t, db.Close()) }()
	for _, q := range []string{
		"SELECT id, run, status, at, email, credit_charged, message, contact, answer FROM %sanswers ORDER BY id",
		"SELECT id, run, status, kind, at, email, http_status, attempts, message, contact FROM %sfailures ORDER BY id",
		"SELECT id, run, at, email, http_status, attempts, message, contact FROM %slost ORDER BY id",
		"SELECT id, started, length(finished), url, input, version, stopped, exit_code, answers FROM %sruns ORDER BY id",
		"SELECT contact ->> 'email', answer -> 'contact' ->> 'title' FROM %sanswers ORDER BY id",
		"SELECT status, count(*) FROM %sfailures GROUP BY status ORDER BY status",
	} {
		if got, expected := postgresRows(t, url, fmt.Sprintf(q, "enrich.")), sqliteRows(t, db, fmt.Sprintf(q, "")); got != expected {
			t.Errorf("%s:\n%s\nexpected:\n%s", q, got, expected)
		}
	}
}

// An answer that is not text of PostgreSQL does not break the views.
func TestUnusualAnswersDoNotBreakTheViews(t *testing.T) {
	url := newLedger(t)
	l := open(t, postgres.Options{URL: url})
	run := ledgertest.Begin(t, l)
	bodies := []string{"{\"contact\":{\"title\":\"\xff\"}}", "{\"contact\":{\"title\":\"\\u0000\"}}", "{\"x\":\"\x00\"}", `{"contact":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, `{}`}
	for n, body := range bodies {
		o := ledgertest.Outcome(n, contact.Matched)
		o.Contact.FirstName, o.Message, o.Body = "A\x00n\xffn", "a\x00b\xffc", []byte(body)
		ledgertest.Commit(t, l, run, []ledger.Intent{{Contact: o.Contact, Keys: o.Keys}}, o)
		ref := ledgertest.State(t, l, o.Keys).Ref
		var out [1]contact.Outcome
		check(t, l.Outcomes(t.Context(), []ledger.Ref{ref}, out[:]))
		if string(out[0].Body) != body {
			t.Errorf("answer %d is read as %.50q", n, out[0].Body)
		}
	}
	if rows := query(t, url, "SELECT id, email, contact, answer, message FROM enrich.answers"); len(rows) != len(bodies) {
		t.Errorf("%d rows", len(rows))
	}
}

// postgresRows returns the rows of a query, each value as the text that psql shows.
func postgresRows(t *testing.T, url, q string) string {
	ctx := t.Context()
	c, err := pgconn.Connect(ctx, url)
	check(t, err)
	defer func() { check(t, c.Close(ctx)) }()
	results, err := c.Exec(ctx, q).ReadAll()
	check(t, err)
	var b strings.Builder
	for _, row := range results[0].Rows {
		for _, value := range row {
			fmt.Fprintf(&b, "%s|", value)
		}
		fmt.Fprintln(&b)
	}
	return b.String()
}

// sqliteRows returns the rows of a query in the same form.
func sqliteRows(t *testing.T, db *sqlite3.Conn, q string) string {
	stmt, _, err := db.Prepare(q)
	check(t, err)
	defer func() { check(t, stmt.Close()) }()
	var b strings.Builder
	for stmt.Step() {
		for i := range stmt.ColumnCount() {
			fmt.Fprintf(&b, "%s|", stmt.ColumnText(i))
		}
		fmt.Fprintln(&b)
	}
	check(t, stmt.Err())
	return b.String()
}
