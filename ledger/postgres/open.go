package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/schema"
)

// Open opens the ledger in a database. The open claims of runs whose store was closed become lost calls; InterruptedCalls names
// them. Before anything else it checks that the server can keep the promises (see the errors of this package).
//
// [ledger.ErrMissing] means that the database has no ledger: Init creates one. [ledger.ErrNewer] means that a later version of
// enrich changed it. If the database is away, Open waits for at most MaxElapsed, or 15 seconds.
func Open(ctx context.Context, o Options) (*Ledger, error) {
	config, err := connect.Parse(o.URL)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", explain(err))
	}
	l := &Ledger{options: o, config: config, policy: o.policy()}
	l.writer = connect.NewSlot(l.dial)
	l.reader = connect.NewSlot(l.dial)
	if err := l.open(ctx); err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", l.Name(), errors.Join(explain(err), l.Close()))
	}
	return l, nil
}

// Name returns what messages call the ledger: its database and host, without the user.
func (l *Ledger) Name() string { return fmt.Sprintf("%s on %s", l.database(), l.config.Host) }

// database returns the name of the database, which is the user's if the URL has none: so does the server.
func (l *Ledger) database() string { return cmp.Or(l.config.Database, l.config.User) }

// startWait bounds how long Open waits for a database that is away: it may be restarting, or the URL may be wrong.
const startWait = 15 * time.Second

func (l *Ledger) atStart() connect.Policy {
	p := l.policy
	p.MaxElapsed = min(p.MaxElapsed, startWait)
	return p
}

func (l *Ledger) open(ctx context.Context) error {
	if err := l.checkServer(ctx); err != nil {
		return err
	}
	var left []deadRun
	err := connect.Retry(ctx, l.atStart(), func(ctx context.Context) (err error) {
		left, err = l.load(ctx)
		return err
	})
	if err != nil || l.options.ReadOnly {
		return err
	}
	return l.takeOverLeft(ctx, left)
}

// load reads what Open needs to know, and finds the runs that have ended without an end of their claims. It may be called again after
// the connection broke: a store that is read only then sees another moment.
func (l *Ledger) load(ctx context.Context) (left []deadRun, err error) {
	if l.options.ReadOnly {
		l.reader.Drop()
		l.reader = connect.NewSnapshot(l.dialSnapshot)
	}
	err = l.reader.Use(ctx, func(c *connect.Conn) error {
		err := l.loadMeta(ctx, c)
		if err != nil || l.version == 0 {
			return err
		}
		if left, err = l.deadRuns(ctx, c); err != nil || !l.options.ReadOnly {
			return err
		}
		return l.findUnrecorded(ctx, c, left)
	})
	return left, err
}

// checkServer checks that the server can keep the promises, before anything is read from the ledger.
func (l *Ledger) checkServer(ctx context.Context) error {
	other := connect.NewSlot(l.dial) // two sessions that are not in a transaction
	err := connect.Retry(ctx, l.atStart(), func(ctx context.Context) error {
		return other.Use(ctx, func(a *connect.Conn) error {
			return l.writer.Use(ctx, func(b *connect.Conn) error { return connect.CheckSession(ctx, a, b) })
		})
	})
	_ = other.Close(ctx) // it only looked; the connection may be broken by now
	if err != nil {
		return err
	}
	return l.checkReplicas()
}

// dial connects and checks the server, which may be another one than before.
func (l *Ledger) dial(ctx context.Context) (*connect.Conn, error) {
	c, err := connect.Dial(ctx, l.config)
	if err != nil {
		return nil, err
	}
	server, err := c.Inspect(ctx)
	l.serverMu.Lock()
	defer l.serverMu.Unlock()
	if err == nil {
		err = server.Check()
	}
	if err == nil && !l.options.ReadOnly {
		err = server.CheckWritable()
	}
	if l.server.Identifier != 0 && (errors.Is(err, ErrStandby) || errors.Is(err, ErrReadOnly)) { // in the middle of a failover
		err = connect.MarkNotPrimary(err)
	}
	if err == nil && l.server.Identifier != 0 && l.server.Identifier != server.Identifier {
		err = ErrOtherServer
	}
	if err != nil {
		return nil, errors.Join(err, c.Close(ctx))
	}
	if l.server.Identifier == 0 { // the first connection, before any other goroutine makes one
		l.server = server
	}
	return c, nil
}

