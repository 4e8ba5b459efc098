package client

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
)

// A disk that is full ends the run; the job stays open.
func TestResultsThatCannotBeStored(t *testing.T) {
	s := newJobServer(t)
	t.Setenv("TMPDIR", t.TempDir()+"/missing")
	t.Setenv("TMP", os.Getenv("TMPDIR")) // Windows
	client := s.client(t)
	p := pollJob(t, client, s.job())
	if p.State != contact.PollStopped || p.Err == nil || !strings.Contains(p.Err.Error(), "TMPDIR") || p.Sent != 1 {
		t.Errorf("%+v", p)
	}
	if n := client.InFlight(); n != 0 {
		t.Errorf("%d calls in flight", n)
	}
}

func TestResultsLeaveNoFile(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	t.Setenv("TMP", folder)
	s := newJobServer(t)
	p := s.client(t).Poll(t.Context(), t.Context(), s.job(), nil)
	if err := p.Results.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// How a poll ends, if the same happens to all requests.
func TestHowAPollEnds(t *testing.T) {
	answer := func(status int, body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			if status == 202 {
				w.Header().Set("Retry-After", "0.01")
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	past := time.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		poll    func(http.ResponseWriter, *http.Request)
		expires time.Time
		state   contact.PollState
		stop    contact.Stop
		once    bool
	}{
		"202":                 {answer(202, ""), time.Time{}, contact.PollRunning, "", true},
		"202 with contacts":   {answer(202, `{"contacts":[]}`), time.Time{}, contact.PollRunning, "", true},
		"401":                 {answer(401, ownError(401)), time.Time{}, contact.PollStopped, contact.StopUnauthorized, true},
		"402":                 {answer(402, ""), time.Time{}, contact.PollStopped, contact.StopNoCredits, true},
		"403":                 {answer(403, ""), past, contact.PollStopped, contact.StopForbidden, true},
		"claims 403":          {answer(200, ownError(403)), past, contact.PollStopped, contact.StopForbidden, true},
		"404":                 {answer(404, "<html>"), time.Time{}, contact.PollGone, "", false},
		"404 of the API":      {answer(404, ownError(404)), time.Now().Add(time.Hour), contact.PollGone, "", false},
		"claims 404":          {answer(200, ownError(404)), time.Time{}, contact.PollGone, "", false},
		"404 after the end":   {answer(404, "<html>"), past, contact.PollGone, "", true},
		"410":                 {answer(410, ""), time.Time{}, contact.PollGone, "", false},
		"400 after the end":   {answer(400, ""), past, contact.PollGone, "", true},
		"400":                 {answer(400, ownError(400)), time.Time{}, contact.PollFailed, "", false},
		"422":                 {answer(422, ""), time.Time{}, contact.PollFailed, "", false},
		"429":                 {answer(429, ""), past, contact.PollStopped, contact.StopAPIDown, false},
		"302":                 {answer(302, ""), past, contact.PollFailed, "", false},
		"500":                 {answer(500, ""), past, contact.PollFailed, "", false},
		"502":                 {answer(502, ""), time.Time{}, contact.PollFailed, "", false},
		"504":                 {answer(504, ""), time.Time{}, contact.PollFailed, "", false},
		"reset":               {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, time.Time{}, contact.PollFailed, "", false},
		"cut":                 {func(w http.ResponseWriter, _ *http.Request) { cutAfter(`{"contacts":[{`)(w, nil) }, past, contact.PollFailed, "", false},
		"HTML":                {answer(200, "<html>"), time.Time{}, contact.PollReady, "", true},
		"204":                 {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, time.Time{}, contact.PollReady, "", true},
		"status and contacts": {answer(200, `{"status":401,"error":"E","contacts":[]}`), time.Time{}, contact.PollReady, "", true},
		"stalls": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"contacts":[`)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(500 * time.Millisecond)
		}, time.Time{}, contact.PollFailed, "", false},
		"redirects to the results": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery == "" {
				w.Header().Set("Location", r.URL.Path+"?now")
				w.WriteHeader(303)
				return
			}
			_, _ = io.WriteString(w, `{"contacts":[]}`)
		}, time.Time{}, contact.PollFailed, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newJobServer(t)
			s.poll = c.poll
			client := s.client(t, func(o *Options) {
				if name == "stalls" {
					o.Timeout = 50 * time.Millisecond
				}
			})
			job := &contact.Job{ID: testJobID, Contacts: 2, Expires: c.expires}
			p := pollJob(t, client, job)
			if p.State != c.state || p.Stop != c.stop || p.Err != nil {
				t.Errorf("state %v, stop %q (%s), error %v", p.State, p.Stop, p.StopDetail, p.Err)
			}
			if n := s.polls.Load(); (n == 1) != c.once || int64(p.Sent) != n || client.Stats().Sent != n {
				t.Errorf("%d requests, %d counted", n, p.Sent)
			}
			if name == "202" && p.Retry != 10*time.Millisecond {
				t.Errorf("retry after %v", p.Retry)
			}
		})
	}
}

// A job whose results fail, while the API answers other requests, does not stop the run.
func TestAPollThatFailsAloneDoesNotStopTheRun(t *testing.T) {
	s := newJobServer(t)
	s.poll = func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, testJobID) {
			w.WriteHeader(500)
			return
		}
		w.WriteHeader(202)
	}
	client := s.client(t, func(o *Options) { o.MaxElapsed = 3 * time.Second })
	ctx, cancel := context.WithCancel(t.Context())
	others := make(chan struct{})
	go func() {
		defer close(others)
		for ctx.Err() == nil {
			_ = client.Poll(ctx, t.Context(), &contact.Job{ID: "other"}, nil)
			time.Sleep(time.Millisecond)
		}
	}()
	p := client.Poll(t.Context(), t.Context(), s.job(), nil)
	cancel()
	<-others
	if p.State != contact.PollFailed || p.Stop != "" || p.Status != 500 {
		t.Errorf("%+v", p)
	}
}

// The results of several jobs may fail while the API answers everything else: it does not count as down.
func TestJobsWhoseResultsFailDoNotStopTheRun(t *testing.T) {
	s := newJobServer(t)
	s.poll = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }
	client := s.client(t)
	for i := range 6 {
		if p := pollJob(t, client, &contact.Job{ID: strconv.Itoa(i), Contacts: 2}); p.State != contact.PollFailed || p.Status != 500 || p.Sent < 2 || p.Retry != 0 {
			t.Errorf("%+v", p)
		}
	}
	s.poll = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30") // longer than --max-elapsed
		w.WriteHeader(503)
	}
	if p := pollJob(t, client, s.job()); p.State != contact.PollFailed || p.Sent != 1 || p.Retry != 30*time.Second {
		t.Errorf("%+v", p)
	}
	if a := client.Submit(t.Context(), t.Context(), testContacts(2), nil); a.ID != testJobID || a.Outcome.Kind != 0 {
		t.Errorf("%+v", a)
	}
}

// A GET is never charged, but each one is counted, so the transport must not repeat it when a connection breaks.
func TestAPollIsNotRepeatedSilently(t *testing.T) {
	s := newJobServer(t)
	s.poll = func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 || r.ContentLength > 0 || r.Header.Get("Content-Length") != "" {
			t.Errorf("the request has a body: %v", r.Header)
		}
		if s.polls.Load()%2 == 0 { // the connection was used before
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = c.Close()
			}
			return
		}
		w.WriteHeader(202)
	}
	client := s.client(t)
	for range 4 {
		pollJob(t, client, s.job())
	}
	if n := s.polls.Load(); client.Stats().Sent != n || n != 7 {
		t.Errorf("%d requests arrived, %d were counted", n, client.Stats().Sent)
	}
}

// A slowBody sends results a part at a time, in fake time.
type slowBody struct {
	ctx  context.Context
	part int // bytes
	left int
	wait time.Duration // before each part
}

func (b *slowBody) Read(p []byte) (int, error) {
	timer := time.NewTimer(b.wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	}
	if b.left == 0 {
		return copy(p, `{"contacts":[]}`), io.EOF
	}
	n := min(len(p), b.part, b.left)
	for i := range n {
		p[i] = ' '
	}
	b.left -= n
	return n, nil
}

func (*slowBody) Close() error { return nil }

type slowNetwork struct {
	body     slowBody
	requests int
}

func (network *slowNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	network.requests++
	trace := httptrace.ContextClientTrace(r.Context())
	trace.GotConn(httptrace.GotConnInfo{Conn: &net.TCPConn{}})
	trace.WroteHeaders()
	body := network.body
	body.ctx = r.Context()
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: &body}, nil
}

// Large results may take longer than one call, if they make progress. If they do not, the call times out.
func TestLargeResultsMayTakeLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &slowNetwork{body: slowBody{part: 8 << 10, left: 12 << 20, wait: 400 * time.Millisecond}} // 1 MiB in 52 s
		c, err := New(Options{URL: "http://127.0.0.1:1", Key: escapedKey, transport: network})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		began := time.Now()
		p := c.Poll(t.Context(), t.Context(), &contact.Job{ID: "a"}, nil)
		if took := time.Since(began); p.State != contact.PollReady || network.requests != 1 || took < 10*time.Minute {
			t.Fatalf("%+v after %d requests and %v", p, network.requests, took)
		}
		if _, err := readAll(p.Results); err != nil {
			t.Error(err)
		}
		_ = p.Results.Close()

		network.body.wait, network.requests = 500*time.Millisecond, 0 // 1 MiB in 64 s
		p = c.Poll(t.Context(), t.Context(), &contact.Job{ID: "a"}, nil)
		if p.State != contact.PollFailed || p.Stop != "" || network.requests < 2 || !strings.Contains(p.Message, "no answer within 1m") {
			t.Errorf("%+v after %d requests", p, network.requests)
		}
	})
}
