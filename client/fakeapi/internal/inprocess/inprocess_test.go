package inprocess_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"enrich/client/fakeapi/internal/inprocess"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// get sends a request to a handler.
func get(ctx context.Context, t *testing.T, transport *inprocess.Transport) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://api.example/a%2Fb?q", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	return (&http.Client{Transport: transport}).Do(req)
}

// failure sends a request that must not be answered, and returns its error.
func failure(ctx context.Context, t *testing.T, transport *inprocess.Transport) error {
	t.Helper()
	resp, err := get(ctx, t, transport)
	if err == nil {
		_ = resp.Body.Close() // the test fails anyway
	}
	return err
}

func transportOf(handler http.HandlerFunc) *inprocess.Transport {
	return &inprocess.Transport{Handler: handler, Alive: context.Background()}
}

func TestARequestArrivesAndItsAnswerIsStreamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := transportOf(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil || string(body) != "body" || r.URL.EscapedPath() != "/a%2Fb" || r.Host != "api.example" || r.Method != http.MethodPost {
				t.Errorf("%v: %q, %s %s at %s", err, body, r.Method, r.URL, r.Host)
			}
			w.Header().Set("rate_limit", "60")
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, "one") // the test notices
			time.Sleep(time.Hour)
			_, _ = io.WriteString(w, "two")
		})
		wrote := false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteHeaders: func() { wrote = true }})
		resp, err := get(ctx, t, transport)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		first := make([]byte, 3)
		if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "one" || time.Since(began) != 0 {
			t.Errorf("%v: %q after %s", err, first, time.Since(began))
		}
		rest, err := io.ReadAll(resp.Body)
		if err != nil || string(rest) != "two" || time.Since(began) != time.Hour || resp.StatusCode != http.StatusAccepted || resp.Header.Get("rate_limit") != "60" || !wrote {
			t.Errorf("%v: %q after %s, status %d, %v", err, rest, time.Since(began), resp.StatusCode, resp.Header)
		}
		_ = resp.Body.Close() // it was read
		transport.Wait()
	})
}

func TestAnAbortedAnswerIsBrokenOff(t *testing.T) {
	before := transportOf(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if err := failure(t.Context(), t, before); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	during := transportOf(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	})
	resp, err := get(t.Context(), t, during)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); string(body) != "half" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q, %v", body, err)
	}
	_ = resp.Body.Close() // it was read
	nothing := transportOf(func(http.ResponseWriter, *http.Request) {})
	if err := failure(t.Context(), t, nothing); err == nil {
		t.Error("an answer without a status is one")
	}
	during.Wait()
}

// Each way to leave must end the handler, whether it waits or writes.
func TestAHandlerEndsWithItsClient(t *testing.T) {
	for name, serve := range map[string]http.HandlerFunc{
		"wait": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			<-r.Context().Done()
		},
		"write": func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := io.WriteString(w, "more"); err != nil {
					return
				}
			}
		},
	} {
		transport := transportOf(serve)
		alive, die := context.WithCancel(t.Context())
		transport.Alive = alive
		for _, leave := range []func(*http.Response, context.CancelFunc){
			func(resp *http.Response, _ context.CancelFunc) { _ = resp.Body.Close() },
			func(_ *http.Response, cancel context.CancelFunc) { cancel() },
			func(*http.Response, context.CancelFunc) { die() },
		} {
			ctx, cancel := context.WithCancel(t.Context())
			resp, err := get(ctx, t, transport)
			if err != nil {
				t.Fatal(err)
			}
			leave(resp, cancel)
			transport.Wait()
			if _, err := io.ReadAll(resp.Body); err == nil {
				t.Errorf("%s: the answer is complete", name)
			}
			_ = resp.Body.Close() // it was read
			cancel()
		}
		if err := failure(t.Context(), t, transport); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: after the end: %v", name, err)
		}
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := transportOf(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := failure(ctx, t, transport); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		transport.Wait()
	})
}