// lockTables begins a transaction that sees one moment. An erasure rewrites the tables, and a transaction of an earlier moment finds
// them empty afterwards. So the locks must come first: LOCK TABLE does not choose the moment, as a query or a DO block does.
const lockTables = "LOCK TABLE enrich.outcome, enrich.intent, enrich.contact, enrich.raw, enrich.job IN ACCESS SHARE MODE; "

// dialSnapshot begins the transaction that sees one moment.
func (l *Ledger) dialSnapshot(ctx context.Context) (*connect.Conn, error) {
	c, err := l.dial(ctx)
	if err != nil {
		return nil, err
	}
	var exists bool
	if err := c.QueryRow(ctx, "SELECT to_regclass('enrich.meta') IS NOT NULL").Scan(&exists); err != nil {
		return nil, errors.Join(err, c.Close(ctx))
	}
	begin := "SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
	if exists {
		begin += lockTables
	}
	err = l.warnIfLocked(func() error {
		_, err := c.PgConn().Exec(ctx, begin).ReadAll()
		return err
	})
	if err != nil {
		return nil, errors.Join(err, c.Close(ctx))
	}
	return c, nil
}

// checkReplicas warns if no standby has each commit.
func (l *Ledger) checkReplicas() error {
	if !l.server.Unreplicated() {
		return nil
	}
	if l.options.RequireSync {
		return ErrNoReplica
	}
	l.options.warn("the database has standbys, and none of them is synchronous: if the primary is lost, its last commits are lost too, and the run " +
		"stops when it detects that; set synchronous_standby_names on the server")
	return nil
}

// loadMeta reads which version the schema has, and checks that this is the cluster in which it was created.
func (l *Ledger) loadMeta(ctx context.Context, c *connect.Conn) error {
	var exists bool
	var identifier int64
	var removed *time.Time
	err := c.QueryRow(ctx, "SELECT to_regclass('enrich.meta') IS NOT NULL").Scan(&exists)
	if err == nil && exists {
		err = c.QueryRow(ctx, "SELECT version, system_identifier, removed FROM enrich.meta").Scan(&l.version, &identifier, &removed)
	}
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("%w: table enrich.meta is empty", ledger.ErrDamaged)
	case err != nil:
		return err
	case l.version == 0 && l.options.ReadOnly && !l.options.MustExist:
		return nil
	case l.version == 0:
		return advised{fmt.Errorf("%w in database %s", ledger.ErrMissing, l.database()), adviceInit}
	case l.version > schema.Version():
		return ledger.ErrNewer
	case l.version < schema.Version():
		return fmt.Errorf("the ledger has version %d, and this program needs %d: bring it up to date with `enrich ledger init`", l.version, schema.Version())
	case identifier != l.server.Identifier:
		return fmt.Errorf("%w: its copy may lack answers that were paid for; to accept it, run `enrich ledger init`", ErrOtherServer)
	}
	if removed != nil {
		l.removed = removed.UTC().Truncate(time.Millisecond)
	}
	return checkLogged(ctx, c)
}

// checkLogged refuses tables that are emptied after a crash.
func checkLogged(ctx context.Context, c *connect.Conn) error {
	var table *string
	const query = "SELECT min(relname) FROM pg_class WHERE relnamespace = 'enrich'::regnamespace AND relkind IN ('r', 'S') AND relpersistence <> 'p'"
	err := c.QueryRow(ctx, query).Scan(&table)
	if err == nil && table != nil {
		err = fmt.Errorf("%w: table %s is unlogged: run ALTER TABLE enrich.%s SET LOGGED", ErrNoSync, *table, *table)
	}
	return err
}
