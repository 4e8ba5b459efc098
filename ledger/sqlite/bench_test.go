package sqlite_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// group is some persons, from a number on, with their answers.
func group(from, n int) (intents []ledger.Intent, outcomes []contact.Outcome) {
	for i := from; i < from+n; i++ {
		intents, outcomes = append(intents, person(i)), append(outcomes, outcome(i, contact.Matched))
	}
	return intents, outcomes
}

// BenchmarkCommit is an intent and an answer, durable, by how many of them are committed together.
func BenchmarkCommit(b *testing.B) {
	for _, n := range []int{1, 2, 4, 13, 31, 128} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l := open(b, filepath.Join(b.TempDir(), "ledger.db"), sqlite.Options{})
			run := begin(b, l)
			b.ReportAllocs()
			for done := 0; b.Loop(); done++ {
				if done%n == 0 {
					b.StopTimer()
					intents, outcomes := group(done, n)
					b.StartTimer()
					commit(b, l, run, intents, outcomes...)
				}
			}
		})
	}
}

// benchFlag is what -bench says.
func benchFlag() string { return flag.Lookup("test.bench").Value.String() }

// unsynced is a disk that is never waited for, to make large files with.
func unsynced(b testing.TB) string {
	return newDisk(b, func(op) (int, error) { return 0, nil }).quick().name
}

// fill makes a ledger of n answers in commits of some size, and closes it.
func fill(b testing.TB, path string, n, size int) {
	b.Helper()
	l := open(b, path, sqlite.Options{}.OnDisk(unsynced(b)))
	run := begin(b, l)
	for from := 0; from < n; from += size {
		intents, outcomes := group(from, size)
		commit(b, l, run, intents, outcomes...)
	}
	if err := l.Finish(context.Background(), run, "", 0); err != nil {
		b.Fatal(err)
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}

const million = 1_000_000

// BenchmarkOpenMillions opens four million answers; the goal is a second. It is asked for by its name alone: it makes files of gigabytes.
func BenchmarkOpenMillions(b *testing.B) {
	if !strings.Contains(benchFlag(), "Millions") {
		b.Skip("only with -bench OpenMillions: it needs gigabytes and minutes")
	}
	for _, size := range []int{500, 32, 2} {
		b.Run(fmt.Sprint("commits of ", size), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "ledger.db")
			fill(b, path, 4*million, size)
			b.ResetTimer()
			for b.Loop() {
				l, err := sqlite.Open(context.Background(), path, sqlite.Options{ReadOnly: true})
				if err != nil || l.Answers() < 4*million {
					b.Fatal(l, err)
				}
				b.StopTimer()
				if err := l.Close(); err != nil {
					b.Fatal(err)
				}
				l = nil // what it held is given back, as it is by a process that ends
				runtime.GC()
				b.StartTimer()
			}
		})
	}
}

// BenchmarkRowAtMillions compares what one more answer costs, in commits of 31, at a hundred thousand and at three million;
// the syncs, which are the disk's, are left out.
func BenchmarkRowAtMillions(b *testing.B) {
	if !strings.Contains(benchFlag(), "Millions") {
		b.Skip("only with -bench RowAtMillions: it needs gigabytes and minutes")
	}
	for _, n := range []int{100_000, 3 * million} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "ledger.db")
			fill(b, path, n, 512)
			l := open(b, path, sqlite.Options{}.OnDisk(unsynced(b)))
			run := begin(b, l)
			b.ResetTimer()
			for done := 0; b.Loop(); done++ {
				if done%31 == 0 {
					b.StopTimer()
					intents, outcomes := group(10*million+done, 31)
					b.StartTimer()
					commit(b, l, run, intents, outcomes...)
				}
			}
		})
	}
}

// BenchmarkOutcomes is an answer read, in batches of 256.
func BenchmarkOutcomes(b *testing.B) {
	const n, batch = 200_000, 256
	path := filepath.Join(b.TempDir(), "ledger.db")
	fill(b, path, n, 512)
	l := open(b, path, sqlite.Options{ReadOnly: true})
	for name, next := range map[string]func(i int) int64{
		"in order": func(i int) int64 { return int64(i%n) + 1 },
		"random":   func(int) int64 { return rand.Int64N(n) + 1 },
	} {
		b.Run(name, func(b *testing.B) {
			refs, out := make([]ledger.Ref, batch), make([]contact.Outcome, batch)
			b.ReportAllocs()
			for done := 0; b.Loop(); done++ {
				if done%batch != 0 {
					continue
				}
				for i := range refs {
					refs[i] = ledger.Ref(next(done + i))
				}
				if err := l.Outcomes(context.Background(), refs, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestAContactTakesAtMost32Bytes of memory when a ledger has been opened.
func TestAContactTakesAtMost32Bytes(t *testing.T) {
	const cache = 6 << 20 // SQLite's cache is 4 MiB
	n := 300_000
	if testing.Short() { // the race detector sees the same in fewer
		n = 30_000
	}
	path := filepath.Join(t.TempDir(), "ledger.db")
	fill(t, path, n, 1000)
	before := heap()
	l := open(t, path, sqlite.Options{})
	if opened := heap() - before; opened > 32*int64(n)+cache {
		t.Errorf("%d bytes for %d contacts", opened, n)
	}
	runtime.KeepAlive(l)
}

// TestAContactInAnOpenJobTakesAtMost32Bytes, and so does one of a job that is submitted and recorded.
func TestAContactInAnOpenJobTakesAtMost32Bytes(t *testing.T) {
	const size, cache = 10_000, 8 << 20 // SQLite's cache, and what is kept of one job at a time
	jobs := 20
	if testing.Short() { // the race detector sees the same in fewer
		jobs = 2
	}
	path := filepath.Join(t.TempDir(), "ledger.db")
	o := sqlite.Options{}.OnDisk(unsynced(t))
	l := open(t, path, o)
	before := heap()
	run := begin(t, l)
	for n := range jobs {
		submit(t, l, run, people(n*size, (n+1)*size), "a")
	}
	record(t, l, run, 1, outcomes(contact.Refused, 0, size/2), "")
	if used := heap() - before; used > 32*size*int64(jobs)+cache {
		t.Errorf("%d bytes for %d contacts", used, size*jobs)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	before = heap()
	l = open(t, path, o)
	if used := heap() - before; used > 32*size*int64(jobs)+cache {
		t.Errorf("opened, %d bytes for %d contacts", used, size*jobs)
	}
	if s := stateOf(l, person(size/2).Keys); !s.InJob || stateOf(l, person(0).Keys).InJob {
		t.Errorf("%+v", s)
	}
	runtime.KeepAlive(l)
}

// BenchmarkJob is a contact of a job: its intent, and its result in a commit of 250. What the syncs cost is left out.
func BenchmarkJob(b *testing.B) {
	for _, size := range []int{10, 500, 10_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			l := open(b, filepath.Join(b.TempDir(), "ledger.db"), sqlite.Options{}.OnDisk(unsynced(b)))
			run := begin(b, l)
			b.ReportAllocs()
			for done := 0; b.Loop(); done++ {
				if done%size > 0 {
					continue
				}
				b.StopTimer()
				intents, results := group(done, size)
				b.StartTimer()
				job := submit(b, l, run, intents, "a")
				for from := 0; from < size; from += 250 {
					end := ledger.JobState("")
					if from+250 >= size {
						end = ledger.JobDone
					}
					record(b, l, run, job, results[from:min(from+250, size)], end)
				}
			}
		})
	}
}

// heap returns the memory in use, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
