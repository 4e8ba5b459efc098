package postgres

import (
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
)

// Errors of this store; the others are those of package ledger.
var (
	// ErrRewound: commits that were acknowledged are not in the database any more. The server lost them, or a standby was promoted
	// that did not have them.
	ErrRewound = fmt.Errorf("%w: the database has lost commits that it had acknowledged", ledger.ErrFenced)
	// ErrOtherServer: the ledger was created in another database cluster.
	ErrOtherServer = errors.New("this is not the database cluster in which the ledger was created")

	errReadOnly = errors.New("the ledger is open read-only")
	errErased   = errors.New("reopen the ledger: records were erased from it")
	errNoRun    = errors.New("write the ledger: no such run was begun on it")
)

// The errors of a server that is refused when the ledger is opened.
var (
	ErrPassword  = connect.ErrPassword
	ErrPlain     = connect.ErrPlain
	ErrStandby   = connect.ErrStandby
	ErrNoSync    = connect.ErrNoSync
	ErrVersion   = connect.ErrVersion
	ErrOther     = connect.ErrOther
	ErrEncoding  = connect.ErrEncoding
	ErrReadOnly  = connect.ErrReadOnly
	ErrPooler    = connect.ErrPooler
	ErrNoReplica = connect.ErrNoReplica
	ErrSettings  = connect.ErrSettings
)

// code returns the SQLSTATE of an error of the server; "": it is not one.
func code(err error) string {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server.Code
	}
	return ""
}

// SQLSTATEs that have a meaning of their own.
const (
	divisionByZero  = "22012" // a fence without a row
	uniqueViolation = "23505" // a contact that another run has claimed
	undefinedTable  = "42P01"
	noSchema        = "3F000"
	noPrivilege     = "42501"
)

// refusals are the errors of a server, or a URL, with which no promise could be kept.
var refusals = [...]error{ErrPassword, ErrPlain, ErrStandby, ErrNoSync, ErrVersion, ErrOther, ErrEncoding, ErrReadOnly, ErrPooler, ErrNoReplica, ErrOtherServer}

// IsRefused reports whether an error says that the server, or the URL, was refused: no promise could be kept.
func IsRefused(err error) bool {
	return slices.ContainsFunc(refusals[:], func(r error) bool { return errors.Is(err, r) })
}

// explain says of which kind an error of the server is, and what to do.
func explain(err error) error {
	var connecting *pgconn.ConnectError
	switch {
	case err == nil, errors.Is(err, ledger.ErrUnreachable), errors.Is(err, ledger.ErrRefused):
		return err
	case IsRefused(err):
		return fmt.Errorf("%w: %w", ledger.ErrRefused, err)
	case code(err) == undefinedTable, code(err) == noSchema:
		return fmt.Errorf("%w: %w", ledger.ErrDamaged, err)
	case code(err) == noPrivilege:
		return fmt.Errorf("%w: %w: ask the owner of the ledger for the role enrich_run, or enrich_erase to forget and prune", ledger.ErrRefused, err)
	case connect.Transient(err), errors.As(err, &connecting):
		return fmt.Errorf("%w: %w", ledger.ErrUnreachable, err)
	}
	return err
}

// fail records that a write failed, so that nothing more is written, and returns the error. l.mu is held.
func (l *Ledger) fail(err error) error {
	err = fmt.Errorf("write the ledger: %w; earlier answers are kept: when the cause is removed, run the same command again", explain(err))
	if l.failure == nil {
		l.failure = fmt.Errorf("%w: %w", ledger.ErrFailed, err)
	}
	return err
}

// writable returns why nothing can be written, or nil. l.mu is held.
func (l *Ledger) writable() error {
	switch {
	case l.failure != nil:
		return l.failure
	case l.erased:
		return errErased
	case l.options.ReadOnly:
		return errReadOnly
	}
	return nil
}
