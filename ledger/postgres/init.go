package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/schema"
)

// initLock is the advisory lock of migrations: "enrich" as a number.
const initLock = 0x656e72696368

// roles are created with the ledger and have no login: they are granted to people's roles. The run role does everything but remove
// records; the erase role also forgets and prunes.
const roles = `DO $$ BEGIN
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'enrich_run') THEN CREATE ROLE enrich_run NOLOGIN; END IF;
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'enrich_erase') THEN CREATE ROLE enrich_erase NOLOGIN; END IF;
	EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another database of the cluster has a ledger
	END $$;
	REVOKE ALL ON SCHEMA enrich FROM PUBLIC;
	GRANT USAGE ON SCHEMA enrich TO enrich_run, enrich_erase;
	GRANT SELECT ON ALL TABLES IN SCHEMA enrich TO enrich_run, enrich_erase;
	GRANT USAGE ON ALL SEQUENCES IN SCHEMA enrich TO enrich_run, enrich_erase;
	GRANT INSERT ON enrich.api, enrich.account, enrich.spending, enrich.work, enrich.run, enrich.contact, enrich.intent, enrich.outcome,
		enrich.job, enrich.raw TO enrich_run, enrich_erase;
	GRANT UPDATE ON enrich.api, enrich.account, enrich.spending, enrich.work, enrich.run, enrich.contact, enrich.job TO enrich_run, enrich_erase;
	GRANT INSERT, UPDATE, DELETE ON enrich.contact, enrich.intent, enrich.outcome, enrich.job, enrich.raw, enrich.erased TO enrich_erase;
	GRANT UPDATE ON enrich.meta TO enrich_erase;
	GRANT EXECUTE ON FUNCTION enrich.rewrite() TO enrich_erase`

// Init creates the ledger in a database, or brings it up to date, and creates the roles enrich_run and enrich_erase. It returns the
// version before (0: there was none) and now. The user must own the schema, and be allowed to create roles if they do not exist.
//
// It checks the server like Open. If the ledger was created in another cluster (a restored dump), Init accepts this one.
func Init(ctx context.Context, o Options) (before, now int, err error) {
	config, err := connect.Parse(o.URL)
	if err != nil {
		return 0, 0, fmt.Errorf("create the ledger: %w", explain(err))
	}
	l := &Ledger{options: o, config: config, policy: o.policy()}
	l.writer, l.reader = connect.NewSlot(l.dial), connect.NewSlot(l.dial)
	err = l.init(ctx, &before)
	err = errors.Join(err, l.Close())
	if err != nil {
		return before, before, fmt.Errorf("create the ledger in %s: %w", l.Name(), explainTo(err, adviceOwner))
	}
	return before, schema.Version(), nil
}

func (l *Ledger) init(ctx context.Context, before *int) error {
	if err := l.checkServer(ctx); err != nil {
		return err
	}
	return l.transact(ctx, l.atStart(), func(ctx context.Context, _ *connect.Conn, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(initLock)); err != nil {
			return err
		}
		return l.migrate(ctx, tx, before)
	})
}

// migrate brings the schema to the newest version, in one transaction.
func (l *Ledger) migrate(ctx context.Context, tx pgx.Tx, before *int) error {
	var exists bool
	if err := tx.QueryRow(ctx, "SELECT to_regclass('enrich.meta') IS NOT NULL").Scan(&exists); err != nil {
		return err
	}
	if exists {
		if err := tx.QueryRow(ctx, "SELECT version FROM enrich.meta").Scan(before); err != nil {
			return err
		}
	} else if _, err := tx.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS enrich"); err != nil {
		return err
	}
	steps := schema.Steps()
	if *before > len(steps) {
		return ledger.ErrNewer
	}
	for version := *before; version < len(steps); version++ {
		if _, err := tx.Conn().PgConn().Exec(ctx, steps[version]).ReadAll(); err != nil {
			return fmt.Errorf("migrate to version %d: %w", version+1, err)
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO enrich.meta (version, system_identifier) VALUES ($1, $2)
		ON CONFLICT (one) DO UPDATE SET version = excluded.version, system_identifier = excluded.system_identifier`, len(steps), l.server.Identifier)
	if err != nil {
		return err
	}
	_, err = tx.Conn().PgConn().Exec(ctx, roles).ReadAll()
	return err
}
