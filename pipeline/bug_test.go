package pipeline

import (
	"context"
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

// A buggy ledger panics where it should keep an outcome.
type buggyLedger struct{ *ledger.Ledger }

func (l buggyLedger) Commit(run int64, intents []ledger.Intent, outcomes []contact.Outcome) error {
	if len(outcomes) > 0 {
		panic("a bug in the ledger")
	}
	return l.Ledger.Commit(run, intents, outcomes)
}

// A panic anywhere behind admission ends the run with an error of ours; nobody waits for ever for one who is gone.
func TestAPanicEndsTheRunWithAnError(t *testing.T) {
	for _, bug := range []string{"worker", "ledger"} {
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
			rows, err := reader.Open(strings.NewReader("email\n"+strings.Repeat("a+500x2@x.example\nb+match@x.example\nc@x.example\n", 50)), reader.Options{})
			if err != nil {
				t.Fatal(err)
			}
			ask := Ask{
				Rules: Rules{Identity: contact.NewIdentity(server.URL, nil), Started: time.Now(), MaxAge: -1, NoMatchAge: -1},
				Rows:  rows, Queue: api, Ledger: l, Run: run, Workers: 2, Stopping: Stopping{Grace: time.Second}, Counters: new(Counters),
			}
			if bug == "worker" {
				ask.Queue = buggyQueue{api}
			} else {
				ask.Ledger = buggyLedger{l}
			}
			done := make(chan error, 1)
			go func() { // ends with the run, which is what is tested
				_, err := ask.Do(context.Background(), context.Background())
				done <- err
			}()
			select {
			case err := <-done:
				if err == nil || !strings.Contains(err.Error(), "a bug in "+map[string]string{"worker": "a worker", "ledger": "the ledger"}[bug]) {
					t.Errorf("got %v", err)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("it waits for ever")
			}
		})
	}
}
