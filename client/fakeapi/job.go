package fakeapi

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A row is a contact of a job.
type row struct {
	person
	fields []byte // its custom_fields, as they came
	shape  shape
	size   string // of the element in bytes; empty: as it is
	unpaid bool   // the credits ran out before it
}

// A job is an accepted submission.
type job struct {
	id      string
	number  int64 // from 1, over all jobs
	done    time.Time
	expires time.Time
	left    int64 // credits after it
	rows    []row
	polls   atomic.Int64
	fetches atomic.Int64
}

// jobs are the jobs that have not expired, and some that have.
type jobs struct {
	faults []fault
	most   int // contacts in jobs that have not expired

	mu       sync.Mutex
	byID     map[string]*job
	accepted int64
	contacts int // in byID
}

func newJobs(o *Options) (*jobs, error) {
	faults, err := prepare(o.Bulk.JobFaults, onJob)
	return &jobs{faults: faults, most: maxJobsContacts, byID: map[string]*job{}}, err
}

// find returns a job by its id, or nil.
func (js *jobs) find(id string) *job {
	js.mu.Lock()
	defer js.mu.Unlock()
	return js.byID[id]
}

// admits reports whether n more contacts may be in jobs. It forgets the jobs that have expired.
func (js *jobs) admits(n int, now time.Time) bool {
	js.mu.Lock()
	defer js.mu.Unlock()
	for id, j := range js.byID {
		if !now.Before(j.expires) {
			delete(js.byID, id)
			js.contacts -= len(j.rows)
		}
	}
	return js.contacts+n <= js.most
}

// number gives a job its number and its id.
func (js *jobs) number(j *job, seed int64) {
	js.mu.Lock()
	defer js.mu.Unlock()
	js.accepted++
	j.number = js.accepted
	j.id = "job-" + strconv.FormatUint(mix(uint64(j.number)^mix(uint64(seed))), 36) + "-" + strconv.FormatInt(j.number, 10)
}

// add makes a job known under its id. It replaces another job with this id.
func (js *jobs) add(j *job) {
	js.mu.Lock()
	defer js.mu.Unlock()
	if before := js.byID[j.id]; before != nil {
		js.contacts -= len(before.rows)
	}
	js.byID[j.id] = j
	js.contacts += len(j.rows)
}

// order returns what was ordered for the results of a job at a fetch, or nil.
func (js *jobs) order(j *job, fetch, seed int64) *order {
	roll := mix(uint64(j.number) ^ mix(uint64(seed)+1))
	for i := range js.faults {
		if o := js.faults[i].at(j.number, fetch, mix(roll+uint64(i))); o != nil {
			return o
		}
	}
	return nil
}
