package client

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"enrich/client/internal/jobresults"
	"enrich/contact"
	"enrich/internal/jsonscan"
	"enrich/internal/tempfile"
)

// A jobRequest is a request of a bulk job.
type jobRequest struct {
	template *http.Request
	body     *jobBody // of a submission; nil: the request is for results
	limit    int64    // of the results, in bytes
}

// newRequest returns a request that the transport cannot send twice: it has a body, but no GetBody.
func (j *jobRequest) newRequest(ctx context.Context) *http.Request {
	r := j.template.WithContext(ctx)
	if j.body == nil {
		r.Body = io.NopCloser(strings.NewReader(""))
		return r
	}
	r.Body, r.ContentLength = j.body.newReader(), j.body.length
	return r
}

// isSubmission reports whether the request submits a job. It may be charged for each contact of the job.
func (j *jobRequest) isSubmission() bool { return j != nil && j.body != nil }

// isForResults reports whether the request is for the results of a job, and a response with this status has them.
func (j *jobRequest) isForResults(status int) bool {
	return j != nil && j.body == nil && needsBody(status)
}

// receive reads results of any size into a temporary file. Each MiB of them may take as long as a whole call.
func (c *Client) receive(x *exchange, resp *http.Response, r *reply) {
	file, err := jobresults.Receive(resp.Body, resp.Header, x.job.limit, c.redactor, func() { x.deadline.extend(c.o.Timeout) })
	_ = resp.Body.Close() // what was needed of it was read
	switch {
	case errors.Is(err, tempfile.ErrFailed):
		r.storageErr = err
		return
	case err != nil:
		r.err, r.delivery = x.deadline.errorOf(err), deliveryCut
	}
	r.results = file
}

// resultsURL returns the URL of the results of a job. The id, which came from the API, is one segment of the path.
func (c *Client) resultsURL(id string) (*url.URL, error) {
	return url.Parse(c.o.URL + "/contacts/results/" + url.PathEscape(id) + ".json")
}

// A jobFormat is how contacts become the body of a submission.
type jobFormat struct {
	emailAs string
	// constants are the members of every contact, and custom those of its custom_fields.
	constants, custom []byte
}

func newJobFormat(o *Options) jobFormat {
	f := jobFormat{emailAs: o.jobEmailAs}
	for name, value := range jsonscan.Members(o.Set.JSON()) {
		if name == "custom_fields" { // ParseConstants has checked that it is an object
			f.custom = append(f.custom, value[1:len(value)-1]...)
			continue
		}
		f.constants = append(jsonscan.AppendString(append(f.constants, ','), name), ':')
		f.constants = append(f.constants, value...)
	}
	return f
}

// appendContact appends a contact as a member of a submission.
func (f *jobFormat) appendContact(b []byte, q *contact.Question) []byte {
	b = append(b, '{')
	start := len(b)
	b = q.Contact.AppendMembers(b, f.emailAs)
	if len(b) > start {
		b = append(b, ',')
	}
	b = append(b, `"custom_fields":{"`+jobresults.IDField+`":"`...)
	b = append(hex.AppendEncode(b, q.Keys.Request[:]), '"')
	if len(f.custom) > 0 {
		b = append(append(b, ','), f.custom...)
	}
	b = append(append(b, '}'), f.constants...)
	return append(b, '}')
}

// jobBuffer is how much of a submission is made at once.
const jobBuffer = 16 << 10

// A jobBody is the body of a submission. It is made while it is sent, so that a large job takes no memory of its own.
type jobBody struct {
	format   *jobFormat
	contacts []*contact.Question
	length   int64 // in bytes

	mu     sync.Mutex
	reader *jobReader // the latest; others are closed
}

// A jobReader reads a jobBody once.
type jobReader struct {
	body *jobBody
	buf  []byte
	at   int   // what of buf was read
	next int   // the contact that comes next
	read int64 // bytes
}

// errBodyClosed is what the transport gets if it reads on after the call has ended.
var errBodyClosed = errors.New("the request was ended")

func newJobBody(f *jobFormat, contacts []*contact.Question) *jobBody {
	b := &jobBody{format: f, contacts: contacts}
	r := &jobReader{body: b}
	for more := true; more; {
		more = r.fill()
		b.length += int64(len(r.buf))
	}
	return b
}

// newReader returns a reader of the whole body, and closes the one before: the transport may still have that.
func (b *jobBody) newReader() *jobReader {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reader = &jobReader{body: b}
	return b.reader
}

// close ends the use of the contacts, and reports whether the transport has read all of the body. If not, the API cannot have
// all of it.
func (b *jobBody) close() (complete bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	complete = b.reader != nil && b.reader.read == b.length
	b.reader = nil
	return complete
}

// Read implements [io.Reader].
func (r *jobReader) Read(p []byte) (int, error) {
	r.body.mu.Lock()
	defer r.body.mu.Unlock()
	switch {
	case r.body.reader != r:
		return 0, errBodyClosed
	case r.at == len(r.buf) && !r.fill() && len(r.buf) == 0:
		return 0, io.EOF
	}
	n := copy(p, r.buf[r.at:])
	r.at += n
	r.read += int64(n)
	return n, nil
}

// Close implements [io.Closer].
func (r *jobReader) Close() error { return nil }

// fill makes the next part of the body, and reports whether more follows.
func (r *jobReader) fill() (more bool) {
	b := r.buf[:0]
	n := len(r.body.contacts)
	if r.next == 0 {
		b = append(b, `{"contacts":[`...)
	}
	for ; r.next < n && len(b) < jobBuffer; r.next++ {
		if r.next > 0 {
			b = append(b, ',')
		}
		b = r.body.format.appendContact(b, r.body.contacts[r.next])
	}
	if r.next == n {
		b = append(b, "]}"...)
		r.next++
	}
	r.buf, r.at = b, 0
	return r.next <= n
}
