package fakeapi

import (
	"encoding/json"
	"hash/maphash"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxContacts is the most contacts that are counted; calls of others are in Stats.Uncounted.
	maxContacts = 5_000_000
	shards      = 64
	maxStatus   = 600
)

// Stats are the counts. GET /_stats returns them as JSON.
type Stats struct {
	// Calls counts the requests POST /contact and POST /contacts whose body was read, and GET /contacts/results, whatever the
	// answer was.
	Calls int64 `json:"calls"`
	// Statuses counts calls by the status of their answer, sent or not; 0: no answer was ordered.
	Statuses map[int]int64 `json:"statuses"`
	// Faults counts calls by the fault that applied to them.
	Faults map[string]int64 `json:"faults"`
	// Charged is the credits charged, even if the answer did not arrive. CreditsLeft is the credits that are left.
	Charged     int64 `json:"charged"`
	CreditsLeft int64 `json:"credits_left"`
	// RefusedKeys counts calls without a valid key, RateLimited calls above the limit.
	RefusedKeys int64 `json:"refused_keys"`
	RateLimited int64 `json:"rate_limited"`
	// Unread counts requests POST /contact that ended before their body was read: they are not calls.
	Unread int64 `json:"unread"`
	// Strays counts requests with other paths or methods, Redirected those that followed a redirect, and RedirectedWithKey
	// those of them that had the key.
	Strays            int64 `json:"strays"`
	StraysWithKey     int64 `json:"strays_with_key"`
	Redirected        int64 `json:"redirected"`
	RedirectedWithKey int64 `json:"redirected_with_key"`
	// Downloads counts requests to a download_url, which are strays too; DownloadsWithKey those of them that had the key.
	Downloads        int64 `json:"downloads"`
	DownloadsWithKey int64 `json:"downloads_with_key"`
	// Submissions and Polls are the calls of POST /contacts and GET /contacts/results. Jobs counts the accepted submissions, whether
	// the client was told or not, JobContacts their contacts, and Fetches the polls of a job that was done.
	Submissions int64 `json:"submissions"`
	Polls       int64 `json:"polls"`
	Jobs        int64 `json:"jobs"`
	JobContacts int64 `json:"job_contacts"`
	Fetches     int64 `json:"fetches"`
	// InFlight is the number of calls without an answer yet, PeakInFlight the most so far.
	InFlight     int64 `json:"in_flight"`
	PeakInFlight int64 `json:"peak_in_flight"`
	// Contacts counts calls by contact: its address in lower case, or its other fields if it has none. A submission counts for
	// each of its contacts. ContactCharges counts the credits charged for each, by single calls and jobs, and IDCharges those
	// charged by jobs for each enrich_id in custom_fields.
	Contacts       map[string]int64 `json:"contacts,omitempty"`
	ContactCharges map[string]int64 `json:"contact_charges,omitempty"`
	IDCharges      map[string]int64 `json:"id_charges,omitempty"`
	// Uncounted counts the calls of contacts that are not in Contacts because there are too many.
	Uncounted int64 `json:"uncounted,omitempty"`
	// Arrivals are the first calls in the order of their numbers.
	Arrivals []Arrival `json:"arrivals,omitempty"`
}

// An Arrival is when the body of a call was read, since the server's start.
type Arrival struct {
	At      time.Duration `json:"at_ns"`
	Contact string        `json:"contact"`
}

// A tally counts. Each call is counted before its answer is written.
type tally struct {
	start time.Time

	calls, charged, refusedKeys, limited, unread atomic.Int64
	strays, redirected, withKey, uncounted       atomic.Int64
	strayKeys, downloads, downloadKeys           atomic.Int64
	jobs, jobContacts, fetches                   atomic.Int64
	inFlight, peak                               atomic.Int64
	statuses                                     [maxStatus]atomic.Int64
	seed                                         maphash.Seed
	contacts, ids                                [shards]shard
	known                                        atomic.Int64
	uncharged                                    bool // charges are not counted by contact

	mu       sync.Mutex
	faults   map[string]int64
	arrivals []Arrival
	limit    int
}

type shard struct {
	mu    sync.Mutex
	calls map[string]count
}

// A count is what one contact did and cost.
type count struct{ calls, charges int64 }

func newTally(o Options) *tally {
	t := &tally{start: time.Now(), seed: maphash.MakeSeed(), faults: map[string]int64{}, limit: o.Arrivals, uncharged: o.Uncounted}
	for i := range t.contacts {
		t.contacts[i].calls, t.ids[i].calls = map[string]count{}, map[string]count{}
	}
	return t
}

