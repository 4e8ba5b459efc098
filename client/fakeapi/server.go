package fakeapi

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"enrich/client/fakeapi/internal/inprocess"
)

// headerTimeout is how long the header of a request may take.
const headerTimeout = 30 * time.Second

// A Server is a running stand-in API.
type Server struct {
	// URL is the base URL, such as http://127.0.0.1:45678.
	URL string

	options Options
	contact endpoint
	submit  endpoint
	poll    endpoint
	account account
	jobs    *jobs
	healed  atomic.Bool // EndFaults was called
	tally   *tally
	rate    []string // the rate_limit header; nil: none
	ca      []byte

	http      *http.Server
	transport *inprocess.Transport // nil: a network
	alive     context.Context      // done when the server is closed
	die       context.CancelFunc
	forget    func() bool // of the context given to Listen
	closing   sync.Once
	serving   sync.WaitGroup
	handling  sync.RWMutex // each request is handled under its read lock
}

// Listen starts the stand-in at a loopback address, such as 127.0.0.1:0. It serves until ctx is done or Close is called. Close
// must be called in any case.
func Listen(ctx context.Context, addr string, o Options) (*Server, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("stand-in API: %w", err)
	}
	s, err := newServer(o)
	if err != nil {
		return nil, fmt.Errorf("stand-in API: %w", err)
	}
	listener, err := listen(ctx, addr)
	if err != nil {
		s.die()
		return nil, fmt.Errorf("stand-in API: %w", err)
	}
	s.URL = "http://" + listener.Addr().String()
	serve := func() error { return s.http.Serve(listener) }
	if o.TLS {
		s.URL = "https://" + listener.Addr().String()
		serve = func() error { return s.http.ServeTLS(listener, "", "") }
	}
	s.serving.Go(func() { _ = serve() }) // its error only says that it was closed
	s.forget = context.AfterFunc(ctx, s.shut)
	return s, nil
}

// InProcess starts the stand-in without a network, for a bubble of testing/synctest: give it to an [http.Client] as the transport.
// Faults of a connection break the answer off; TLS and HTTP1 are ignored. Close must be called.
func InProcess(o Options) (*Server, error) {
	o.TLS = false
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("stand-in API: %w", err)
	}
	s, err := newServer(o)
	if err != nil {
		return nil, fmt.Errorf("stand-in API: %w", err)
	}
	s.URL, s.forget = "http://127.0.0.1:1", func() bool { return true }
	s.transport = &inprocess.Transport{Handler: s, Alive: s.alive}
	return s, nil
}

// RoundTrip answers a request in this process. It implements [http.RoundTripper] for a server that InProcess started.
func (s *Server) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.transport == nil {
		return nil, errors.New("stand-in API: it serves a network")
	}
	return s.transport.RoundTrip(r)
}

func newServer(o Options) (*Server, error) {
	s := &Server{options: o, account: newAccount(o), tally: newTally(o)}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	if text := o.rateHeader(); text != "" {
		s.rate = []string{text}
	}
	s.alive, s.die = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: headerTimeout, IdleTimeout: o.IdleTimeout,
		ErrorLog:    log.New(io.Discard, "", 0), // faults are ordered, and would fill the log
		BaseContext: func(net.Listener) context.Context { return s.alive },
		Protocols:   new(http.Protocols),
	}
	s.http.Protocols.SetHTTP1(true)
	s.http.Protocols.SetHTTP2(o.TLS && !o.HTTP1)
	if !o.TLS {
		return s, nil
	}
	certificate, ca, err := selfSigned()
	if err != nil {
		s.die()
		return nil, err
	}
	s.ca = ca
	s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	return s, nil
}

// prepare parses the faults.
func (s *Server) prepare() (err error) {
	o := &s.options
	s.contact.window, s.submit.window, s.poll.window = newRateWindow(o), newRateWindow(o), newRateWindow(o)
	if s.contact.faults, err = prepare(o.Faults, onContact); err != nil {
		return err
	}
	if s.submit.faults, err = prepare(o.Bulk.SubmitFaults, onSubmit); err != nil {
		return err
	}
	if s.poll.faults, err = prepare(o.Bulk.PollFaults, onPoll); err != nil {
		return err
	}
	s.jobs, err = newJobs(o)
	return err
}

// now is the time that jobs and the rate limit use.
func (s *Server) now() time.Time {
	if s.options.Now != nil {
		return s.options.Now()
	}
	return time.Now()
}

// listen refuses an address that another machine could reach.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("address %q: expected HOST:PORT, such as 127.0.0.1:0", addr)
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.Unmap().IsLoopback()) {
		return nil, fmt.Errorf("address %q: only a loopback address is served, such as 127.0.0.1:0", addr)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	// A hosts file may name any machine localhost.
	if tcp, ok := listener.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		_ = listener.Close() // nobody has connected
		return nil, fmt.Errorf("address %q is not on loopback", addr)
	}
	return listener, nil
}

// EndFaults ends the faults of the options: from now on each request is answered as documented. Faults that an address orders, and
// what a job of an earlier time left unpaid, stay.
func (s *Server) EndFaults() { s.healed.Store(true) }

// CA is the certificate to trust, as PEM; nil without TLS.
func (s *Server) CA() []byte { return s.ca }

// Close breaks all connections, ends all answers that hang, and waits for both. It may be called more than once.
func (s *Server) Close() {
	s.forget()
	s.shut()
	s.serving.Wait()
	if s.transport != nil {
		s.transport.Wait()
	}
	s.handling.Lock() // not a WaitGroup: a late request may begin at the same time
	defer s.handling.Unlock()
}

func (s *Server) shut() {
	s.closing.Do(func() {
		s.die()
		_ = s.http.Close() // nothing depends on the listener's error
	})
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.handling.RLock()
	defer s.handling.RUnlock()
	switch path := r.URL.Path; {
	case path == "/contact" && r.Method == http.MethodPost:
		s.serveContact(w, r)
	case path == "/contacts" && r.Method == http.MethodPost:
		s.serveSubmission(w, r)
	case isResults(r.URL) && r.Method == http.MethodGet:
		s.servePoll(w, r)
	case path == "/_stats" && r.Method == http.MethodGet:
		s.serveStats(w)
	case path == redirected:
		s.tally.redirect(r.Header.Get("Authorization") != "")
		s.serveStray(w, r, http.StatusGone)
	case strings.HasPrefix(path, downloads):
		s.tally.download(r.Header.Get("Authorization") != "")
		s.serveStray(w, r, http.StatusGone)
	case path == "/contact", path == "/contacts":
		w.Header().Set("Allow", http.MethodPost)
		s.serveStray(w, r, http.StatusMethodNotAllowed)
	case path == "/_stats", isResults(r.URL):
		w.Header().Set("Allow", http.MethodGet)
		s.serveStray(w, r, http.StatusMethodNotAllowed)
	default:
		s.serveStray(w, r, http.StatusNotFound)
	}
}

// serveStray answers a request that is not a call of the API.
func (s *Server) serveStray(w http.ResponseWriter, r *http.Request, status int) {
	s.tally.stray(r.Header.Get("Authorization") != "")
	s.writeHead(w, status, -1)
	_, _ = w.Write(appendError(nil, status, "There is nothing here: expected POST /contact.")) // the client may have left
}

// certificateLife is longer than any run of the stand-in.
const certificateLife = 48 * time.Hour

// selfSigned makes a self-signed certificate for loopback, and returns it also as PEM. The key never leaves the process.
func selfSigned() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("make a certificate: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "enrich stand-in API"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true, IsCA: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, fmt.Errorf("make a certificate: %w", err)
	}
	certificate := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
