package localpg

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are chosen below the range from which systems take the ports of outgoing connections, so that no connection gets the
// port of a server that is down for a moment.
const (
	firstPort = 15000
	lastPort  = 31999
	portTries = 200
)

// A port is a free TCP port of 127.0.0.1, reserved among all programs that use this package: whoever reserves it has the UDP port
// of the same number. The reservation ends with the process at the latest.
type port struct {
	number int
	udp    net.PacketConn
}

// reservePort finds a free port.
func reservePort() (*port, error) {
	var last error
	for range portTries {
		n := firstPort + rand.IntN(lastPort-firstPort+1)
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(n))
		udp, err := net.ListenPacket("udp4", addr)
		if err != nil {
			last = err
			continue
		}
		tcp, err := net.Listen("tcp4", addr)
		if err == nil {
			return &port{number: n, udp: udp}, tcp.Close()
		}
		last = errors.Join(err, udp.Close())
	}
	return nil, fmt.Errorf("find a free port: %w", last)
}

func (p *port) release() error { return p.udp.Close() }
