package connect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// session are the settings of each connection. The first ones keep promises. The next ones remove limits that a role or a
// database may have, under which a commit would fail. The planner must not choose a plan for a small table that is kept when the
// table has grown: lookups are always by an index.
//
// A transaction between two statements of which the client is stopped or cut off would keep its locks, for which all other runs
// wait. So the server ends it after some seconds, and it is done again. One that only reads, or that nobody may run beside, says
// that it may take longer.
const session = `SET statement_timeout = 0; SET synchronous_commit = on;
	SET default_transaction_isolation = 'read committed'; SET default_transaction_deferrable = off;
	SET lock_timeout = 0; SET idle_in_transaction_session_timeout = '5s'; SET idle_session_timeout = 0;
	SET search_path = pg_catalog; SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;
	SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off;
	SET plan_cache_mode = force_generic_plan;
	SELECT set_config('transaction_timeout', '0', false) WHERE current_setting('server_version_num')::integer >= 170000`

// A Conn is a connection with statements that are prepared when they are first used. It is used by one goroutine at a time.
type Conn struct {
	*pgx.Conn
	prepared map[string]*pgconn.StatementDescription
}

// Dial connects, and makes the session's settings. The time to connect is for each address of each host, and again for the settings.
func Dial(ctx context.Context, config *pgx.ConnConfig) (*Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config.Copy())
	if err != nil {
		return nil, dialError{err}
	}
	c := &Conn{Conn: conn, prepared: map[string]*pgconn.StatementDescription{}}
	bounded, cancel := context.WithTimeout(ctx, config.ConnectTimeout)
	defer cancel()
	_, err = conn.PgConn().Exec(bounded, session).ReadAll()
	for try := 0; try < settingsTries && isTimeout(err); try++ {
		_, err = conn.PgConn().Exec(bounded, session).ReadAll()
	}
	if err != nil {
		c.drop()
		return nil, fmt.Errorf("make the session's settings: %w", err)
	}
	return c, nil
}

// settingsTries bounds how often the settings are made again if the statement_timeout of the role, which they remove, ended them: a
// millisecond can pass on a busy machine.
const settingsTries = 20

// isTimeout reports whether the server ended a statement because it took too long.
func isTimeout(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && server.Code == "57014"
}

// A dialError is why no connection could be made, in one line. The library has a line for each attempt: for each address of a
// host, and with TLS and without. That the server has no TLS is of no interest if it was tried without, too.
type dialError struct{ error }

func (e dialError) Error() string {
	var attempts []string
	first, rest, _ := strings.Cut(e.error.Error(), "\n")
	for line := range strings.Lines(rest) {
		if line = strings.TrimSpace(line); line != "" && !slices.Contains(attempts, line) {
			attempts = append(attempts, line)
		}
	}
	if others := slices.DeleteFunc(slices.Clone(attempts), isWithoutTLS); len(others) > 0 {
		attempts = others
	}
	return strings.TrimSpace(first + " " + strings.Join(attempts, "; "))
}

func isWithoutTLS(attempt string) bool {
	return strings.HasSuffix(attempt, "tls error: server refused TLS connection")
}

func (e dialError) Unwrap() error { return e.error }

// drop closes the connection without waiting for the server.
func (c *Conn) drop() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = c.Close(ctx) // it is not used any more
}

// Prepare returns a statement, which is prepared once for each connection.
func (c *Conn) Prepare(ctx context.Context, sql string) (*pgconn.StatementDescription, error) {
	if s, ok := c.prepared[sql]; ok {
		return s, nil
	}
	s, err := c.PgConn().Prepare(ctx, fmt.Sprintf("enrich_%d", len(c.prepared)+1), sql, nil)
	if err != nil {
		return nil, err
	}
	c.prepared[sql] = s
	return s, nil
}

// binary is the format of all parameters and results of a Batch and of Query.
var binary = []int16{pgx.BinaryFormatCode}

// A Batch is statements that are sent together, in one round trip. Outside of a transaction they are one transaction, which is
// committed at their end.
type Batch struct {
	conn  *Conn
	batch pgconn.Batch
	err   error
}

// NewBatch returns an empty batch.
func (c *Conn) NewBatch() *Batch { return &Batch{conn: c} }

// Add appends a statement with parameters in binary format; nil is null.
func (b *Batch) Add(ctx context.Context, sql string, params ...[]byte) {
	s, err := b.conn.Prepare(ctx, sql)
	if err != nil {
		b.err = errors.Join(b.err, err)
		return
	}
	b.batch.ExecStatement(s, params, binary, binary)
}

// Send sends the batch and calls row with each row of a result, and the number of its statement, from 0. The values are valid
// until row returns. When Send returns nil, the transaction is committed.
func (b *Batch) Send(ctx context.Context, row func(statement int, values [][]byte) error) error {
	if b.err != nil {
		return b.err
	}
	results := b.conn.PgConn().ExecBatch(ctx, &b.batch)
	var all error
	for i := 0; results.NextResult(); i++ {
		r := results.ResultReader()
		for r.NextRow() {
			if all == nil && row != nil {
				all = row(i, r.Values())
			}
		}
		if _, err := r.Close(); err != nil {
			break // results.Close returns it
		}
	}
	return errors.Join(results.Close(), all)
}

// Lookup runs one statement with binary parameters and calls row with each row.
func (c *Conn) Lookup(ctx context.Context, sql string, row func(values [][]byte) error, params ...[]byte) error {
	s, err := c.Prepare(ctx, sql)
	if err != nil {
		return err
	}
	r := c.PgConn().ExecStatement(ctx, s, params, binary, binary)
	var all error
	for r.NextRow() {
		if all == nil {
			all = row(r.Values())
		}
	}
	_, err = r.Close()
	return errors.Join(err, all)
}
