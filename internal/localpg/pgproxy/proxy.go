package pgproxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// dialTimeout bounds a connection to the server.
const dialTimeout = 30 * time.Second

// A Proxy listens on a port of 127.0.0.1 and passes each connection on to a server. Its methods may be called concurrently.
type Proxy struct {
	listener net.Listener
	cancel   context.CancelFunc // ends all connections
	wg       sync.WaitGroup     // of all goroutines

	onBatch                     atomic.Pointer[Decide]
	toServer, toClient, batches atomic.Int64

	writes atomic.Int64 // that are being made

	mu      sync.Mutex
	server  string        // where new connections go
	open    chan struct{} // closed while the proxy is not stalled
	refuses bool
	next    int                        // number of the next connection
	conns   map[int]context.CancelFunc // ends each connection
	keys    map[int]cancelKey          // of each connection that the server has accepted
	cut     map[cancelKey]bool         // of the connections that the proxy has cut
}

// Counts are what passed through a proxy since its start.
type Counts struct {
	// Connections counts those that were accepted, also if they were refused then.
	Connections int
	// Batches counts those that OnBatch's function decided about, or would have.
	Batches int
	// ToServer and ToClient count bytes.
	ToServer, ToClient int64
}

// Start starts a proxy for the server at an address, HOST:PORT. The server need not run yet.
func Start(server string) (*Proxy, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start a proxy for PostgreSQL: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &Proxy{
		server: server, listener: listener, cancel: cancel, open: make(chan struct{}), next: 1, conns: map[int]context.CancelFunc{},
		keys: map[int]cancelKey{}, cut: map[cancelKey]bool{},
	}
	close(p.open)
	p.wg.Go(func() { p.accept(ctx) })
	return p, nil
}

// Addr returns the proxy's HOST:PORT.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// URL returns a server's URL with the proxy's address.
func (p *Proxy) URL(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server // the client's error says why
	}
	u.Host = p.Addr()
	return u.String()
}

// Redirect sends new connections to another server, as a virtual address does after a failover. Open ones stay.
func (p *Proxy) Redirect(server string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server = server
}

// OnBatch sets what decides about the batches from now on. nil forwards them all, as at the start.
func (p *Proxy) OnBatch(d Decide) { p.onBatch.Store(&d) }

func (p *Proxy) decide(ctx context.Context, b Batch) Action {
	if d := p.onBatch.Load(); d != nil && *d != nil {
		return (*d)(ctx, b)
	}
	return Forward
}

// Counts returns what has passed so far.
func (p *Proxy) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Counts{Connections: p.next - 1, Batches: int(p.batches.Load()), ToServer: p.toServer.Load(), ToClient: p.toClient.Load()}
}

// Stall passes nothing on in either direction, for connections old and new, until Resume. Nothing is lost, as in a network that drops
// packets for a while. When Stall returns, no byte is on its way, except to a program that has not read for a second.
func (p *Proxy) Stall() {
	p.mu.Lock()
	select {
	case <-p.open:
		p.open = make(chan struct{})
	default:
	}
	p.mu.Unlock()
	for end := time.Now().Add(time.Second); p.writes.Load() > 0 && time.Now().Before(end); {
		time.Sleep(100 * time.Microsecond)
	}
}

// Resume ends Stall.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.open:
	default:
		close(p.open)
	}
}

// Cut closes all connections, on both sides. New ones are accepted, except those by which a client cancels what it was doing: a network
// that is cut does not pass them on.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for number, cancel := range p.conns {
		p.cut[p.keys[number]] = true
		cancel()
	}
}

// Refuse closes all connections and each new one, until Accept.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	p.refuses = true
	p.mu.Unlock()
	p.Cut()
}

// Accept ends Refuse.
func (p *Proxy) Accept() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = false
}

// Close closes all connections and waits until nothing runs. The second call does nothing.
func (p *Proxy) Close() error {
	p.cancel()
	err := p.listener.Close()
	p.wg.Wait()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close the proxy for PostgreSQL: %w", err)
	}
	return nil
}

func (p *Proxy) accept(ctx context.Context) {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			continue // no more open files, for example: the next may succeed
		}
		p.wg.Go(func() { p.serve(ctx, client) })
	}
}

// serve passes one connection on.
func (p *Proxy) serve(ctx context.Context, client net.Conn) {
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	number, ok := p.register(cancel)
	if !ok {
		return
	}
	defer p.forget(number)
	dialer := net.Dialer{Timeout: dialTimeout}
	p.mu.Lock()
	address := p.server
	p.mu.Unlock()
	server, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return
	}
	c := &conn{
		proxy: p, number: number, client: client, server: server, fromClient: bufio.NewReader(client), fromServer: bufio.NewReader(server),
	}
	c.run(ctx)
}

// register gives a connection its number. It returns false if the connection is refused.
func (p *Proxy) register(cancel context.CancelFunc) (number int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	number = p.next
	p.next++
	if p.refuses {
		return number, false
	}
	p.conns[number] = cancel
	return number, true
}

func (p *Proxy) forget(number int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, number)
	delete(p.keys, number)
}

// A cancelKey is what a client sends to cancel what another connection is doing: the server's process and a secret.
type cancelKey [8]byte

// setKey notes the key that the server has given to a connection.
func (p *Proxy) setKey(number int, key cancelKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys[number] = key
}

// cutOne notes that the proxy is about to cut a connection.
func (p *Proxy) cutOne(number int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut[p.keys[number]] = true
}

// isCut reports whether the proxy has cut the connection with a key.
func (p *Proxy) isCut(key cancelKey) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cut[key]
}

// begin returns when a write may be made: when the proxy is not stalled. The write's end calls end.
func (p *Proxy) begin(ctx context.Context) (end func(), err error) {
	for {
		p.writes.Add(1) // before it looks, so that Stall sees it
		end := func() { p.writes.Add(-1) }
		p.mu.Lock()
		open := p.open
		p.mu.Unlock()
		select {
		case <-open:
			return end, nil
		default:
			end()
		}
		select {
		case <-open:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// A writer writes to one side of a connection, while the proxy is not stalled, and counts bytes.
type writer struct {
	ctx   context.Context // of the connection
	to    net.Conn
	proxy *Proxy
	count *atomic.Int64
}

func (w writer) Write(b []byte) (int, error) {
	end, err := w.proxy.begin(w.ctx)
	if err != nil {
		return 0, err
	}
	defer end()
	n, err := w.to.Write(b)
	w.count.Add(int64(n))
	return n, err
}
