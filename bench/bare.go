package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"enrich/client/fakeapi"
)

// A bareAPI gives every POST the same answer, a match, after a time. It is for figures in which a machine has no core to spare: the
// stand-in API, which decides about each call and counts it, takes a quarter of the machine there, and the API of a real run none of
// it. So what a call costs here is what the system takes for its connection.
type bareAPI struct {
	latency time.Duration
	answer  []byte

	mu       sync.Mutex
	start    time.Time
	arrivals []fakeapi.Arrival
}

// serveBare prints the URL of a bareAPI and serves until the process is killed. GET /_stats has the times of the calls.
func serveBare(latency, calls string) error {
	n, err := strconv.Atoi(calls)
	if err != nil {
		return err
	}
	a := bareAPI{start: time.Now(), arrivals: make([]fakeapi.Arrival, 0, n)}
	if a.latency, err = time.ParseDuration(latency); err != nil {
		return err
	}
	if a.answer, err = match(); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Println("http://" + l.Addr().String()); err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go a.serve(c) // the process ends while it waits for the next request
	}
}

// match returns what the stand-in API answers to a contact that matches, with its header.
func match() ([]byte, error) {
	api, err := fakeapi.InProcess(fakeapi.Options{Match: 1})
	if err != nil {
		return nil, err
	}
	defer api.Close()
	r, err := http.NewRequest(http.MethodPost, api.URL+"/contact", strings.NewReader(
		`{"email":"ann.1@northwind.example","first_name":"Ann","last_name":"Smith","company_name":"Northwind Traders"}`))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer bench")
	r.Header.Set("Content-Type", "application/json")
	resp, err := api.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the stand-in API answers %s: %s", resp.Status, body)
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	var b bytes.Buffer
	err = resp.Write(&b)
	return b.Bytes(), err
}

// serve answers the requests of a connection until it is closed.
func (a *bareAPI) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewReader(c)
	for {
		isStats, err := readRequest(in)
		switch {
		case err != nil:
			if !errors.Is(err, io.EOF) {
				fmt.Fprintln(os.Stderr, "bench: bare API:", err)
			}
			return
		case isStats:
			err = a.serveStats(c)
		default:
			a.mu.Lock()
			a.arrivals = append(a.arrivals, fakeapi.Arrival{At: time.Since(a.start)})
			a.mu.Unlock()
			time.Sleep(a.latency)
			_, err = c.Write(a.answer)
		}
		if err != nil {
			return // the client has left
		}
	}
}

// readRequest reads one request and reports whether it is a GET, which only asks for /_stats.
func readRequest(in *bufio.Reader) (isGet bool, err error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return false, err
	}
	isGet = bytes.HasPrefix(line, []byte("GET "))
	length := 0
	for len(bytes.TrimSpace(line)) > 0 {
		if line, err = in.ReadSlice('\n'); err != nil {
			return false, err
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return false, err
			}
		}
	}
	_, err = in.Discard(length)
	return isGet, err
}

func (a *bareAPI) serveStats(c net.Conn) error {
	a.mu.Lock()
	body, err := json.Marshal(fakeapi.Stats{Calls: int64(len(a.arrivals)), Arrivals: a.arrivals})
	a.mu.Unlock()
	if err == nil {
		_, err = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	return err
}
