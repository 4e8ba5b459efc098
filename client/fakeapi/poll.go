package fakeapi

import (
	"bufio"
	"io"
	"net/http"
	"strconv"
	"time"
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
	fetch := p.job.fetches.Add(1)
	c.tally.fetches.Add(1)
	if o := c.jobs.order(p.job, fetch, c.options.Seed); o != nil {
		c.obey(o)
		return
	}
	c.begin(http.StatusOK)
	c.writeHead(c.w, http.StatusOK, -1)
	w := bufio.NewWriterSize(c.w, resultsBuffer)
	p.job.write(w, &c.options)
	_ = w.Flush() // the client may have left
}

// resultsBuffer is how many bytes of the results are written at once.
const resultsBuffer = 64 << 10

// build makes the answer in memory, which only faults need.
func (p *poll) build(c *call) bool {
	switch c.status = p.state(c.now()); c.status {
	case http.StatusAccepted:
		if c.options.Bulk.RetryAfter != "" {
			c.w.Header().Set("Retry-After", c.options.Bulk.RetryAfter)
		}
		c.out = appendError(c.out, c.status, "The job is running.")
	case http.StatusNotFound:
		c.out = appendError(c.out, c.status, "The job is unknown or has expired.")
	default:
		var b sliceWriter
		p.job.write(&b, &c.options)
		c.out = append(c.out, b...)
	}
	return true
}

func (p *poll) spend(*call) {}

type sliceWriter []byte

func (w *sliceWriter) Write(b []byte) (int, error) {
	*w = append(*w, b...)
	return len(b), nil
}

// write writes the results of a job. It stops if the client has left.
func (j *job) write(w io.Writer, o *Options) {
	b := []byte(`{"contacts":[`)
	listed := 0
	for i := range j.rows {
		r := &j.rows[i]
		if r.unpaid && o.Bulk.UnpaidMissing {
			continue
		}
		if listed++; listed > 1 {
			b = append(b, ',')
		}
		b = r.appendElement(b)
		if _, err := w.Write(b); err != nil {
			return
		}
		b = b[:0]
	}
	_, _ = w.Write(append(b, `]}`...)) // the client may have left
}

// unpaid is the element of a contact that the credits were not enough for.
const unpaid = `{"credit_charged":false,"error":"You are out of credits.","remaining_credits":0}`

// appendElement writes the contact of the single answer and its custom_fields: at its end, or for half of the contacts at its
// start, since the API's documents give no order.
func (r *row) appendElement(b []byte) []byte {
	element := []byte(unpaid)
	if !r.unpaid {
		element = r.appendContact(nil, r.shape)
		if n, err := strconv.Atoi(r.size); err == nil {
			element = padAt(element, len(element)-1, n)
		}
	}
	if r.hash&1 == 0 {
		b = append(append(b, `{"custom_fields":`...), r.fields...)
		return append(append(b, ','), element[1:]...)
	}
	b = append(b, element[:len(element)-1]...)
	return append(append(append(b, `,"custom_fields":`...), r.fields...), '}')
}
