package client

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sourcegraph/conc"

	"enrich/contact"
)

// A harness sends rows through a client as the pipeline does: in order, a bounded number at once. It stops, repeats questions
// that wait or were lost, and decides 404s that came before any answer. It has no ledger.
type harness struct {
	client        *Client
	workers       int
	lostRetries   int
	soft, hard    context.Context
	stopSoft      context.CancelFunc
	retry         func() (reached string)
	knownRejected bool // earlier runs saw every contact refused

	mu       sync.Mutex
	stopped  contact.Stop
	detail   string
	results  map[int64][]contact.Result // each row's results, in order
	notFound []int64
}

func newHarness(t testing.TB, workers int, o Options) *harness {
	t.Helper()
	o.Workers = workers
	if o.URL == "" {
		o.URL = "http://127.0.0.1:1"
	}
	if o.Key.secret == "" {
		o.Key = Key{"secret-key-1"}
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	soft, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	return &harness{client: c, workers: workers, lostRetries: 2, soft: soft, hard: t.Context(), stopSoft: stop, results: map[int64][]contact.Result{}}
}

// email returns the address of a row, by which the test servers know the row.
func email(row int64) string { return fmt.Sprintf("row%d@x.com", row) }

// run sends rows 1 to n, and returns when all have a result.
func (h *harness) run(n int64) {
	jobs := make(chan *contact.Question, 2*h.workers)
	back := make(chan *contact.Question, n)
	permits := make(chan struct{}, 2*h.workers)
	var workers, waiting conc.WaitGroup
	for range h.workers {
		workers.Go(func() {
			for q := range jobs {
				r, wait := h.client.Ask(h.soft, h.hard, q)
				if wait > 0 {
					waiting.Go(func() {
						h.sleep(wait)
						jobs <- q
					})
					continue
				}
				if again := h.record(q, r); again != nil {
					back <- again
					continue
				}
				<-permits
			}
		})
	}
	queue := func(q *contact.Question) {
		h.client.Queue(q)
		jobs <- q
	}
	takePermit := func() {
		for {
			select {
			case permits <- struct{}{}:
				return
			case q := <-back:
				queue(q)
			}
		}
	}
	for row := int64(1); row <= n && h.soft.Err() == nil; row++ {
		takePermit()
		queue(&contact.Question{Row: row, Contact: contact.Contact{Email: email(row)}, Retry: h.retry, Refused: h.knownRejected})
	}
	for range cap(permits) {
		takePermit()
	}
	close(jobs)
	workers.Wait()
	waiting.Wait()
	h.decideNotFound()
}

// record records a question's result, and returns the question that repeats it if the call was lost; otherwise nil.
func (h *harness) record(q *contact.Question, r contact.Result) (again *contact.Question) {
	h.mu.Lock()
	defer h.mu.Unlock()
	row := q.Row
	h.results[row] = append(h.results[row], r)
	if r.Stop != "" {
		if h.stopped == "" {
			h.stopped, h.detail = r.Stop, r.StopDetail
		}
		h.stopSoft()
	}
	if r.Undecided {
		h.notFound = append(h.notFound, row)
	}
	if !r.Again || h.soft.Err() != nil || h.lost(row) > h.lostRetries {
		return nil
	}
	again = new(*q)
	again.Attempts, again.Elapsed = r.Outcome.Attempts, r.Elapsed
	return again
}

// sleep waits for a question's own backoff, or for the stop.
func (h *harness) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-h.soft.Done():
	}
}

func (h *harness) lost(row int64) (n int) {
	for _, r := range h.results[row] {
		if r.Outcome.Kind == contact.Lost {
			n++
		}
	}
	return n
}

// decideNotFound decides 404s that came before any answer, as the pipeline does at the end.
func (h *harness) decideNotFound() {
	answered := h.client.Answered()
	for _, row := range h.notFound {
		if answered || h.stopped == "" {
			last := &h.results[row][len(h.results[row])-1]
			last.Outcome = last.Decide(answered)
		}
	}
}

// last returns how a row ended.
func (h *harness) last(row int64) contact.Outcome {
	rs := h.results[row]
	if len(rs) == 0 {
		return contact.Outcome{}
	}
	return rs[len(rs)-1].Outcome
}

// kinds counts the rows by their outcomes.
func (h *harness) kinds() map[contact.Kind]int {
	n := map[contact.Kind]int{}
	for row := range h.results {
		n[h.last(row).Kind]++
	}
	return n
}

var workerCounts = []int{1, 2, 8, 64}

// withWorkers runs a test in fake time, once for each number of workers.
func withWorkers(t *testing.T, f func(t *testing.T, workers int)) {
	t.Helper()
	for _, workers := range workerCounts {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, workers) })
		})
	}
}
