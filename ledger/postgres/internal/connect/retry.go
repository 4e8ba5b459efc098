package connect

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrClosed is the error of a slot that was closed.
var ErrClosed = errors.New("the connection to the database is closed")

// IsTransient reports whether a retry may help after an error: the connection broke or cannot be made, the server is starting or
// stopping, is not the primary now, lacks memory, disk or connections, or ended the transaction because of another one.
func IsTransient(err error) bool {
	if err == nil || errors.Is(err, ErrClosed) || errors.Is(err, context.Canceled) {
		return false
	}
	if errors.As(err, new(notPrimary)) {
		return true
	}
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return transientCode(server.Code)
	}
	if IsNotTrusted(err) {
		return false
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, context.DeadlineExceeded) || pgconn.SafeToRetry(err)
}

// MarkNotPrimary marks an error as transient: the server is not the primary now, but another one was, at the same address. It may be
// promoted soon, or the address may be moved.
func MarkNotPrimary(err error) error { return notPrimary{err} }

type notPrimary struct{ error }

func (e notPrimary) Unwrap() error { return e.error }

// IsNotTrusted reports whether the server's certificate is not accepted. If another host of the URL could not be reached, that may be the
// right one.
func IsNotTrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	var network *net.OpError
	return errors.As(err, &certificate) && !errors.As(err, &network)
}

// IsRolledBack reports whether the server has ended a transaction because of another one: a deadlock, or a serialization failure.
// Nothing of it was done.
func IsRolledBack(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && isRolledBack(server.Code)
}

func isRolledBack(code string) bool { return code == "40001" || code == "40P01" }

// transientCode reports whether a retry may help after an error with an SQLSTATE.
func transientCode(code string) bool {
	switch code {
	case "25006", // read only: the server is a standby now
		"57P01", "57P02", "57P03", "57P05", // shutdown, crash, starting up, idle session
		"25P03": // the client was stopped in the middle of a transaction
		return true
	}
	switch code[:min(2, len(code))] {
	case "08", "53", "58": // connection; memory, disk or connections are short; input or output failed
		return true
	}
	return isRolledBack(code)
}

// A Policy bounds how long to retry.
type Policy struct {
	// MaxElapsed is how long to retry since the first failure; 0 does not retry.
	MaxElapsed time.Duration
	// Waiting is called with the error when a wait begins, and how long it is at most, and with nil when it is over. It may be nil.
	Waiting func(err error, most time.Duration)
}

// The waits between two attempts.
const (
	firstWait   = 50 * time.Millisecond
	longestWait = 2 * time.Second
)

// Retry calls do until it succeeds, or fails with an error that does not pass, or MaxElapsed is over since its first failure.
func Retry(ctx context.Context, p Policy, do func(context.Context) error) error {
	err := do(ctx)
	if !IsTransient(err) || p.MaxElapsed == 0 {
		return err
	}
	if p.Waiting != nil {
		p.Waiting(err, p.MaxElapsed)
		defer p.Waiting(nil, 0)
	}
	waits := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstWait), backoff.WithMaxInterval(longestWait), backoff.WithMaxElapsedTime(p.MaxElapsed),
	)
	for {
		wait := waits.NextBackOff()
		if wait == backoff.Stop {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		}
		if err = do(ctx); !IsTransient(err) {
			return err
		}
	}
}
