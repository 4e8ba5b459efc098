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
	noDatabase      = "3D000"
	noLogin         = "28000" // no such role, no right to log in, or nothing in pg_hba.conf
	wrongPassword   = "28P01"
)

// What to do about a right that is missing.
const (
	adviceRoles       = "ask the owner of the ledger for the role enrich_run, or enrich_erase to forget and prune"
	adviceOwner       = "connect as the owner of the database, who must be allowed to create roles"
	adviceImport      = "connect as the owner of the ledger"
	adviceConnect     = "ask the owner of the database for the right to connect"
	adviceLogin       = "check the user in the URL, the password in PGPASSFILE, PGSERVICE or PGPASSWORD, and pg_hba.conf on the server"
	adviceNoBase      = "check its name in the URL, or create it, and the ledger in it with `enrich ledger init`"
	adviceCertificate = "name the file of its authority with sslrootcert in the URL, and the host as the certificate does"
	adviceInit        = "create it with `enrich ledger init`"
)

// An advised error says what to do. Its text ends with that.
type advised struct {
	error
	advice string
}

func (e advised) Error() string  { return e.error.Error() + ": " + e.advice }
func (e advised) Advice() string { return e.advice }
func (e advised) Unwrap() error  { return e.error }

// refusals are the errors of a server, or a URL, with which no promise could be kept.
var refusals = [...]error{ErrPassword, ErrPlain, ErrStandby, ErrNoSync, ErrVersion, ErrOther, ErrEncoding, ErrReadOnly, ErrPooler, ErrNoReplica, ErrOtherServer}

// isRefused reports whether an error says that the server, or the URL, was refused: no promise could be kept.
func isRefused(err error) bool {
	return slices.ContainsFunc(refusals[:], func(r error) bool { return errors.Is(err, r) })
}

// explain says of which kind an error of the server is, and what to do.
func explain(err error) error { return explainTo(err, adviceRoles) }

// explainTo is explain, with what to do if the user lacks a right.
func explainTo(err error, adviceRight string) error {
	var connecting *pgconn.ConnectError
	switch {
	case err == nil, errors.Is(err, ledger.ErrUnreachable), errors.Is(err, ledger.ErrRefused), errors.Is(err, ledger.ErrDenied), errors.Is(err, ledger.ErrMissing):
		return err
	case isRefused(err):
		return fmt.Errorf("%w: %w", ledger.ErrRefused, err)
	case code(err) == undefinedTable, code(err) == noSchema:
		return fmt.Errorf("%w: %w", ledger.ErrDamaged, err)
	case code(err) == noLogin, code(err) == wrongPassword:
		return advised{fmt.Errorf("%w: %w", ledger.ErrDenied, err), adviceLogin}
	case code(err) == noDatabase:
		return advised{fmt.Errorf("%w: %w", ledger.ErrMissing, err), adviceNoBase}
	case code(err) == noPrivilege:
		if errors.As(err, &connecting) {
			adviceRight = adviceConnect
		}
		return advised{fmt.Errorf("%w: %w", ledger.ErrDenied, err), adviceRight}
	case connect.IsNotTrusted(err):
		return advised{fmt.Errorf("%w: %w", ledger.ErrRefused, err), adviceCertificate}
	case connect.IsTransient(err), errors.As(err, &connecting):
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
	return failure{err}
}

// A failure is the first error of a store that accepts nothing more. It is a [ledger.ErrFailed], too: whatever its cause is, the run had
// begun.
type failure struct{ error }

func (f failure) Unwrap() error        { return f.error }
func (f failure) Is(target error) bool { return target == ledger.ErrFailed }

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
