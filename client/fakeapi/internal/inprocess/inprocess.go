// Package inprocess sends requests to a handler in this process, without a network. In a bubble of testing/synctest a server's time
// is the bubble's.
//
// It guarantees that an answer is streamed, that a handler's context ends with the request's or when the body is closed, and that an
// answer that the handler aborts is broken off for its reader. It does not imitate HTTP: there are no connections to reset or hijack.
package inprocess

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
)

// A Transport is a transport of requests to its handler.
type Transport struct {
	// Handler answers the requests.
	Handler http.Handler
	// Alive ends all requests when it is done.
	Alive context.Context

	handling sync.WaitGroup
}

// Wait waits until the handler has returned from every request.
func (t *Transport) Wait() { t.handling.Wait() }

// RoundTrip answers a request. It implements [http.RoundTripper].
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body := []byte{}
	if r.Body != nil {
		var err error
		body, err = io.ReadAll(r.Body)
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(r.Context().Err(), t.Alive.Err()); err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		wrote(trace)
	}
	pr, pw := io.Pipe()
	ctx, cancel := context.WithCancel(r.Context())
	stop := context.AfterFunc(t.Alive, cancel)
	context.AfterFunc(ctx, func() { _ = pw.CloseWithError(context.Canceled) }) // a writer must not wait for a client that has left
	in := r.Clone(ctx)
	in.Body, in.Host, in.RequestURI = io.NopCloser(bytes.NewReader(body)), r.URL.Host, r.URL.RequestURI()
	w := &pipeWriter{header: http.Header{}, out: pw, began: make(chan struct{})}
	t.handling.Go(func() {
		defer cancel()
		defer stop()
		defer w.end(ctx)
		t.Handler.ServeHTTP(w, in)
	})
	<-w.began
	if w.status == 0 {
		return nil, w.err
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: &pipeBody{pr, cancel}, ContentLength: -1, Request: r,
	}, nil
}

// wrote tells a trace that the request was written.
func wrote(trace *httptrace.ClientTrace) {
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: &net.TCPConn{}})
	}
	if trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	if trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
}

// A pipeWriter is the ResponseWriter of an answer in this process.
type pipeWriter struct {
	header, sent http.Header
	out          *io.PipeWriter
	once         sync.Once
	began        chan struct{} // closed when the status or the error is known
	status       int
	err          error
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, http.Header{}
		for name, values := range w.header {
			w.sent[http.CanonicalHeaderKey(name)] = values
		}
		close(w.began)
	})
}

func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.out.Write(b)
}

// Flush does nothing: nothing is buffered.
func (w *pipeWriter) Flush() {}

// end ends the answer, or breaks it off after a panic.
func (w *pipeWriter) end(ctx context.Context) {
	aborted := recover()
	err := ctx.Err()
	if err == nil && aborted != nil {
		err = io.ErrUnexpectedEOF
	}
	w.once.Do(func() {
		if w.err = err; err == nil {
			w.err = io.EOF
		}
		close(w.began)
	})
	_ = w.out.CloseWithError(err) // it always succeeds; nil is the end
	if cause, ok := aborted.(error); aborted != nil && (!ok || !errors.Is(cause, http.ErrAbortHandler)) {
		panic(aborted)
	}
}

// A pipeBody is the body of an answer in this process. If it is closed, the handler ends.
type pipeBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b *pipeBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}
