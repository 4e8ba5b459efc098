package connect

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Errors of a server that cannot keep the ledger's promises. Each says what to do.
var (
	ErrStandby = errors.New("the server is a standby: connect to the primary, or name all hosts and add target_session_attrs=read-write to the URL")
	ErrNoSync  = errors.New("the server may lose what it has acknowledged")
	ErrVersion = errors.New("PostgreSQL 15 or later is needed")
	ErrOther   = errors.New("the server is not PostgreSQL, and nobody has checked that it can keep a ledger")
	// ErrEncoding: answers in other alphabets could not be recorded.
	ErrEncoding = errors.New("the database has an encoding that cannot store every answer: create one with ENCODING 'UTF8' TEMPLATE template0")
	// ErrReadOnly: the server is not a standby, but the transactions of this user cannot write.
	ErrReadOnly = errors.New("default_transaction_read_only is on for this server, database or user: turn it off, or connect as another user")
	ErrPooler   = errors.New("a pooler gives each transaction another connection: connect to the server itself, or to a pooler in session mode")
	// ErrNoReplica: with RequireSync, no standby has each commit.
	ErrNoReplica = errors.New("no standby is synchronous: if the primary is lost, so are its last commits: set synchronous_standby_names on the server")
)

// minVersion is the first version of PostgreSQL that is accepted.
const minVersion = 150000

// A Server is what a connection says of its server.
type Server struct {
	Version    string // version()
	Number     int
	Standby    bool
	Fsync      string
	FullPages  string
	SyncCommit string
	Encoding   string // of the database
	ReadOnly   string // default_transaction_read_only
	// Identifier is that of the database cluster: standbys have the primary's.
	Identifier int64
	// Replicas is how many standbys are connected; SyncReplicas whether the server waits for some.
	Replicas     int
	SyncReplicas bool
}

// inspect reads the facts. Walsenders of logical replication and of a backup are not standbys.
const inspect = `SELECT version(), current_setting('server_version_num')::integer, pg_is_in_recovery(), current_setting('fsync'),
	current_setting('full_page_writes'), current_setting('synchronous_commit'), current_setting('server_encoding'), current_setting('default_transaction_read_only'), (SELECT system_identifier FROM pg_control_system()),
	(SELECT count(*)::integer FROM pg_stat_replication AS r WHERE coalesce(state, 'streaming') <> 'backup' AND NOT EXISTS
		(SELECT FROM pg_replication_slots AS s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')),
	current_setting('synchronous_standby_names') <> ''`

// Inspect asks the server, which has the time to connect for the answer. A server that does not understand the question is not PostgreSQL.
func (c *Conn) Inspect(ctx context.Context) (s Server, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.Config().ConnectTimeout)
	defer cancel()
	if err := c.QueryRow(ctx, "SELECT version()").Scan(&s.Version); err != nil {
		return s, err
	}
	if err := s.CheckVersion(); err != nil {
		return s, err
	}
	err = c.QueryRow(ctx, inspect).Scan(&s.Version, &s.Number, &s.Standby, &s.Fsync, &s.FullPages, &s.SyncCommit,
		&s.Encoding, &s.ReadOnly, &s.Identifier,
		&s.Replicas, &s.SyncReplicas)
	return s, err
}

// CheckVersion refuses servers that only speak PostgreSQL's protocol, and forks that distribute its tables.
func (s *Server) CheckVersion() error {
	lower := strings.ToLower(s.Version)
	for _, other := range []string{"cockroach", "yugabyte", "-yb-", "citus", "redshift", "greenplum", "materialize", "risingwave", "cratedb", "questdb"} {
		if strings.Contains(lower, other) {
			return fmt.Errorf("%w: %.100q", ErrOther, s.Version)
		}
	}
	if !strings.HasPrefix(s.Version, "PostgreSQL ") {
		return fmt.Errorf("%w: %.100q", ErrOther, s.Version)
	}
	return nil
}

// Check returns why the server cannot keep the ledger's promises; nil: it can.
func (s *Server) Check() error {
	switch {
	case s.Number < minVersion:
		return fmt.Errorf("%w: the server is %.60s", ErrVersion, s.Version)
	case s.Standby:
		return ErrStandby
	case s.Fsync != "on":
		return fmt.Errorf("%w: fsync is %s: set it to on in the server's configuration", ErrNoSync, s.Fsync)
	case s.FullPages != "on":
		return fmt.Errorf("%w: full_page_writes is %s: set it to on in the server's configuration", ErrNoSync, s.FullPages)
	case s.SyncCommit != "on":
		return fmt.Errorf("%w: synchronous_commit is %s although the session set it to on", ErrNoSync, s.SyncCommit)
	case s.Encoding != "UTF8":
		return fmt.Errorf("%w: it is %s", ErrEncoding, s.Encoding)
	}
	return nil
}

// CheckWritable returns ErrReadOnly if transactions cannot write unless they say so. That is not overridden: somebody may have set it
// because another server is the primary now, or because the disk is full.
func (s *Server) CheckWritable() error {
	if s.ReadOnly != "off" {
		return ErrReadOnly
	}
	return nil
}

// Unreplicated reports whether there are standbys, and a commit waits for none.
func (s *Server) Unreplicated() bool { return s.Replicas > 0 && !s.SyncReplicas }

// CheckSession returns ErrPooler if two connections share a session, or one does not keep its own.
func CheckSession(ctx context.Context, a, b *Conn) error {
	var pids [3]int
	for i, c := range []*Conn{a, b, a} {
		if err := c.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pids[i]); err != nil {
			return err
		}
	}
	if pids[0] == pids[1] || pids[0] != pids[2] {
		return ErrPooler
	}
	return nil
}
