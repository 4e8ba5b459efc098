package sqlite_test

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// TestAPowerCutLosesNothingThatWasAcknowledged: a random life of a ledger is recorded, operation by operation, and cut at
// random places. Of what was not synced, any part may be on the disk: each sector of each write or none of it, each
// truncation, and the first so many changes of the directory. The lock file has its newest record, which promises most.
// The ledger opens from what is left, and contains each answer that was acknowledged, and nothing that was never sent.
func TestAPowerCutLosesNothingThatWasAcknowledged(t *testing.T) {
	cuts := 0
	rapid.Check(t, func(rt *rapid.T) {
		var r recording
		r.record(t, rt)
		for range 5 {
			at := rapid.IntRange(1, len(r.ops)).Draw(rt, "cut")
			dir, err := os.MkdirTemp(t.TempDir(), "cut")
			if err != nil {
				rt.Fatal(err)
			}
			r.image(rt, at, dir)
			r.check(rt, at, filepath.Join(dir, "ledger.db"))
			cuts++
		}
	})
	t.Logf("%d cuts", cuts)
}

// A recording is what was done to the disk, and what was acknowledged after how many operations.
type recording struct {
	ops   []op
	acked []acked
	sent  map[int]contact.Kind // what was given to Commit, acknowledged or not
}

type acked struct {
	after             int // operations
	intents, outcomes map[int]contact.Kind
	opened            map[int]contact.Kind // contacts of a job whose name at the API was recorded
	forgotten         int                  // -1: nobody
}

func (r *recording) record(t *testing.T, rt *rapid.T) {
	r.sent = map[int]contact.Kind{}
	dir, err := os.MkdirTemp(t.TempDir(), "life")
	if err != nil {
		rt.Fatal(err)
	}
	d := newDisk(t, func(o op) (int, error) {
		o.data = bytes.Clone(o.data)
		o.lock, _ = os.ReadFile(filepath.Join(dir, "ledger.db.lock")) // it may not be there yet
		r.ops = append(r.ops, o)
		return 0, nil
	}).quick()
	next := 0
	for range rapid.IntRange(1, 4).Draw(rt, "lives") {
		l, err := sqlite.Open(context.Background(), filepath.Join(dir, "ledger.db"), sqlite.Options{}.OnDisk(d.name).Tiny())
		if err != nil {
			rt.Fatal(err)
		}
		if next > 0 && rapid.IntRange(0, 2).Draw(rt, "forget") == 0 {
			r.forget(rt, l, rapid.IntRange(0, next-1).Draw(rt, "who"))
		} else {
			next = r.run(rt, l, next)
		}
		if err := l.Close(); err != nil {
			rt.Fatal(err)
		}
	}
}

// run is one run: groups of intents, their outcomes, and some left open.
func (r *recording) run(rt *rapid.T, l *sqlite.Ledger, next int) int {
	run, open := begin(rt, l), false
	for range rapid.IntRange(1, 6).Draw(rt, "groups") {
		var intents []ledger.Intent
		var outcomes []contact.Outcome
		a, b := map[int]contact.Kind{}, map[int]contact.Kind{}
		for range rapid.IntRange(1, 8).Draw(rt, "group") {
			kind := contact.Kind(rapid.IntRange(1, 5).Draw(rt, "kind"))
			o := outcome(next, kind)
			if kind == contact.Matched && rapid.Bool().Draw(rt, "large") {
				o.Body = large(next)
			}
			intents, outcomes = append(intents, person(next)), append(outcomes, o)
			a[next], b[next], r.sent[next] = kind, kind, kind
			next++
		}
		if rapid.IntRange(0, 2).Draw(rt, "job") == 0 {
			r.runJob(rt, l, run, intents, outcomes)
			continue
		}
		commit(rt, l, run, intents)
		r.acked = append(r.acked, acked{after: len(r.ops), intents: a, forgotten: -1})
		if rapid.IntRange(0, 4).Draw(rt, "answered") > 0 {
			commit(rt, l, run, nil, outcomes...)
			r.acked = append(r.acked, acked{after: len(r.ops), outcomes: b, forgotten: -1})
		} else {
			open = true
		}
	}
	if open { // as if it had been killed
		return next
	}
	if err := l.Finish(context.Background(), run, "", 0); err != nil {
		rt.Fatal(err)
	}
	return next
}

