package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// TestProxyByTheEnvironment: HTTPS_PROXY is used for the API, which then sees the calls; the proxy sees no key, and is asked for
// nothing but the API's own host.
func TestProxyByTheEnvironment(t *testing.T) {
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("in.csv", 20, "")
	front := s.front("api.enrich.example")
	proxy := newTunnels(t, front.Listener.Addr().String())

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

// TestAProxyThatRefusesIsNoCall: a proxy that lets nobody through is no connection: nothing was charged, the run ends as
// api_down, and its words name what the proxy said.
func TestAProxyThatRefusesIsNoCall(t *testing.T) {
	s := newStage(t, fakeapi.Options{})
	s.list("in.csv", 20, "")
	proxy := newTunnels(t, "")

	c := s.command("run", "--url", "https://api.enrich.example", "--max-elapsed", "1s", "in.csv")
	c.Env = append(c.Env, "HTTPS_PROXY="+proxy.URL, "NO_PROXY=")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.ends(6)
	sum := s.summary("in.summary.json")
	if sum.Calls.Sent != 0 || sum.Rows.Pending != 20 || !strings.Contains(c.said.String(), "Forbidden") {
		t.Errorf("%d sent, %d pending: %s", sum.Calls.Sent, sum.Rows.Pending, &c.said)
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
	front.StartTLS()
	s.t.Cleanup(front.Close)
	return front
}

// tunnels is a proxy for CONNECT that leads every host to one address, or, where that is empty, refuses all.
type tunnels struct {
	*httptest.Server
	mu           sync.Mutex
	hosts, heads []string
}

func newTunnels(t *testing.T, to string) *tunnels {
	p := &tunnels{}
	ctx, end := context.WithCancel(context.Background())
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.note(r)
		if to == "" || r.Method != http.MethodConnect {
			http.Error(w, "nobody goes through here", http.StatusForbidden)
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
