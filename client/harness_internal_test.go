package client

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sourcegraph/conc"

	"enrich/contact"
)

// A harness asks about rows as the pipeline does: in order, a bounded number at once, with the stop, the coming back of
// contacts that wait or were lost, and the deciding of early 404s. It holds no ledger.
type harness struct {
	client        *Client
	workers       int
	lostRetries   int
	soft, hard    context.Context
	stopSoft      context.CancelFunc
	retry         func() bool
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

// email is the address of a row: what a test's server knows rows by.
func email(row int64) string { return fmt.Sprintf("row%d@x.com", row) }

// run asks about rows 1 to n, and returns when all have ended.
func (c *harness) run(n int64) {
	jobs := make(chan *contact.Question, 2*c.workers)
	back := make(chan *contact.Question, n)
	permits := make(chan struct{}, 2*c.workers)
	var workers, waiting conc.WaitGroup
	for range c.workers {
		workers.Go(func() {
			for q := range jobs {
				r, wait := c.client.Ask(c.soft, c.hard, q)
				if wait > 0 {
					waiting.Go(func() {
						c.sleep(wait)
						jobs <- q
					})
					continue
				}
				if again := c.record(q, r); again != nil {
					back <- again
					continue
				}
				<-permits
			}
		})
	}
	queue := func(q *contact.Question) {
		c.client.Queue(q)
		jobs <- q
	}
	for row := int64(1); row <= n && c.soft.Err() == nil; row++ {
		taken := false
		for !taken {
			select {
			case permits <- struct{}{}:
				queue(&contact.Question{Row: row, Contact: contact.Contact{Email: email(row)}, Retry: c.retry, Refused: c.knownRejected})
				taken = true
			case q := <-back:
				queue(q)
			}
		}
	}
	for range cap(permits) {
		for taken := false; !taken; {
			select {
			case permits <- struct{}{}:
				taken = true
			case q := <-back:
				queue(q)
			}
		}
	}
	close(jobs)
	workers.Wait()
	waiting.Wait()
	c.decideNotFound()
}

// record takes a question's result, and returns the question that repeats it if the call was lost; nil: none does.
func (c *harness) record(q *contact.Question, r contact.Result) (again *contact.Question) {
	c.mu.Lock()
	defer c.mu.Unlock()
	row := q.Row
	c.results[row] = append(c.results[row], r)
	if r.Stop != "" {
		if c.stopped == "" {
			c.stopped, c.detail = r.Stop, r.StopDetail
		}
		c.stopSoft()
	}
	if r.Absent {
		c.notFound = append(c.notFound, row)
	}
	if !r.Again || c.soft.Err() != nil || c.lost(row) > c.lostRetries {
		return nil
	}
	again = new(*q)
	again.Attempts, again.Elapsed = r.Outcome.Attempts, r.Elapsed
	return again
}

// waitReason waits for a question's own backoff, or for the stop.
func (c *harness) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.soft.Done():
	}
}

func (c *harness) lost(row int64) (n int) {
	for _, r := range c.results[row] {
		if r.Outcome.Kind == contact.Lost {
			n++
		}
	}
	return n
}

// decideNotFound is what the pipeline does with early 404s at the end.
func (c *harness) decideNotFound() {
	proved := c.client.Proved()
	for _, row := range c.notFound {
		if proved || c.stopped == "" {
			last := &c.results[row][len(c.results[row])-1]
			last.Outcome = last.Decide(proved)
		}
	}
}

// isLast is how a row ended.
func (c *harness) last(row int64) contact.Outcome {
	rs := c.results[row]
	if len(rs) == 0 {
		return contact.Outcome{}
	}
	return rs[len(rs)-1].Outcome
}

// kinds counts the rows by how they ended.
func (c *harness) kinds() map[contact.Kind]int {
	n := map[contact.Kind]int{}
	for row := range c.results {
		n[c.last(row).Kind]++
	}
	return n
}
