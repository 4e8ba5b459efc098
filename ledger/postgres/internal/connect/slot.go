package connect

import (
	"context"
	"sync"
)

// A Slot is one connection that is made when it is needed, and again after it broke. It may be used by any goroutine; one at a
// time has the connection.
type Slot struct {
	dial func(context.Context) (*Conn, error)
	mu   sync.Mutex
	conn *Conn
	gone bool // closed
	// snapshot: the connection is in a transaction that sees one moment, so it cannot be made again.
	snapshot bool
}

// NewSlot returns a slot whose connections are made by dial, which also checks the server.
func NewSlot(dial func(context.Context) (*Conn, error)) *Slot { return &Slot{dial: dial} }

// NewSnapshot returns a slot whose connection is in one transaction, which dial begins. If it breaks, every later use returns an
// error.
func NewSnapshot(dial func(context.Context) (*Conn, error)) *Slot {
	return &Slot{dial: dial, snapshot: true}
}

// Use calls do with the connection. If do broke it, or left a transaction open, it is dropped.
func (s *Slot) Use(ctx context.Context, do func(*Conn) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return ErrClosed
	}
	if err := s.connect(ctx); err != nil {
		return err
	}
	err := do(s.conn)
	switch {
	case s.snapshot && s.conn.IsClosed():
		s.gone = true
	case !s.snapshot && (s.conn.IsClosed() || s.conn.PgConn().TxStatus() != 'I'):
		s.drop()
	}
	return err
}

// Connect makes the connection if there is none, so that the next use has all its time for itself.
func (s *Slot) Connect(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return ErrClosed
	}
	return s.connect(ctx)
}

func (s *Slot) connect(ctx context.Context) error {
	if s.conn != nil && !s.conn.IsClosed() {
		return nil
	}
	conn, err := s.dial(ctx)
	if err == nil {
		s.conn = conn
	}
	return err
}

func (s *Slot) drop() {
	if s.conn != nil {
		s.conn.drop()
		s.conn = nil
	}
}

// Close ends the connection as a client should. Later uses return ErrClosed.
func (s *Slot) Close(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	if s.conn == nil {
		return nil
	}
	err := s.conn.Close(ctx)
	s.conn = nil
	return err
}

// Drop ends the connection without a word to the server, as the end of the process does. Later uses return ErrClosed.
func (s *Slot) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	if s.conn != nil {
		_ = s.conn.PgConn().Conn().Close() // the server must find out by itself
	}
	s.drop()
}
