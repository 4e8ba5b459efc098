package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"enrich/contact"
)

// A proxy that is connected to by TLS, and that would rather speak HTTP/2, is spoken to in HTTP/1.1: nothing else is offered to it.
func TestAProxyOverTLSIsSpokenToInHTTP1(t *testing.T) {
	t.Parallel()
	api := serveTLS(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, matchBody) }, "HTTP/2.0")
	proxy := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			t.Errorf("the proxy got %s", r.Method)
			return
		}
		tunnel(t.Context(), w, r.Host)
	}, "HTTP/2.0")
	h := newHarness(t, 2, Options{URL: api.url, CAFile: joinFiles(t, api.ca, proxy.ca), Proxy: proxyAt(t, proxy.url)})
	h.run(5)
	if k := h.kinds(); k[contact.Matched] != 5 {
		t.Errorf("ended as %v: %s", k, h.detail)
	}
	for range 2 { // submissions have a transport of their own
		if a := h.client.Submit(t.Context(), t.Context(), testContacts(2), nil); a.Outcome.Status != http.StatusOK {
			t.Errorf("%+v", a)
		}
	}
}

// tunnel connects a client that sent CONNECT to a host, until both close.
func tunnel(ctx context.Context, w http.ResponseWriter, host string) {
	far, err := net.Dial("tcp", host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	near, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		_ = far.Close()
		return
	}
	closeBoth := func() { _, _ = near.Close(), far.Close() }
	defer context.AfterFunc(ctx, closeBoth)()
	defer closeBoth()
	_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(near, far)
		closeBoth()
	}()
	_, _ = io.Copy(far, buffered)
	closeBoth()
	<-back
}

// joinFiles returns a file with the text of several.
func joinFiles(t *testing.T, names ...string) string {
	t.Helper()
	var all []byte
	var errs error
	for _, name := range names {
		text, err := os.ReadFile(name)
		all, errs = append(all, text...), errors.Join(errs, err)
	}
	file := filepath.Join(t.TempDir(), "all.pem")
	if err := errors.Join(errs, os.WriteFile(file, all, 0o600)); err != nil {
		t.Fatal(err)
	}
	return file
}
