package client

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"enrich/contact"
)

// A jobServer is an API with bulk jobs, of which each test states the answers.
type jobServer struct {
	*httptest.Server
	submit func(w http.ResponseWriter, body []byte)
	poll   func(w http.ResponseWriter, r *http.Request)

	submissions, polls, strays atomic.Int64
	mu                         sync.Mutex
	bodies                     [][]byte
}

const testJobID = "job-1"

func accept(w http.ResponseWriter) {
	_, _ = io.WriteString(w, `{"job_id":"`+testJobID+`","download_url":"http://127.0.0.1:1/contacts/results/x.json","expiration_date":"2220091200"}`)
}

func newJobServer(t testing.TB) *jobServer {
	t.Helper()
	s := &jobServer{
		submit: func(w http.ResponseWriter, _ []byte) { accept(w) },
		poll:   func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"contacts":[]}`) },
	}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *jobServer) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Authorization") != "Bearer "+escapedKey.secret:
		s.strays.Add(1)
		w.WriteHeader(401)
	case r.Method == http.MethodPost && r.URL.Path == "/contacts":
		s.submissions.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.bodies = append(s.bodies, body)
		s.mu.Unlock()
		s.submit(w, body)
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/contacts/results/"):
		s.polls.Add(1)
		s.poll(w, r)
	default:
		s.strays.Add(1)
	}
}

// client returns a client whose retries take little time.
func (s *jobServer) client(t testing.TB, change ...func(*Options)) *Client {
	t.Helper()
	o := Options{URL: s.URL, Key: escapedKey, MaxElapsed: 400 * time.Millisecond, Timeout: 5 * time.Second}
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// testContacts returns n contacts with the keys that their requests have.
func testContacts(n int) []*contact.Question {
	id := contact.NewIdentity("http://127.0.0.1", nil)
	questions := make([]*contact.Question, n)
	for i := range questions {
		c := contact.Contact{Email: email(int64(i)), FirstName: "Ann \"A\" O’Neill", LastName: "Ex\tample"}
		questions[i] = &contact.Question{Row: int64(i), Contact: c, Keys: id.Keys(c)}
	}
	return questions
}

func (s *jobServer) job() *contact.Job { return &contact.Job{ID: testJobID, Contacts: 2} }

// poll asks for the results of a job, and closes them at the end of the test.
func pollJob(t testing.TB, c *Client, job *contact.Job) contact.JobPoll {
	t.Helper()
	p := c.Poll(t.Context(), t.Context(), job, nil)
	if p.Results != nil {
		t.Cleanup(func() { _ = p.Results.Close() })
	}
	if (p.Results != nil) != (p.State == contact.PollReady) {
		t.Errorf("state %v with results %v", p.State, p.Results)
	}
	return p
}

// readAll reads results to their end.
func readAll(results contact.JobResults) (all []contact.JobResult, err error) {
	for {
		r, err := results.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		r.Raw = append([]byte(nil), r.Raw...)
		all = append(all, r)
	}
}

func element(q *contact.Question, members string) string {
	return fmt.Sprintf(`{"custom_fields":{"enrich_id":"%x"},%s}`, q.Keys.Request, members)
}
