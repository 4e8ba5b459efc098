package client

import (
	"errors"
	"io"
	"net/http"
	"time"

	"enrich/client/internal/jobresults"
	"enrich/contact"
)

// jobResults implements [contact.JobResults].
type jobResults struct {
	file   *jobresults.File
	reader *jobresults.Reader
	at     time.Time // when the results came
	stats  *stats    // of the client: it takes the credits that the results state
}

func newJobResults(r *reply, s *stats) *jobResults {
	return &jobResults{file: r.results, reader: jobresults.NewReader(r.results), at: r.at.UTC().Truncate(time.Millisecond), stats: s}
}

// begin reports whether the results have a list of contacts. If not, it returns the body, unless that is large. An error is
// the storage's.
func (j *jobResults) begin() (hasContacts bool, body []byte, err error) {
	defer j.reader.Rewind()
	_, err = j.reader.Next()
	if isStorageError(err) {
		return false, nil, err
	}
	if j.reader.HasContacts() || j.file.Size() > maxBody {
		return j.reader.HasContacts(), nil, nil
	}
	body, err = io.ReadAll(j.file.Text())
	return false, body, err
}

// isComplete reports whether the results can be read to their end.
func (j *jobResults) isComplete() bool {
	defer j.reader.Rewind()
	for {
		if _, err := j.reader.Next(); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

func isStorageError(err error) bool {
	return err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, contact.ErrResults)
}

// Next implements [contact.JobResults].
func (j *jobResults) Next() (contact.JobResult, error) {
	e, err := j.reader.Next()
	if errors.Is(err, io.EOF) {
		j.stats.recordRemaining(j.reader.Remaining(), j.at)
	}
	if err != nil {
		return contact.JobResult{}, err
	}
	r := contact.JobResult{Key: e.Key, Identified: e.HasKey, OutOfCredits: e.OutOfCredits, Raw: e.Raw}
	a := &e.Answer
	if a.Body == nil { // it is not an object
		return r, nil
	}
	r.Outcome = contact.Outcome{
		Kind: a.Kind(), At: j.at, Status: http.StatusOK, Attempts: 1, Charged: a.Charged, ChargeUnknown: a.ChargeUnknown,
		Message: bounded(a.Error), Body: a.Body,
	}
	if e.NotDone {
		r.Outcome.Kind, r.Outcome.Body = contact.Released, nil
	}
	return r, nil
}

// Rewind implements [contact.JobResults].
func (j *jobResults) Rewind() error {
	j.reader.Rewind()
	return nil
}

// Raw implements [contact.JobResults].
func (j *jobResults) Raw() io.Reader { return j.file.Text() }

// Remaining implements [contact.JobResults].
func (j *jobResults) Remaining() *int64 { return j.reader.Remaining() }

// Close implements [contact.JobResults].
func (j *jobResults) Close() error { return j.file.Close() }
