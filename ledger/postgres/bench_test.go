//go:build unix

package postgres_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

// benchGroup is how many intents and outcomes a commit has when a run is fast: three quarters of the permits of 32 workers.
const benchGroup = 48

// BenchmarkCommit sends contacts in groups: each commit has the outcomes of the group before and the intents of the next one. It
// reports the bytes of the write-ahead log and this process's CPU time for each contact.
func BenchmarkCommit(b *testing.B) {
	url := newLedger(b)
	l := open(b, postgres.Options{URL: url})
	run := ledgertest.Begin(b, l)
	wal := func() int64 {
		return query(b, url, "SELECT (pg_current_wal_lsn() - '0/0')::bigint")[0][0].(int64)
	}
	intents, outcomes := make([]ledger.Intent, benchGroup), make([]contact.Outcome, benchGroup)
	before, cpu, n := wal(), cpuTime(), 0
	var prepared time.Duration
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		start := cpuTime()
		var last []contact.Outcome
		if n > 0 {
			last = outcomes
			for i := range outcomes {
				outcomes[i] = ledgertest.Outcome(n-benchGroup+i, contact.Matched)
			}
		}
		for i := range intents {
			intents[i] = ledgertest.Person(n + i)
			intents[i].Seen = 1
		}
		n += benchGroup
		prepared += cpuTime() - start
		if _, err := l.Commit(b.Context(), run, intents, last); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	used := cpuTime() - cpu - prepared
	for _, row := range query(b, url, "SELECT relname, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE n_tup_upd > 0") {
		b.Log(row)
	}
	b.ReportMetric(float64(wal()-before)/float64(n), "wal-B/contact")
	b.ReportMetric(float64(used.Nanoseconds())/float64(n)/1e3, "cpu-µs/contact")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n)/1e3, "µs/contact")
}

// BenchmarkStates looks contacts up in batches, half of them known.
func BenchmarkStates(b *testing.B) {
	const known, batch = 20_000, 256
	url := newLedger(b)
	l := open(b, postgres.Options{URL: url})
	run := ledgertest.Begin(b, l)
	for n := 0; n < known; n += 1000 {
		var intents []ledger.Intent
		var outcomes []contact.Outcome
		for i := range 1000 {
			intents, outcomes = append(intents, ledgertest.Person(n+i)), append(outcomes, ledgertest.Outcome(n+i, contact.Matched))
		}
		ledgertest.Commit(b, l, run, intents, outcomes...)
	}
	keys := make([][]contact.Keys, 2*known/batch)
	for i := range keys {
		for n := range batch {
			keys[i] = append(keys[i], ledgertest.Person((i*batch+n)*7919%(2*known)).Keys)
		}
	}
	states := make([]ledger.State, batch)
	runtime.GC()
	cpu := cpuTime()
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if err := l.States(b.Context(), keys[i%len(keys)], states); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/float64(b.N*batch)/1e3, "cpu-µs/row")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch)/1e3, "µs/row")
}

func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkJob submits a job of as many contacts as one can have, with answers that are much larger than usual, and records its
// results in the groups in which a run does. It reports the time of each part, and the most memory that the store had in use.
func BenchmarkJob(b *testing.B) {
	const contacts, group, size = 10_000, 35, 30_000 // 1 MiB in a group
	url := newLedger(b)
	body := append([]byte(`{"contact":{"credit_charged":true,"email":"a@b.example","title":"`), make([]byte, size)...)
	for i := range body[len(body)-size:] {
		body[len(body)-size+i] = 'a' + byte(i%26)
	}
	body = append(body, `"}}`...)
	var commit, read, record time.Duration
	for n := range b.N {
		l := open(b, postgres.Options{URL: url})
		run := ledgertest.Begin(b, l)
		intents := make([]ledger.Intent, contacts)
		for i := range intents {
			intents[i] = ledgertest.Person(n*contacts + i)
		}
		memory := watchHeap()
		start := time.Now()
		job, _, err := l.CommitJob(b.Context(), run, intents)
		check(b, err)
		commit += time.Since(start)
		check(b, l.OpenJob(b.Context(), job, "api", time.Time{}))
		start = time.Now()
		check(b, l.JobContacts(b.Context(), job, func(ledger.JobContact) error { return nil }))
		read += time.Since(start)
		start = time.Now()
		for i := 0; i < contacts; i += group {
			var outcomes []contact.Outcome
			for k := i; k < min(i+group, contacts); k++ {
				o := ledgertest.Outcome(n*contacts+k, contact.Matched)
				o.Body = body
				outcomes = append(outcomes, o)
			}
			check(b, l.CommitResults(b.Context(), run, job, outcomes, nil, ""))
		}
		check(b, l.CommitResults(b.Context(), run, job, nil, nil, ledger.JobDone))
		record += time.Since(start)
		b.ReportMetric(float64(memory())/(1<<20), "heap-MiB")
		check(b, l.Finish(b.Context(), run, "", 0))
		check(b, l.Close())
	}
	for name, d := range map[string]time.Duration{"commit": commit, "contacts": read, "results": record} {
		b.ReportMetric(d.Seconds()*1000/float64(b.N), name+"-ms")
	}
}

// watchHeap measures how much the heap grows, every millisecond until its result is called, which returns the most.
func watchHeap() (most func() uint64) {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, peak := m.HeapAlloc, m.HeapAlloc
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-done
		return peak - before
	}
}
