package client

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"

	"enrich/client/internal/redact"
)

// A Client asks one API with one key. Its methods may be called from any goroutine.
type Client struct {
	o              Options
	template       *http.Request // what all requests have alike; never sent itself
	transport      http.RoundTripper
	closeIdle      func()
	account        *account
	stats          stats
	exchanges      exchanges
	redactor       *redact.Redactor
	memory         *answerMemory
	answeredBefore bool        // the ledger has an answer from this URL
	proxy          *url.URL    // on the way to the API; nil: none
	reached        atomic.Bool // an HTTP response has come from the API
}

// An exchange is the memory of one call: what is sent and what comes back.
type exchange struct {
	request  []byte
	body     body
	deadline deadline
	large    []byte // the buffer of a large answer; nil: none
	held     int64  // bytes of the memory for complete answers
}

// exchanges are those that no call uses: never more than there were calls at once.
type exchanges struct {
	mu   sync.Mutex
	idle []*exchange
}

// keptBuffer is how large an answer's buffer may be to be used again: a rare large answer must not be held for ever.
const keptBuffer = 16 << 10

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
	c := &Client{o: o, transport: o.transport, closeIdle: func() {}, redactor: redact.New(o.Key.secret)}
	c.template = &http.Request{
		Method: http.MethodPost, URL: target, Host: target.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Authorization": {"Bearer " + o.Key.secret},
			"Content-Type":  {"application/json"},
			"Accept":        {"application/json"},
			// The transport must not decompress by itself: its memory for that would be without a bound.
			"Accept-Encoding": {"gzip"},
			"User-Agent":      {o.UserAgent},
		},
	}
	if o.Proxy.For != nil {
		if c.proxy, err = o.Proxy.For(target); err != nil {
			return nil, fmt.Errorf("%s: the proxy cannot be used", o.Proxy.Variable) // not its value, which may have a password
		}
	}
	if c.transport == nil {
		t, err := newTransport(&o)
		if err != nil {
			return nil, err
		}
		c.transport, c.closeIdle = t, t.CloseIdleConnections
	}
	c.account = newAccount(&c.o)
	c.memory = newAnswerMemory(&c.o)
	c.stats.init(o.Latencies)
	return c, nil
}

// Close gives the connections and the temporary file back. No call may be under way.
func (c *Client) Close() {
	c.closeIdle()
	c.memory.spill.close()
}

// Proved reports whether a usable answer has come in this run. Until then a 404 may be a wrong URL: see [Result.Absent].
func (c *Client) Proved() bool { return c.account.first.answered.Load() }

// AnsweredBefore says that the ledger has an answer from this base URL, so that a 404 in the API's own format is one, too.
// It is called before the first [Client.Queue].
func (c *Client) AnsweredBefore() { c.answeredBefore = true }

// recordAnswer reports whether the base URL is known to be right.
func (c *Client) urlProved() bool { return c.answeredBefore || c.Proved() }

func (e *exchanges) borrow() *exchange {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.idle) - 1
	if n < 0 {
		return new(exchange)
	}
	x := e.idle[n]
	e.idle = e.idle[:n]
	return x
}

// giveBack keeps an exchange for the next call, without what it has of the memory for answers.
func (c *Client) giveBack(x *exchange) {
	c.memory.free(x)
	c.exchanges.giveBack(x)
}

func (e *exchanges) giveBack(x *exchange) {
	if cap(x.body.tail) > keptBuffer {
		x.body.tail = nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.idle = append(e.idle, x)
}
