package pipeline_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"enrich/client"
	"enrich/client/fakeapi"
	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
	"enrich/pipeline"
	"enrich/reader"
)

// As many contacts as there are workers have to wait half a second for a failure of their own: the others are asked meanwhile,
// and those come back.
func TestAContactThatWaitsForItsOwnBackoffKeepsNoWorker(t *testing.T) {
	const workers = 3 // so that there are permits for all of the list at once
	var mu sync.Mutex
	var calls []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Email string }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		mu.Lock()
		first := !slices.Contains(calls, asked.Email)
		calls = append(calls, asked.Email)
		mu.Unlock()
		if first && strings.HasPrefix(asked.Email, "late") {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, err := w.Write([]byte(`{"contact":{"credit_charged":true,"email":"` + asked.Email + `"},"remaining_credits":10}`))
		if err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	list := []string{"first@x.example", "late1@x.example", "late2@x.example", "late3@x.example", "good1@x.example", "good2@x.example"}
	ask := newAsk(t, server.URL, workers, list)
	asked, err := ask.Do(t.Context(), t.Context())
	if n := ask.Counters.Matched.Load(); err != nil || asked.Stop != "" || n != int64(len(list)) {
		t.Errorf("%d of %d matched: %+v, %v", n, len(list), asked, err)
	}
	if len(calls) != len(list)+3 || !slices.Equal(sorted(calls[:len(list)]), sorted(list)) {
		t.Errorf("the calls were %v", calls)
	}
}

// A lost call is repeated under a cap as soon as others give their credits back, and does not end the run before.
func TestALostCallWaitsForACredit(t *testing.T) {
	server, err := fakeapi.Listen(context.Background(), "127.0.0.1:0", fakeapi.Options{Match: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	ask := newAsk(t, server.URL, 4, []string{"first+match@x.example", "lost+truncatex1+match@x.example", "a+slow400ms@x.example", "b+slow400ms@x.example"})
	ask.LostRetries, ask.Budget = 2, pipeline.NewBudget(pipeline.Caps{MaxCredits: 4, CreditsPerCall: 1})
	asked, err := ask.Do(t.Context(), t.Context())
	if err != nil || asked.Stop != "" || ask.Counters.Matched.Load() != 2 || ask.Counters.NoMatch.Load() != 2 || server.Stats().Calls != 5 {
		t.Errorf("%+v, %v, %d matched after %d calls", asked, err, ask.Counters.Matched.Load(), server.Stats().Calls)
	}
}

// newAsk returns a first pass over a list of addresses, with a client and a new ledger of its own.
func newAsk(t *testing.T, url string, workers int, list []string) *pipeline.Ask {
	t.Helper()
	key, err := client.ParseKey("pipeline-test-key-1")
	if err != nil {
		t.Fatal(err)
	}
	api, err := client.New(client.Options{URL: url, Key: key, Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	l, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "ledger.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // its content is not checked
	run, err := l.Begin(context.Background(), ledger.Run{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReader("email\n" + strings.Join(list, "\n") + "\n")
	rows, err := reader.Open(text, text.Size(), reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &pipeline.Ask{
		Rules:  pipeline.Rules{Identity: contact.NewIdentity(url, nil), Started: time.Now(), MaxAge: -1, NoMatchAge: -1},
		Source: rows, API: api, Ledger: l, Run: run, Workers: workers, Budget: pipeline.NewBudget(pipeline.Caps{}),
		Grace: time.Second, Counters: new(pipeline.Counters),
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }
