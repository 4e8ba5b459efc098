package fakeapi

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"

	"enrich/client/fakeapi/internal/results"
)

// A poll is GET /contacts/results/ID.json.
type poll struct {
	job *job // nil: unknown
}

// state returns the status of the poll: 202 until the job is done, 200 until it expires, then 404.
func (p *poll) state(now time.Time) int {
	switch {
	case p.job == nil || !now.Before(p.job.expires):
		return http.StatusNotFound
	case now.Before(p.job.done):
		return http.StatusAccepted
	}
	return http.StatusOK
}

// serve answers as documented, or as it was ordered for the job if that is done.
func (p *poll) serve(c *call) {
	if p.state(c.now()) != http.StatusOK {
		p.build(c)
		c.send(c.status)
		return
	}
	c.turn = p.job.fetches.Add(1)
	c.tally.fetches.Add(1)
	if o := c.jobs.order(p.job, c.turn, c.options.Seed); o != nil && !c.healed.Load() {
		c.obey(o)
		return
	}
	p.stream(c, "", "")
}

// resultsBuffer is how many bytes of the results are written at once.
const resultsBuffer = 64 << 10

// stream writes the results with one of the faults that package results has, or with matches of a size in bytes.
func (p *poll) stream(c *call, fault, size string) {
	c.begin(http.StatusOK)
	c.writeHead(c.w, http.StatusOK, -1)
	w := bufio.NewWriterSize(c.w, resultsBuffer)
	if p.write(c, w, fault, size) == nil {
		_ = w.Flush() // the client may have left
	}
}

func (p *poll) write(c *call, w io.Writer, fault, size string) error {
	return results.Write(w, &contacts{p.job, size}, results.Options{
		Fault: fault, Seed: uint64(p.job.number) ^ uint64(c.options.Seed), SkipUnpaid: c.options.Bulk.UnpaidMissing,
	})
}

// build makes the answer in memory, which only faults need.
func (p *poll) build(c *call) bool {
	switch c.status = p.state(c.now()); c.status {
	case http.StatusAccepted:
		c.appendRunning()
	case http.StatusNotFound:
		c.out = appendError(c.out, c.status, unknownJob)
	default:
		var b bytes.Buffer
		_ = p.write(c, &b, "", "") // a buffer never fails
		c.out = append(c.out, b.Bytes()...)
	}
	return true
}

func (p *poll) spend(*call) {}

const unknownJob = "The job is unknown or has expired."

// running answers that a job is not done.
func (c *call) running() {
	c.appendRunning()
	c.send(http.StatusAccepted)
}

func (c *call) appendRunning() {
	if text := c.options.Bulk.RetryAfter; text != "" {
		c.w.Header().Set("Retry-After", text)
	}
	c.out = appendError(c.out, http.StatusAccepted, "The job is running.")
}

// contacts are a job's, as its results have them.
type contacts struct {
	*job
	size string // of each match in bytes; empty: as it is
}

func (j *contacts) Len() int { return len(j.rows) }

func (j *contacts) Fields(i int) []byte { return j.rows[i].fields }

func (j *contacts) Matched(i int) bool { return !j.rows[i].unpaid && !j.rows[i].shape.misses() }

func (j *contacts) Unpaid(i int) bool { return j.rows[i].unpaid }

func (j *contacts) Left() int64 { return j.left }

// unpaid is the element of a contact that the credits were not enough for.
const unpaid = `{"credit_charged":false,"error":"You are out of credits.","remaining_credits":0}`

// Append appends the contact of the single answer.
func (j *contacts) Append(b []byte, i int) []byte {
	r := &j.rows[i]
	if r.unpaid {
		return append(b, unpaid...)
	}
	size := r.size
	if j.size != "" && !r.shape.misses() {
		size = j.size
	}
	n, err := strconv.Atoi(size)
	if err != nil {
		return r.appendContact(b, r.shape)
	}
	contact := r.appendContact(nil, r.shape)
	return append(b, padAt(contact, len(contact)-1, n)...)
}