// runJob is the life of a job, or the beginning of it: it is left submitted, open, or with some of its results.
func (r *recording) runJob(rt *rapid.T, l *sqlite.Ledger, run int64, intents []ledger.Intent, results []contact.Outcome) {
	ack := func(kinds func(a *acked, all map[int]contact.Kind), some []contact.Outcome) {
		all := map[int]contact.Kind{}
		for _, o := range some {
			n := int(o.At.Sub(noon).Seconds())
			all[n] = o.Kind
		}
		a := acked{after: len(r.ops), forgotten: -1}
		kinds(&a, all)
		r.acked = append(r.acked, a)
	}
	job := submit(rt, l, run, intents, "")
	ack(func(a *acked, all map[int]contact.Kind) { a.intents = all }, results)
	ends := rapid.IntRange(0, 4).Draw(rt, "the job ends")
	if ends == 0 {
		return
	}
	if err := l.OpenJob(context.Background(), job, "a", noon); err != nil {
		rt.Fatal(err)
	}
	ack(func(a *acked, all map[int]contact.Kind) { a.opened = all }, results)
	if ends == 1 {
		return
	}
	some := rapid.IntRange(0, len(results)).Draw(rt, "results")
	record(rt, l, run, job, results[:some], "")
	ack(func(a *acked, all map[int]contact.Kind) { a.outcomes = all }, results[:some])
	if ends == 2 {
		return
	}
	if err := l.CommitResults(context.Background(), run, job, results[some:], [][]byte{[]byte("raw")}, ledger.JobDone); err != nil {
		rt.Fatal(err)
	}
	ack(func(a *acked, all map[int]contact.Kind) { a.outcomes = all }, results[some:])
}

func (r *recording) forget(rt *rapid.T, l *sqlite.Ledger, who int) {
	if _, err := l.Forget(context.Background(), person(who).Contact); err != nil {
		rt.Fatal(err)
	}
	delete(r.sent, who)
	r.acked = append(r.acked, acked{after: len(r.ops), forgotten: who})
}

// An inode is a file, by whatever name, as the disk has it and as the system does.
type inode struct {
	synced  []byte
	pending []op
	named   bool // its name was synced
}

// image writes what is on the disk when the power is cut after so many operations.
func (r *recording) image(rt *rapid.T, at int, dir string) {
	if err := os.WriteFile(filepath.Join(dir, "ledger.db.lock"), r.ops[at-1].lock, 0o600); err != nil {
		rt.Fatal(err)
	}
	names, durable := map[string]*inode{}, map[string]*inode{}
	var changes []func(map[string]*inode) // of the directory, since it was synced
	syncDir := func() {
		for _, c := range changes {
			c(durable)
		}
		changes = nil
	}
	for _, o := range r.ops[:at] {
		name := filepath.Base(o.file)
		f := names[name]
		if f == nil && o.kind != "delete" && o.file != "" {
			f = &inode{}
			names[name] = f
			changes = append(changes, func(d map[string]*inode) { d[name] = f })
			if name == "ledger.db" { // was made, and its directory synced, before SQLite opened it
				syncDir()
			}
		}
		switch o.kind {
		case "write", "truncate":
			f.pending = append(f.pending, o)
		case "sync":
			for _, p := range f.pending {
				f.synced = apply(f.synced, p, nil)
			}
			f.pending = nil
			if !f.named && strings.Contains(name, "-") { // SQLite syncs the directory of a new log or journal
				f.named = true
				syncDir()
			}
		case "delete":
			delete(names, name)
			changes = append(changes, func(d map[string]*inode) { delete(d, name) })
			if o.dir {
				syncDir()
			}
		}
	}
	for _, c := range changes[:rapid.IntRange(0, len(changes)).Draw(rt, "changes of the directory")] {
		c(durable)
	}
	for _, name := range slices.Sorted(maps.Keys(durable)) {
		f := durable[name]
		content := f.synced
		for _, p := range f.pending {
			content = r.some(rt, content, p)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			rt.Fatal(err)
		}
	}
}

