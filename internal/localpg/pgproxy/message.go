package pgproxy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// maxBatch bounds what the proxy keeps of a client's messages, in bytes.
const maxBatch = 256 << 20

// Codes of the first message of a connection, in place of the protocol's version.
const (
	codeCancel = 80877102
	codeTLS    = 80877103
	codeGSS    = 80877104
)

// readStartup reads the first message of a connection, which has no type, and returns its code.
func readStartup(r *bufio.Reader) (message []byte, code uint32, err error) {
	header, err := r.Peek(8)
	if err != nil {
		return nil, 0, err
	}
	length := binary.BigEndian.Uint32(header)
	if length < 8 || length > 10_000 { // the server's limit
		return nil, 0, fmt.Errorf("a first message of %d bytes", length)
	}
	message = make([]byte, length)
	_, err = io.ReadFull(r, message)
	return message, binary.BigEndian.Uint32(message[4:]), err
}

// readHeader reads the type of a message and the length of what follows, in bytes.
func readHeader(r *bufio.Reader) (header [5]byte, length int, err error) {
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return header, 0, err
	}
	n := binary.BigEndian.Uint32(header[1:])
	if n < 4 || n > 1<<30 {
		return header, 0, fmt.Errorf("a message %q of %d bytes", header[0], n)
	}
	return header, int(n) - 4, nil
}

// readMessage reads a message and appends it to buf. body is the end of the result.
func readMessage(r *bufio.Reader, buf []byte) (all []byte, kind byte, body []byte, err error) {
	header, length, err := readHeader(r)
	if err != nil {
		return buf, 0, nil, err
	}
	if len(buf)+length > maxBatch {
		return buf, 0, nil, fmt.Errorf("a batch of more than %d bytes", maxBatch)
	}
	buf = append(buf, header[:]...)
	start := len(buf)
	buf = append(buf, make([]byte, length)...)
	_, err = io.ReadFull(r, buf[start:])
	return buf, header[0], buf[start:], err
}

// text returns the text that ends with a zero byte at the beginning of body, and what follows.
func text(body []byte) (s string, rest []byte) {
	before, rest, _ := bytes.Cut(body, []byte{0})
	return string(before), rest
}

// A session knows what a client has prepared.
type session struct {
	prepared map[string]string // SQL of each prepared statement
	portals  map[string]string // SQL of each portal
}

func newSession() *session {
	return &session{prepared: map[string]string{}, portals: map[string]string{}}
}

// statements returns what a message executes.
func (s *session) statements(kind byte, body []byte) []string {
	switch kind {
	case 'Q':
		sql, _ := text(body)
		return split(sql)
	case 'P': // Parse: name, SQL
		name, rest := text(body)
		s.prepared[name], _ = text(rest)
	case 'B': // Bind: portal, name
		portal, rest := text(body)
		name, _ := text(rest)
		s.portals[portal] = s.prepared[name]
	case 'E': // Execute: portal
		portal, _ := text(body)
		return []string{s.portals[portal]}
	case 'C': // Close: 'S' or 'P', name
		if len(body) > 0 && body[0] == 'S' {
			name, _ := text(body[1:])
			delete(s.prepared, name)
		}
	}
	return nil
}
