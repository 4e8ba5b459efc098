package pipeline_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"enrich/client"
	"enrich/client/fakeapi"
	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
	"enrich/pipeline"
	"enrich/reader"
	"enrich/writer"
)

// A model knows of each contact what the ledger must come to, by the order in its address.
type model struct {
	t        *rapid.T
	api      *fakeapi.Server
	identity contact.Identity
	path     string
	answered map[string]bool
	lost     map[string]int
}

// modelTags are orders whose calls end without a wait.
var modelTags = []string{"match", "nomatch", "400", "garbage"}

const modelRetries = 1

// TestRunsAgreeWithAModel: random lists with duplicates, workers, limits and caps, one run after the other on one ledger.
// The server's own count is the judge: an answered contact is never asked again, a cap is never overshot, a lost one is
// asked again so often and no more, and every row is accounted for.
func TestRunsAgreeWithAModel(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		m := newModel(t, filepath.Join(dir, fmt.Sprint(n)))
		defer m.api.Close()
		for range rapid.IntRange(1, 4).Draw(t, "runs") {
			m.run()
		}
	})
}

func newModel(t *rapid.T, dir string) *model {
	api, err := fakeapi.Listen(context.Background(), "127.0.0.1:0", fakeapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return &model{
		t: t, api: api, identity: contact.NewIdentity(api.URL, nil), path: filepath.Join(dir, "ledger.db"),
		answered: map[string]bool{}, lost: map[string]int{},
	}
}

// rows draws a list; upper-case spellings of a contact are the same contact.
func (m *model) rows() []string {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		tag := rapid.SampledFrom(modelTags).Draw(t, "tag")
		s := fmt.Sprintf("p%d+%s@x.example", rapid.IntRange(0, 1).Draw(t, "person"), tag)
		if rapid.Bool().Draw(t, "upper case") {
			return "P" + s[1:]
		}
		return s
	}), 1, 12).Draw(m.t, "rows")
}

func (m *model) run() {
	t := m.t
	rows := m.rows()
	workers := rapid.SampledFrom([]int{1, 2, 8}).Draw(t, "workers")
	most := int64(rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "max calls"))
	before := m.api.Stats()
	asked, written := m.both(rows, workers, most)
	after := m.api.Stats()
	calls := after.Calls - before.Calls
	if most > 0 && calls > most {
		t.Fatalf("%d calls, and the cap is %d", calls, most)
	}
	if written.Read != int64(len(rows)) || written.Matched+written.NoMatch+written.Failed+written.Pending != written.Read {
		t.Fatalf("rows are not accounted for: %+v", written)
	}
	for name := range after.Contacts {
		m.contact(name, after.Contacts[name]-before.Contacts[name])
	}
	m.compare(rows, asked, written)
}

// contact follows what the calls to one contact mean.
func (m *model) contact(name string, calls int64) {
	switch {
	case calls == 0:
		return
	case calls > 1:
		m.t.Fatalf("%s was asked %d times in one run", name, calls)
	case m.answered[name]:
		m.t.Fatalf("%s was answered, and asked again", name)
	}
	switch tagOf(name) {
	case "match", "nomatch":
		m.answered[name] = true
	case "garbage":
		if m.lost[name]++; m.lost[name] > 1+modelRetries {
			m.t.Fatalf("%s was asked again after %d lost calls", name, m.lost[name]-1)
		}
	}
}

// compare compares the write pass with the model.
func (m *model) compare(rows []string, asked pipeline.AskResult, w pipeline.WriteResult) {
	var want pipeline.WriteResult
	for _, row := range rows {
		name := strings.ToLower(row)
		switch tag := tagOf(name); {
		case tag == "match" && m.answered[name]:
			want.Matched++
		case tag == "nomatch" && m.answered[name]:
			want.NoMatch++
		case asked.Stop == "" && (tag == "400" || tag == "garbage"):
			want.Failed++
		}
	}
	if w.Matched != want.Matched || w.NoMatch != want.NoMatch {
		m.t.Fatalf("%d matched and %d not, expected %d and %d", w.Matched, w.NoMatch, want.Matched, want.NoMatch)
	}
	if asked.Stop == "" && !asked.Unsent && (w.Pending != 0 || w.Failed != want.Failed) {
		m.t.Fatalf("after a whole run %d are pending and %d failed, expected 0 and %d: %v", w.Pending, w.Failed, want.Failed, rows)
	}
}

func tagOf(address string) string {
	_, tag, _ := strings.Cut(address, "+")
	tag, _, _ = strings.Cut(tag, "@")
	return tag
}

// both does both passes, as the command does.
func (m *model) both(list []string, workers int, most int64) (pipeline.AskResult, pipeline.WriteResult) {
	t := m.t
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	text := "email\n" + strings.Join(list, "\n") + "\n"
	open := func() *reader.Reader {
		rows, err := reader.Open(strings.NewReader(text), int64(len(text)), reader.Options{})
		check(err)
		return rows
	}
	key, err := client.ParseKey("model-test-key-1")
	check(err)
	api, err := client.New(client.Options{URL: m.api.URL, Key: key, Workers: workers})
	check(err)
	defer api.Close()
	l, err := sqlite.Open(context.Background(), m.path, sqlite.Options{})
	check(err)
	defer func() { check(l.Close()) }()
	started := time.Now().UTC().Truncate(time.Millisecond)
	run, err := l.Begin(context.Background(), ledger.Run{Started: started, URL: m.api.URL})
	check(err)
	rules := pipeline.Rules{Identity: m.identity, Started: started, MaxAge: -1, NoMatchAge: -1, LostRetries: modelRetries}
	ask := pipeline.Ask{
		Rules: rules, Source: open(), API: api, Ledger: l, Run: run, Workers: workers,
		Budget: pipeline.NewBudget(pipeline.Caps{MaxCalls: most}), Grace: time.Second, Counters: new(pipeline.Counters),
	}
	asked, err := ask.Do(context.Background(), context.Background())
	check(err)
	w := pipeline.Write{Rules: rules, Source: open(), Ledger: l, Run: run, Results: nowhere[writer.Result]{}, Failures: nowhere[writer.Failure]{}}
	written, err := w.Do(context.Background())
	check(err)
	check(l.Finish(context.Background(), run, string(asked.Stop), 0))
	return asked, written
}

type nowhere[T any] struct{}

func (nowhere[T]) Write(*T) error { return nil }
