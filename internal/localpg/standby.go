package localpg

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"

	"enrich/internal/localpg/pgproxy"
)

// standbyName is the name of a standby at its primary.
const standbyName = "standby"

// A Standby is a copy of a server, which receives every commit over a connection that can be cut. Until it is promoted, it accepts
// only reads. A server has at most one.
type Standby struct {
	*Server
	// Link is the proxy between the standby and its primary, for other faults than CutOff: stall it, and the primary does not notice.
	Link *pgproxy.Proxy

	primary *Server
}

// Standby makes a standby of the server and starts it. It returns when the standby receives commits. If it is synchronous, each commit
// waits until the standby has written it to its disk; a commit does not end while the standby is down or cut off.
func (s *Server) Standby(ctx context.Context, synchronous bool) (*Standby, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	link, err := pgproxy.Start(s.Addr())
	if err != nil {
		return nil, fmt.Errorf("start a standby: %w", err)
	}
	o := s.options
	o.Settings = maps.Clone(o.Settings)
	if o.Settings == nil {
		o.Settings = map[string]string{}
	}
	delete(o.Settings, "synchronous_standby_names")
	o.Settings["primary_conninfo"] = conninfo(link.Addr())
	o.Settings["primary_slot_name"] = standbyName
	copied, err := create(ctx, o, func(b *Server, ctx context.Context) error { return b.copyFrom(ctx, s) })
	if err != nil {
		return nil, fmt.Errorf("start a standby: %w", errors.Join(err, link.Close()))
	}
	b := &Standby{Server: copied, Link: link, primary: s}
	if err := b.attach(ctx, synchronous); err != nil {
		return nil, fmt.Errorf("start a standby: %w", errors.Join(err, b.Close()))
	}
	return b, nil
}

// conninfo is how a standby connects to a primary.
func conninfo(addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	return fmt.Sprintf("host=%s port=%s user=%s application_name=%s sslmode=disable", host, port, Superuser, standbyName)
}

// copyFrom makes the server's data from those of a running server.
func (s *Server) copyFrom(ctx context.Context, primary *Server) error {
	err := s.run(ctx, "pg_basebackup", "--pgdata="+s.data(), "--dbname="+conninfo(primary.Addr()), "--checkpoint=fast", "--wal-method=stream",
		"--no-sync", "--no-manifest", "--create-slot", "--slot="+standbyName)
	if err == nil {
		_, err = s.dir.Write("data/standby.signal", "")
	}
	return err
}

// attach waits until the primary sends commits to the standby, and makes it wait for them if it is synchronous.
func (b *Standby) attach(ctx context.Context, synchronous bool) error {
	state := "async"
	if synchronous {
		state = "sync"
		if err := b.primary.Set(ctx, "synchronous_standby_names", standbyName); err != nil {
			return err
		}
	}
	return b.primary.wait(ctx, "standby "+state, "SELECT count(*) = 1 FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = '"+state+"'")
}

// CutOff cuts the connection between the standby and its primary, until Reconnect.
func (b *Standby) CutOff() { b.Link.Refuse() }

// Reconnect lets the standby connect to its primary again; it does so by itself, and receives what it has missed.
func (b *Standby) Reconnect() { b.Link.Accept() }

// Promote makes the standby a primary: it accepts writes when Promote returns. The old primary is not changed; a test kills it first,
// or cuts it off.
func (b *Standby) Promote(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	err := b.Exec(ctx, "SELECT pg_promote(wait => false)")
	if err == nil {
		err = b.wait(ctx, "promotion", "SELECT NOT pg_is_in_recovery()")
	}
	if err != nil {
		return fmt.Errorf("promote the standby: %w", err)
	}
	return nil
}

// Close closes the standby and its link. A primary with a synchronous standby waits for it: close the primary next, or set its
// synchronous_standby_names to "".
func (b *Standby) Close() error { return errors.Join(b.Server.Close(), b.Link.Close()) }
