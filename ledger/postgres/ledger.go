package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres/internal/connect"
)

var _ ledger.Store = (*Ledger)(nil)

// A Ledger is open until [Ledger.Close]. Its methods may be called from any goroutine.
type Ledger struct {
	options Options
	config  *pgx.ConnConfig
	policy  connect.Policy
	version int       // of the schema; 0: there is none, and the ledger is empty
	removed time.Time // when something was last forgotten or pruned

	serverMu sync.Mutex
	server   connect.Server // as it was at the last connection

	writer *connect.Slot // commits
	reader *connect.Slot // lookups; read only: in one transaction

	interrupted []contact.Outcome // see InterruptedCalls
	unrecorded  unrecordedCalls   // read only: what the next run will record

	// self is what lookups need, apart from mu: they do not wait for a commit.
	selfMu sync.Mutex
	self   int64   // the run that was begun last; 0: none
	own    []int64 // the values of contact.generation that count as this run: generations, and minus the numbers of runs

	mu      sync.Mutex // protects everything below
	run     *run       // the run that was begun last
	failure error      // a commit failed: every later one returns it
	erased  bool       // something was erased

	buffers     buffers
	uncommitted uncommittedFile
}

// InterruptedCalls returns the calls of earlier runs that were open when this ledger was opened, as lost outcomes. Each is
// reported once, by the store that recorded it; a store that is read only reports what is not recorded yet.
func (l *Ledger) InterruptedCalls() []contact.Outcome { return l.interrupted }

// LastErased returns when something was last forgotten or pruned, or the zero time, as of when the ledger was opened.
func (l *Ledger) LastErased() time.Time { return l.removed }

// closeWait bounds how long Close waits for the server.
const closeWait = 5 * time.Second

// Close releases the ledger. All commits are durable already. A run that was not finished ends here: the next one that opens the
// ledger records its open claims as lost.
func (l *Ledger) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	err := l.leave(ctx)
	if errors.Is(err, connect.ErrClosed) { // it was closed before
		err = nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if cerr := errors.Join(l.uncommitted.close(), l.writer.Close(ctx), l.reader.Close(ctx)); cerr != nil && err == nil && l.failure == nil {
		err = fmt.Errorf("close the ledger: %w", cerr)
	}
	return err
}
