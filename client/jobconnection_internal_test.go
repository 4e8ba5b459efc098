package client

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"enrich/contact"
)

// A server may close an idle connection without notice, and what is written to it meanwhile counts as lost. This one does so with
// each submission that comes on the connection of another request: the loss of a whole job.
func TestASubmissionHasItsOwnConnection(t *testing.T) {
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			s := newJobServer(t)
			var shared, kept atomic.Int64
			api := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
				earlier := r.Context().Value(requestsKey{}).(*atomic.Int64).Add(1) - 1
				if r.Proto != protocol {
					t.Errorf("%s came by %s", r.URL.Path, r.Proto)
				}
				switch isSubmission := r.Method == http.MethodPost; {
				case isSubmission && earlier > 0:
					shared.Add(1)
					panic(http.ErrAbortHandler)
				case !isSubmission && earlier > 0:
					kept.Add(1)
				}
				s.serve(w, r)
			}, protocol)
			client := s.client(t, func(o *Options) { o.URL, o.CAFile = api.url, api.ca })
			const jobs = 5
			for range jobs {
				if a := client.Submit(t.Context(), t.Context(), testContacts(2), nil); a.ID != testJobID {
					t.Errorf("%+v", a)
				}
				if p := pollJob(t, client, s.job()); p.State != contact.PollReady {
					t.Errorf("%+v", p)
				}
			}
			if s.submissions.Load() != jobs || shared.Load() != 0 || kept.Load() != jobs-1 {
				t.Errorf("%d submissions, %d on a connection that had another request, %d requests for results on one", s.submissions.Load(), shared.Load(), kept.Load())
			}
		})
	}
}

// requestsKey is the context's key for how many requests a connection has had.
type requestsKey struct{}

// A tlsServer is a server, and the file of the certificate that it has.
type tlsServer struct{ url, ca string }

// serveTLS serves by one version of HTTP until the test ends.
func serveTLS(t *testing.T, handle http.HandlerFunc, protocol string) tlsServer {
	t.Helper()
	certificate, ca := testCertificate(t)
	s := httptest.NewUnstartedServer(handle)
	s.EnableHTTP2 = protocol == "HTTP/2.0"
	s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	s.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, requestsKey{}, new(atomic.Int64))
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return tlsServer{s.URL, ca}
}
