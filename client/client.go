package client

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"

	"enrich/client/internal/body"
	"enrich/client/internal/connect"
	"enrich/client/internal/redact"
	"enrich/contact"
)

// A Client calls one API with one key. It is safe for concurrent use.
type Client struct {
	o              Options
	template       *http.Request // what all requests share; never sent itself
	transport      http.RoundTripper
	unpooled       http.RoundTripper // each request has a connection of its own
	unsolicited    atomic.Bool       // the server has sent more than its responses: all requests are unpooled
	closeIdle      func()
	account        *account
	stats          stats
	exchanges      exchanges
	redactor       *redact.Redactor
	diagnoser      connect.Diagnoser
	memory         *body.Memory
	answeredBefore bool        // the ledger has an answer from this URL
	reached        atomic.Bool // an HTTP response has come from the API
	jobs           jobs
}

// maxBody is the size of the largest body that is an answer.
const maxBody = body.MaxSize

// An exchange is what one call needs: its request, the response's body, its time limit and its result. It is reused by later calls.
type exchange struct {
	request  []byte
	job      *jobRequest // nil: it is a request about one contact
	body     *body.Buffer
	deadline deadline
	result   contact.Result // of the question; zero between two questions
}

// exchanges are the idle ones, for the next calls. There are never more of them than there were calls in flight at once.
type exchanges struct {
	memory *body.Memory
	mu     sync.Mutex
	idle   []*exchange
}

// New returns a client for the options, or an error for the user: an option is invalid. It makes no connection.
func New(o Options) (*Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	target, err := url.Parse(o.URL + "/contact")
	if err != nil {
		return nil, fmt.Errorf("the API's URL: %w", err)
	}
	c := &Client{o: o, template: requestTemplate(http.MethodPost, target, &o), redactor: redact.New(o.Key.secret)}
	c.diagnoser = connect.Diagnoser{API: target, ProxyVariable: o.Proxy.Variable, Clean: c.clean}
	if o.Proxy.For != nil {
		if c.diagnoser.Proxy, err = o.Proxy.For(target); err != nil {
			return nil, fmt.Errorf("%s: the proxy cannot be used", o.Proxy.Variable) // without its value, which may contain a password
		}
	}
	if err := c.makeTransports(); err != nil {
		return nil, err
	}
	c.account = newAccount(&c.o)
	c.jobs.init(&c.o)
	c.memory = body.NewMemory(o.AnswerMemory, o.Workers, o.OnLargeAnswer)
	c.exchanges.memory = c.memory
	c.stats.init(o.Latencies)
	return c, nil
}

// makeTransports makes the transports.
//
// A server may close an idle connection at any time. A request that is written to it at that moment may have been charged, and is
// lost: one contact, or all of a job. So a submission never uses the connection of an earlier request. Nor does any request if the
// server sends more than its responses: what comes after a request was written is taken for its answer.
func (c *Client) makeTransports() error {
	if c.o.transport != nil {
		c.transport, c.unpooled, c.closeIdle = c.o.transport, c.o.transport, func() {}
		return nil
	}
	proxy := c.diagnoser.Proxy
	o := connect.Options{
		CAFile: c.o.CAFile, Proxy: c.o.Proxy.For, OnlyHTTP1: proxy != nil && proxy.Scheme == "https",
		MaxIdle: c.o.Workers, SetupTimeout: c.o.Timeout, Resolver: c.o.resolver,
		OnUnsolicited: c.stopPooling,
	}
	t, err := connect.NewTransport(&o)
	if err != nil {
		return err
	}
	o.MaxIdle = 0
	if c.unpooled, err = connect.NewTransport(&o); err != nil {
		return err
	}
	c.transport, c.closeIdle = t, t.CloseIdleConnections
	return nil
}

// stopPooling is called if the server sends more than its responses.
func (c *Client) stopPooling() {
	if !c.unsolicited.Swap(true) && c.o.OnUnsolicited != nil {
		c.o.OnUnsolicited()
	}
}

func requestTemplate(method string, target *url.URL, o *Options) *http.Request {
	return &http.Request{
		Method: method, URL: target, Host: target.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Authorization": {"Bearer " + o.Key.secret},
			"Content-Type":  {"application/json"},
			"Accept":        {"application/json"},
			// With this header the transport does not decompress: it would do so without a bound on memory.
			"Accept-Encoding": {"gzip"},
			"User-Agent":      {o.UserAgent},
		},
	}
}

// clean makes text from outside fit for a message: short, on one line, without the key.
func (c *Client) clean(text string) string { return bounded(c.redactor.String(text)) }

// Close closes idle connections and removes the temporary file. No call may be in flight. A second Close does nothing.
func (c *Client) Close() {
	c.unsolicited.Store(true) // a connection that is closed from now on says nothing about the server
	c.closeIdle()
	c.memory.Close()
}

// Answered reports whether a usable answer has come in this run. Until then a 404 may be a wrong URL: see
// [contact.Result.Undecided].
func (c *Client) Answered() bool { return c.account.first.answered.Load() }

// AnsweredBefore tells the client that the ledger has an answer from this base URL, so a 404 in the API's own format is a
// no-match answer. Call it before the first [Client.Queue].
func (c *Client) AnsweredBefore() { c.answeredBefore = true }

// urlVerified reports whether the base URL is known to be right.
func (c *Client) urlVerified() bool { return c.answeredBefore || c.Answered() }

func (e *exchanges) borrow() *exchange {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.idle) - 1
	if n < 0 {
		return &exchange{body: e.memory.NewBuffer()}
	}
	x := e.idle[n]
	e.idle = e.idle[:n]
	return x
}

// giveBack keeps an exchange for the next call and frees its memory.
func (c *Client) giveBack(x *exchange) {
	x.body.Free()
	x.job, x.result = nil, contact.Result{} // only the caller has the answer
	e := &c.exchanges
	e.mu.Lock()
	defer e.mu.Unlock()
	e.idle = append(e.idle, x)
}
