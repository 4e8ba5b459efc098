package client

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"sync"
)

// A Client asks one API with one key. Its methods may be called from any goroutine.
type Client struct {
	o       Options
	alike   *http.Request // what all requests have alike; never sent itself
	carrier http.RoundTripper
	closer  func()
	gate    *gate
	stats   stats
	buffers sync.Pool // of *exchange
}

// An exchange is the memory of one call: what is sent and what comes back.
type exchange struct {
	request []byte
	answer  bytes.Buffer
}

// keptBuffer is how large an answer's buffer may be to be used again: a rare large answer must not be held for ever.
const keptBuffer = 64 << 10

// New checks the options and makes a client. It calls nobody. Its errors are the user's to mend.
func New(o Options) (*Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	target, err := url.Parse(o.URL + "/contact")
	if err != nil {
		return nil, fmt.Errorf("the API's URL: %w", err)
	}
	c := &Client{o: o, carrier: o.carrier, closer: func() {}}
	c.buffers.New = func() any { return new(exchange) }
	c.alike = &http.Request{
		Method: http.MethodPost, URL: target, Host: target.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Authorization": {"Bearer " + o.Key.secret},
			"Content-Type":  {"application/json"},
			"Accept":        {"application/json"},
			"User-Agent":    {o.UserAgent},
		},
	}
	if c.carrier == nil {
		t, err := newTransport(&o)
		if err != nil {
			return nil, err
		}
		c.carrier, c.closer = t, t.CloseIdleConnections
	}
	c.gate = newGate(&c.o)
	c.stats.init()
	return c, nil
}

// Close gives the connections back. No call may be under way.
func (c *Client) Close() { c.closer() }

// Proved says whether a usable answer has come in this run. Until then a 404 may be a wrong URL: see [Result.Absent].
func (c *Client) Proved() bool { return c.gate.early.proved.Load() }

func (c *Client) borrow() *exchange { return c.buffers.Get().(*exchange) }

func (c *Client) giveBack(x *exchange) {
	if x.answer.Cap() <= keptBuffer {
		c.buffers.Put(x)
	}
}
