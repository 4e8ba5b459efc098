package daemon

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

// A Port is a free TCP port of 127.0.0.1, reserved among all programs that use this package: the process that reserves it has the
// UDP port of the same number. The reservation ends with the process at the latest.
type Port struct {
	// Number is the TCP port.
	Number int
	udp    net.PacketConn
}

// ReservePort finds a free port.
func ReservePort() (*Port, error) {
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
			return &Port{Number: n, udp: udp}, tcp.Close()
		}
		last = errors.Join(err, udp.Close())
	}
	return nil, fmt.Errorf("find a free port: %w", last)
}

// Release ends the reservation.
func (p *Port) Release() error { return p.udp.Close() }
