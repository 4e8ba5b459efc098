package pgproxy

import (
	"context"
	"strings"
	"sync"
)

// A Batch is what a client sends until the server has to answer: a simple query, the messages until a Sync or a Flush, or the end
// of the data of a COPY.
type Batch struct {
	// Conn is the number of the connection, from 1 in the order in which the proxy accepted them.
	Conn int
	// Number is the number of the batch in its connection, from 1.
	Number int
	// Statements are what the server executes: the statements of a simple query; for each Execute, the SQL that was prepared.
	Statements []string
	// Commits says that the server commits a transaction with this batch, unless a statement of it fails: a COMMIT, or the end of an
	// implicit transaction (also if it only read).
	Commits bool
	// Bytes is the length of all its messages.
	Bytes int
}

// Has reports whether a statement contains a text, in upper or lower case.
func (b Batch) Has(text string) bool {
	return strings.Contains(strings.ToLower(strings.Join(b.Statements, "\n")), strings.ToLower(text))
}

// An Action is what happens to a batch.
type Action int

const (
	// Forward sends the batch to the server.
	Forward Action = iota
	// CutBefore closes the connection: the server does not get the batch.
	CutBefore
	// CutAfter sends the batch to the server, waits until the server has answered all of it, and closes the connection without
	// passing the answer on: what the batch commits is committed, and the client does not know it. Answers to earlier batches are passed
	// on. After a Flush, which has no end of its answer, it is CutSent.
	CutAfter
	// CutSent sends the batch to the server and closes the connection without waiting: the server may still be working on the batch
	// when the client connects again. The client cannot cancel it: as in a network that is cut, the request is not passed on.
	CutSent
)

// A Decide decides what happens to a batch. While it runs, nothing more of the client's connection is read: to delay or to stall a
// connection, wait here. ctx is done when the connection ends. It is called by one goroutine for each connection.
type Decide func(ctx context.Context, b Batch) Action

// Once returns a Decide that takes an action the first time that a condition is true, and forwards all other batches.
func Once(when func(Batch) bool, action Action) Decide { return Nth(1, when, action) }

// Nth returns a Decide that takes an action the n-th time that a condition is true, over all connections, and forwards all other
// batches.
func Nth(n int, when func(Batch) bool, action Action) Decide {
	var mu sync.Mutex
	return func(_ context.Context, b Batch) Action {
		mu.Lock()
		defer mu.Unlock()
		if !when(b) {
			return Forward
		}
		if n--; n == 0 {
			return action
		}
		return Forward
	}
}