// enter counts a call and returns its number, from 1.
func (t *tally) enter(contact string) (number int64) {
	now := t.inFlight.Add(1)
	for peak := t.peak.Load(); now > peak && !t.peak.CompareAndSwap(peak, now); peak = t.peak.Load() {
	}
	if t.limit == 0 {
		return t.calls.Add(1)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	number = t.calls.Add(1)
	if len(t.arrivals) < t.limit {
		t.arrivals = append(t.arrivals, Arrival{time.Since(t.start), contact})
	}
	return number
}

// turn counts a call of one contact and returns the number of its calls so far, this one included.
func (t *tally) turn(contact string) int64 {
	n, known := t.add(&t.contacts, contact, count{calls: 1})
	if !known {
		t.uncounted.Add(1)
		return 1
	}
	return n.calls
}

// charge counts a credit that was charged for a contact, and for its id if it was in a job.
func (t *tally) charge(contact, id string) {
	t.charged.Add(1)
	if t.uncharged {
		return
	}
	t.add(&t.contacts, contact, count{charges: 1})
	if id != "" {
		t.add(&t.ids, id, count{charges: 1})
	}
}

// add adds to a count and returns the sum, or false if there are too many contacts.
func (t *tally) add(to *[shards]shard, name string, more count) (count, bool) {
	s := &to[maphash.String(t.seed, name)%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	n, known := s.calls[name]
	if !known && t.known.Add(1) > maxContacts {
		t.known.Add(-1)
		return count{}, false
	}
	n.calls += more.calls
	n.charges += more.charges
	s.calls[name] = n
	return n, true
}

// stray counts a request that is not a call.
func (t *tally) stray(withKey bool) {
	t.strays.Add(1)
	if withKey {
		t.strayKeys.Add(1)
	}
}

// download counts a request to a download_url.
func (t *tally) download(withKey bool) {
	t.downloads.Add(1)
	if withKey {
		t.downloadKeys.Add(1)
	}
}

func (t *tally) fault(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults[name]++
}

func (t *tally) redirect(withKey bool) {
	t.redirected.Add(1)
	if withKey {
		t.withKey.Add(1)
	}
}

// Stats returns the counts at this moment. They include every call whose answer has begun to arrive.
func (s *Server) Stats() Stats {
	t := s.tally
	stats := Stats{
		Calls: t.calls.Load(), Statuses: map[int]int64{}, Faults: map[string]int64{}, Charged: t.charged.Load(),
		CreditsLeft: s.account.credits.Load(), RefusedKeys: t.refusedKeys.Load(), RateLimited: t.limited.Load(),
		Unread: t.unread.Load(), Strays: t.strays.Load(), Redirected: t.redirected.Load(), RedirectedWithKey: t.withKey.Load(),
		StraysWithKey: t.strayKeys.Load(), Downloads: t.downloads.Load(), DownloadsWithKey: t.downloadKeys.Load(),
		Submissions: s.submit.calls.Load(), Polls: s.poll.calls.Load(), Jobs: t.jobs.Load(), JobContacts: t.jobContacts.Load(), Fetches: t.fetches.Load(),
		InFlight: t.inFlight.Load(), PeakInFlight: t.peak.Load(), Uncounted: t.uncounted.Load(),
	}
	for status := range t.statuses {
		if n := t.statuses[status].Load(); n > 0 {
			stats.Statuses[status] = n
		}
	}
	t.mu.Lock()
	for name, n := range t.faults {
		stats.Faults[name] = n
	}
	stats.Arrivals = append(stats.Arrivals, t.arrivals...)
	t.mu.Unlock()
	if !s.options.Uncounted {
		stats.Contacts = byName(&t.contacts, func(n count) int64 { return n.calls })
		stats.ContactCharges = byName(&t.contacts, func(n count) int64 { return n.charges })
		stats.IDCharges = byName(&t.ids, func(n count) int64 { return n.charges })
	}
	return stats
}

// byName returns one number of each count, without zeros.
func byName(shards *[shards]shard, number func(count) int64) map[string]int64 {
	all := map[string]int64{}
	for i := range shards {
		s := &shards[i]
		s.mu.Lock()
		for name, n := range s.calls {
			if n := number(n); n > 0 {
				all[name] = n
			}
		}
		s.mu.Unlock()
	}
	return all
}

func (s *Server) serveStats(w http.ResponseWriter) {
	body, err := json.Marshal(s.Stats())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.writeHead(w, http.StatusOK, len(body)+1)
	_, _ = w.Write(append(body, '\n')) // the client notices
}
