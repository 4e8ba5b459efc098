package fakeapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"enrich/client/fakeapi"
)

// BenchmarkCall measures a call without net/http and the network. The stand-in must stay cheap: the client's benchmarks run in the
// same process.
func BenchmarkCall(b *testing.B) {
	server, err := fakeapi.Listen(b.Context(), "127.0.0.1:0", fakeapi.Options{Match: 1, Uncounted: true})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	const body = `{"email":"ann.smith.123@northwind.example","first_name":"Ann123","last_name":"Smith","company_name":"Northwind Traders"}`
	r := httptest.NewRequest(http.MethodPost, "/contact", nil)
	r.Header.Set("Authorization", "Bearer bench")
	r.Header.Set("Content-Type", "application/json")
	reader := strings.NewReader(body)
	r.Body = nopCloser{reader}
	w := nowhere{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(body)
		server.ServeHTTP(w, r)
	}
}

type nopCloser struct{ *strings.Reader }

func (nopCloser) Close() error { return nil }

type nowhere struct{ header http.Header }

func (w nowhere) Header() http.Header         { return w.header }
func (w nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (w nowhere) WriteHeader(int)             {}
