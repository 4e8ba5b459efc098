package pipeline

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"enrich/client"
	"enrich/client/fakeapi"
	"enrich/contact"
	"enrich/ledger"
	"enrich/reader"
)

// A buggy asking panics before its second call, which the contact's address orders.
type buggyQueue struct{ *client.Client }

func (q buggyQueue) Queue(t client.Ticket) *client.Asking {
	t.Retry = func() bool { panic("a bug in a worker") }
	return q.Client.Queue(t)
}

// A buggy ledger does not keep outcomes from the third commit on.
type buggyLedger struct {
	*ledger.Ledger
	commits *int
	fails   func() error
}

func (l buggyLedger) Commit(run int64, intents []ledger.Intent, outcomes []contact.Outcome) error {
	if *l.commits++; *l.commits > 3 && len(outcomes) > 0 {
		return l.fails()
	}
	return l.Ledger.Commit(run, intents, outcomes)
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
			key, _ := client.ParseKey("bug-test-key-1")
			api, err := client.New(client.Options{URL: server.URL, Key: key, Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			defer api.Close()
			l, err := ledger.Open(context.Background(), filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }() // it ended in the middle
			run, err := l.Begin(ledger.RunInfo{URL: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			list := "email\n"
			for n := range 50 {
				list += fmt.Sprintf("a%d+500x2@x.example\nb%d@x.example\nc%d@x.example\n", n, n, n)
			}
			rows, err := reader.Open(strings.NewReader(list), reader.Options{})
			if err != nil {
				t.Fatal(err)
			}
			ask := Ask{
				Rules: Rules{Identity: contact.NewIdentity(server.URL, nil), Started: time.Now(), MaxAge: -1, NoMatchAge: -1},
				Rows:  rows, Queue: api, Ledger: l, Run: run, Workers: 2, Stopping: Stopping{Grace: time.Second}, Counters: new(Counters),
			}
			switch bug {
			case "a bug in a worker":
				ask.Queue = buggyQueue{api}
			case "a bug in the ledger":
				ask.Ledger = buggyLedger{l, new(int), func() error { panic(bug) }}
			default:
				ask.Ledger = buggyLedger{l, new(int), func() error { return errors.New(bug) }}
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
