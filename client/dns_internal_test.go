package client

import (
	"context"
	"encoding/binary"
	"net"
	"sync"
	"testing"

	"github.com/sourcegraph/conc"
)

// A nameServer answers every query for an IPv4 address with ip; nil: no such host.
type nameServer struct {
	conn net.PacketConn
	mu   sync.Mutex
	ip   net.IP
}

func serveNames(t *testing.T, ips ...net.IP) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{conn: conn}
	if len(ips) > 0 {
		s.ip = ips[0]
	}
	var serving conc.WaitGroup
	serving.Go(s.serve)
	t.Cleanup(func() {
		_ = conn.Close()
		serving.Wait()
	})
	return s
}

func (s *nameServer) move(ip net.IP) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ip = ip
}

func (s *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", s.conn.LocalAddr().String())
	}}
}

func (s *nameServer) serve() {
	b := make([]byte, 512)
	for {
		n, from, err := s.conn.ReadFrom(b)
		if err != nil {
			return
		}
		if answer := s.answer(b[:n]); answer != nil {
			_, _ = s.conn.WriteTo(answer, from) // a resolver asks again
		}
	}
}

// answer returns a response (RFC 1035, 4): the header, the question as it came, and an address for the question's name.
func (s *nameServer) answer(question []byte) []byte {
	const header, typeA, refused = 12, 1, 3 // 3: there is no such name
	end := header
	for end < len(question) && question[end] != 0 {
		end += 1 + int(question[end])
	}
	if end += 5; end > len(question) {
		return nil
	}
	s.mu.Lock()
	ip := s.ip
	s.mu.Unlock()
	b := append([]byte(nil), question[:end]...)
	clear(b[6:header]) // no answers yet, and no additional records
	b[2], b[3] = b[2]|0x80, 0x80
	switch {
	case ip == nil:
		b[3] |= refused
	case binary.BigEndian.Uint16(b[end-4:]) == typeA:
		b[7] = 1
		b = append(b, 0xc0, header, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4)
		b = append(b, ip.To4()...)
	}
	return b
}
