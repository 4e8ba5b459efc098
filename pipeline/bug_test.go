package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"enrich/client"
	"enrich/client/fakeapi"
	"enrich/contact"
	"enrich/ledger"
)

// A buggy asking panics before its second call, which the contact's address orders.
type buggyQueue struct{ *client.Client }

func (q buggyQueue) Queue(t client.Ticket) *client.Asking {
	t.Retry = func() bool { panic("a bug in a worker") }
	return q.Client.Queue(t)
}

// A buggy ledger keeps no outcomes after the third commit.
type buggyLedger struct {
	Ledger
	commits *int
	fails   func() error
}

func (l buggyLedger) Commit(ctx context.Context, run int64, intents []ledger.Intent, outcomes []contact.Outcome) ([]bool, error) {
	if *l.commits++; *l.commits > 3 && len(outcomes) > 0 {
		return nil, l.fails()
	}
	return l.Ledger.Commit(ctx, run, intents, outcomes)
}

// A panic or a failure anywhere behind admission ends the run with an error of ours; nobody waits for ever for one who is gone,
// also while contacts wait for their own backoff.
func TestAPanicEndsTheRunWithAnError(t *testing.T) {
	for _, bug := range []string{"a bug in a worker", "a bug in the ledger", "a failure of the ledger"} {
		t.Run(bug, func(t *testing.T) {
			server, err := fakeapi.Listen(context.Background(), "127.0.0.1:0", fakeapi.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			var list []string
			for n := range 50 {
				list = append(list, fmt.Sprintf("a%d+500x2@x.example", n), fmt.Sprintf("b%d@x.example", n), fmt.Sprintf("c%d@x.example", n))
			}
			ask := newAsk(t, server.URL, 2, list)
			switch bug {
			case "a bug in a worker":
				ask.Queue = buggyQueue{ask.Queue.(*client.Client)}
			case "a bug in the ledger":
				ask.Ledger = buggyLedger{ask.Ledger, new(int), func() error { panic(bug) }}
			default:
				ask.Ledger = buggyLedger{ask.Ledger, new(int), func() error { return errors.New(bug) }}
			}
			done := make(chan error, 1)
			go func() { // ends with the run, which is what is tested
				_, err := ask.Do(context.Background(), context.Background())
				done <- err
			}()
			select {
			case err := <-done:
				if err == nil || !strings.Contains(err.Error(), bug) {
					t.Errorf("got %v", err)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("it waits for ever")
			}
		})
	}
}
