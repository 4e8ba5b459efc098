package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"enrich/client/fakeapi"
	"enrich/contact"
	"enrich/pipeline"
)

// TestProxyByTheEnvironment: HTTPS_PROXY is used for the API, which then sees the calls; the proxy sees no key, and is asked for
// nothing but the API's own host.
func TestProxyByTheEnvironment(t *testing.T) {
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("in.csv", 20, "")
	front := s.front("api.enrich.example")
	proxy := newTunnels(t, front.Listener.Addr().String(), http.StatusForbidden)

	c := s.command("run", "--url", "https://api.enrich.example", "--ca-file", "ca.pem", "in.csv")
	c.Env = append(c.Env, "HTTPS_PROXY="+proxy.URL, "NO_PROXY=")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.ends(0)
	if calls := s.api.Stats().Calls; calls != 20 {
		t.Errorf("%d calls came through the proxy", calls)
	}
	asked, heads := proxy.heard()
	for i, host := range asked {
		if host != "api.enrich.example:443" || strings.Contains(heads[i], "key-of-a-process") {
			t.Errorf("the proxy was asked for %s: %s", host, heads[i])
		}
	}
	if len(asked) == 0 {
		t.Error("the proxy was not asked")
	}
}

// TestASignalEndsTheWaitForAProxy: a call of which nothing was written ends with the signal, not with --grace or the limits of a
// connection. A call, a job and their rows are as if they had never begun.
func TestASignalEndsTheWaitForAProxy(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"calls": nil, "jobs": {"--bulk"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{})
			s.list("in.csv", 20, "")
			proxy, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = proxy.Close() })
			c := s.command(append([]string{"run", "--url", "https://api.enrich.example", "in.csv"}, args...)...)
			c.Env = append(c.Env, "HTTPS_PROXY=http://"+proxy.Addr().String(), "NO_PROXY=")
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			conn, err := proxy.Accept()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			if _, err := conn.Read(make([]byte, 100)); err != nil { // CONNECT, which gets no answer
				t.Fatal(err)
			}
			began := time.Now()
			c.signal(syscall.SIGTERM)
			c.ends(exitSIGTERM)
			if took := time.Since(began); took > 8*time.Second {
				t.Errorf("the run ended %v after the signal", took)
			}
			if sum := s.summary("in.summary.json"); sum.Rows.Pending != 20 || sum.Calls.Sent != 0 || sum.Calls.Lost != 0 {
				t.Errorf("%+v, %+v", sum.Rows, sum.Calls)
			}
		})
	}
}

// TestWhatCannotBeReachedEndsTheRunAtOnce: two minutes of retries would be longer than the child may take. Nothing was
// sent, no row failed, and the words say what is wrong and what helps, but never the proxy's password.
func TestWhatCannotBeReachedEndsTheRunAtOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	s.list("in.csv", 20, "")
	front := s.front("api.enrich.example")
	for name, tt := range map[string]struct {
		url, ca     string
		status      int // of the proxy's answer to CONNECT, of which 200 leads to the API; 0: no proxy
		words, help string
	}{
		"an unknown authority": {"https://api.enrich.example", "", 200, "unknown authority", "--ca-file"},
		"another host's name":  {front.URL, "ca.pem", 0, "is not for 127.0.0.1", "--url"},
		"no TLS":               {strings.Replace(s.api.URL, "http:", "https:", 1), "", 0, "answers without TLS", "--url"},
		"no such host":         {"https://api.enrich.invalid", "", 0, "no such host: api.enrich.invalid", "--url"},
		"a proxy's 407":        {"https://api.enrich.example", "", 407, "407 Proxy Authentication Required", "HTTPS_PROXY"},
		"a proxy's 403":        {"https://api.enrich.example", "", 403, "403 Forbidden", "NO_PROXY"},
		"a proxy's 503":        {"https://api.enrich.example", "", 503, "503 Service Unavailable", "HTTPS_PROXY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			args := []string{"run", "--url", tt.url, "--ledger", filepath.Join(out, "l.db"), "--summary", filepath.Join(out, "s.json"), "--out", out, "--ca-file", tt.ca, "in.csv"}
			c := s.command(args...)
			c.Env = append(c.Env, "NO_PROXY=", "HTTPS_PROXY=")
			if tt.status != 0 {
				proxy := newTunnels(t, map[bool]string{true: front.Listener.Addr().String()}[tt.status == http.StatusOK], tt.status)
				c.Env = append(c.Env, "HTTPS_PROXY="+strings.Replace(proxy.URL, "//", "//user:pa55word@", 1))
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			c.ends(exitAPIDown)
			var sum pipeline.Summary
			text, err := os.ReadFile(filepath.Join(out, "s.json"))
			if err := errors.Join(err, json.Unmarshal(text, &sum)); err != nil {
				t.Fatal(err)
			}
			if sum.Calls.Sent != 0 || sum.Rows.Pending != 20 || sum.Rows.Failed != 0 || sum.Stopped == nil || *sum.Stopped != contact.StopAPIDown {
				t.Errorf("%d sent, %+v, %v", sum.Calls.Sent, sum.Rows, sum.Stopped)
			}
			said := c.said.String()
			if !strings.Contains(said, "stopped: the API cannot be reached: ") || !strings.Contains(said, tt.words) || !strings.Contains(said, tt.help) || strings.Contains(said, "pa55word") {
				t.Errorf("%s", said)
			}
		})
	}
}

// front is the stand-in under another name, over TLS; its certificate is in ca.pem.
func (s *stage) front(name string) *httptest.Server {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, DNSNames: []string{name},
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.path("ca.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		s.t.Fatal(err)
	}
	target, err := url.Parse(s.api.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	front.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	front.Config.ErrorLog = log.New(io.Discard, "", 0)
	front.StartTLS()
	s.t.Cleanup(front.Close)
	return front
}

// tunnels is a proxy for CONNECT that leads every host to one address, or, where that is empty, refuses all.
type tunnels struct {
	*httptest.Server
	mu           sync.Mutex
	hosts, heads []string
	refuses      int // the status for everybody, where no address is given
}

func newTunnels(t *testing.T, to string, refuses int) *tunnels {
	p := &tunnels{refuses: refuses}
	ctx, end := context.WithCancel(context.Background())
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.note(r)
		if to == "" || r.Method != http.MethodConnect {
			http.Error(w, "nobody goes through here", p.refuses)
			return
		}
		p.lead(ctx, w, to)
	}))
	p.Config.ErrorLog = log.New(io.Discard, "", 0)
	p.Start()
	t.Cleanup(func() {
		end()
		p.Close()
	})
	return p
}

func (p *tunnels) note(r *http.Request) {
	head, _ := httputil.DumpRequest(r, false) // it was parsed already
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hosts, p.heads = append(p.hosts, r.Host), append(p.heads, string(head))
}

func (p *tunnels) heard() (hosts, heads []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hosts, p.heads
}

// lead copies both ways until one of them ends.
func (p *tunnels) lead(ctx context.Context, w http.ResponseWriter, to string) {
	far, err := net.Dial("tcp", to)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = far.Close() }()
	near, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = near.Close() }()
	defer context.AfterFunc(ctx, func() { _, _ = near.Close(), far.Close() })()
	if _, err := io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(near, far)
		_ = near.Close()
	}()
	_, _ = io.Copy(far, buffered)
	_ = far.Close()
	<-back
}