// some applies any part of an operation that was not synced.
func (r *recording) some(rt *rapid.T, content []byte, p op) []byte {
	switch rapid.IntRange(0, 2).Draw(rt, "fate") {
	case 0:
		return content
	case 1:
		return apply(content, p, nil)
	}
	seed := rapid.Uint64().Draw(rt, "sectors")
	return apply(content, p, func(sector int64) bool { return seed>>(uint64(sector)%61)&1 == 1 })
}

const sector = 512

// apply does an operation to a file's content; lands says which sectors of a write do.
func apply(content []byte, o op, lands func(int64) bool) []byte {
	size := o.at + int64(len(o.data))
	if o.kind == "truncate" {
		size = o.size
	}
	out := bytes.Clone(content)
	if int64(len(out)) < size {
		out = append(out, make([]byte, size-int64(len(out)))...)
	}
	if o.kind == "truncate" {
		return out[:size]
	}
	for i := range o.data {
		if lands == nil || lands((o.at+int64(i))/sector) {
			out[o.at+int64(i)] = o.data[i]
		}
	}
	return out
}

// check opens what is left.
func (r *recording) check(rt *rapid.T, at int, path string) {
	l, err := sqlite.Open(context.Background(), path, sqlite.Options{})
	if err != nil {
		rt.Fatalf("cut after %d of %d operations: %v", at, len(r.ops), err)
	}
	defer func() { _ = l.Close() }()
	forgotten := map[int]int{} // after how many operations
	for _, a := range r.acked {
		if a.forgotten >= 0 {
			forgotten[a.forgotten] = a.after
		}
	}
	for _, a := range r.acked {
		if a.after > at {
			continue
		}
		for n := range a.intents {
			if s := stateOf(l, person(n).Keys); forgotten[n] == 0 && s.Kind == 0 && !s.InJob {
				rt.Fatalf("the intent of person %d is lost", n)
			}
		}
		for n, kind := range a.opened {
			if s := stateOf(l, person(n).Keys); forgotten[n] == 0 && !s.InJob && s.Kind != kind {
				rt.Fatalf("person %d was in an open job, and is %+v", n, s)
			}
		}
		for n, kind := range a.outcomes {
			if _, ok := forgotten[n]; !ok && stateOf(l, person(n).Keys).Kind != kind {
				rt.Fatalf("person %d was acknowledged as %s, and is %+v", n, kind, stateOf(l, person(n).Keys))
			}
		}
		if a.forgotten >= 0 && stateOf(l, person(a.forgotten).Keys).Kind != 0 {
			rt.Fatalf("person %d was forgotten, and is back", a.forgotten)
		}
	}
	r.checkRight(rt, l)
}

// checkRight looks that nothing is there that was never given.
func (r *recording) checkRight(rt *rapid.T, l *sqlite.Ledger) {
	for n, kind := range r.sent {
		s := stateOf(l, person(n).Keys)
		if s.Kind == 0 {
			continue
		}
		out := make([]contact.Outcome, 1)
		if err := l.Outcomes(context.Background(), []ledger.Ref{s.Ref}, out); err != nil {
			rt.Fatal(err)
		}
		if s.Kind != kind && s.Kind != contact.Lost {
			rt.Fatalf("person %d was %s, and is %s", n, kind, s.Kind)
		}
		if s.Kind == contact.Matched && string(out[0].Body) != body && !bytes.Equal(out[0].Body, large(n)) {
			rt.Fatalf("person %d has another answer", n)
		}
	}
	if v, err := l.Verify(context.Background()); err != nil || v.Problems > 0 {
		rt.Fatalf("verify: %+v, %v", v, err)
	}
}
