package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"enrich/client/fakeapi"
)

const (
	stopProcesses = 4
	stopRows      = 20_000 // more than is sent before the stop
	stopAfter     = 50     // calls of each process
)

// A revokingAPI is the stand-in that revokes the key of one process, once all of them send.
type revokingAPI struct {
	inner *fakeapi.Server
	names [][]byte // that the addresses of each process begin with

	mu      sync.Mutex
	calls   []int
	last    []time.Time
	revoked bool
	at      time.Time // of the first call that got a 401
}

func (a *revokingAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if a.arrived(body) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	a.inner.ServeHTTP(w, r)
}

// arrived records a call. It reports whether the call gets a 401: the first process has it.
func (a *revokingAPI) arrived(body []byte) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, name := range a.names {
		if bytes.Contains(body, name) {
			a.calls[i]++
			a.last[i] = time.Now()
			if i == 0 && !a.revoked && slices.Min(a.calls) >= stopAfter {
				a.revoked, a.at = true, a.last[i]
			}
			return i == 0 && a.revoked
		}
	}
	return false
}

// stops measures how long after the commit of a stop the last call of another process arrives.
func (s *shared) stops(ctx context.Context) error {
	ledger, err := s.newLedger(ctx, "stops")
	if err != nil {
		return err
	}
	var after, all []time.Duration
	for round := range s.count(stopRounds) {
		late, since, err := s.stop(ctx, ledger, round)
		if err != nil {
			return err
		}
		after, all = append(after, late...), append(all, since...)
	}
	slices.Sort(after)
	slices.Sort(all)
	round := func(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
	s.add("last call of others after the commit of a stop", "<= 100 ms (p99)", fmt.Sprintf("p99 %s", round(after[len(after)*99/100])),
		fmt.Sprintf("%d processes that were stopped; after the 401: median %s, p99 %s", len(after), round(all[len(all)/2]), round(all[len(all)*99/100])))
	return nil
}

// stop starts processes with inputs of their own and stops them by a 401 of the first one. It returns how long after the stop was
// written, and after the 401, the others made their last calls.
func (s *shared) stop(ctx context.Context, ledger string, round int) (late, since []time.Duration, err error) {
	inner, err := fakeapi.InProcess(fakeapi.Options{Latency: 20 * time.Millisecond, Uncounted: true})
	if err != nil {
		return nil, nil, err
	}
	defer inner.Close()
	api := &revokingAPI{inner: inner, calls: make([]int, stopProcesses), last: make([]time.Time, stopProcesses)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	server := &http.Server{Handler: api, ReadHeaderTimeout: time.Minute}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // it ends with Close
	defer func() {
		err = errors.Join(err, server.Close())
		serving.Wait()
	}()
	for i := range stopProcesses {
		api.names = append(api.names, fmt.Appendf(nil, "stop_%d_%d.", round, i))
	}
	if err := s.stopAll("http://"+listener.Addr().String(), ledger, round); err != nil {
		return nil, nil, err
	}
	var at time.Time
	if err := query(ctx, ledger, "SELECT max(stop_at) FROM enrich.account", &at); err != nil {
		return nil, nil, err
	}
	for _, last := range api.last[1:] {
		late, since = append(late, max(0, last.Sub(at))), append(since, max(0, last.Sub(api.at)))
	}
	return late, since, nil
}

// stopAll runs the processes until all of them have stopped.
func (s *shared) stopAll(api, ledger string, round int) error {
	const refused = 4
	errs := make([]error, stopProcesses)
	var running sync.WaitGroup
	for i := range stopProcesses {
		input, err := s.list(fmt.Sprintf("stop_%d_%d", round, i), stopRows)
		if err != nil {
			return err
		}
		cmd, cancel := s.sharing(api, input, ledger, "--no-outputs")
		defer cancel()
		running.Go(func() {
			_, err := measure(cmd, refused)
			if err == nil && cmd.ProcessState.ExitCode() != refused {
				err = fmt.Errorf("a process was not stopped: it ended with %d", cmd.ProcessState.ExitCode())
			}
			errs[i] = err
		})
	}
	running.Wait()
	return errors.Join(errs...)
}
