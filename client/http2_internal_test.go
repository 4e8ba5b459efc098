package client

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"enrich/contact"
)

// Frames (RFC 9113, 6), flags and error codes (7) of HTTP/2 that the server below uses.
const (
	frameData, frameHeaders, frameReset, frameSettings, frameGoAway = 0, 1, 3, 4, 7

	flagEndStream, flagAck, flagEndHeaders = 1, 1, 4

	codeNo, codeProtocol, codeInternal, codeRefused, codeCancel, codeCalm = 0, 1, 2, 7, 8, 11
)

// preface is what a client sends first (RFC 9113, 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// An h2Conn writes frames by hand, because net/http's server cannot be told to refuse a stream.
type h2Conn struct{ net.Conn }

func (c h2Conn) frame(kind, flags byte, stream uint32, payload []byte) bool {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	b = binary.BigEndian.AppendUint32(append(b, flags), stream)
	_, err := c.Write(append(b, payload...))
	return err == nil
}

func (c h2Conn) reset(stream, code uint32) bool {
	return c.frame(frameReset, 0, stream, binary.BigEndian.AppendUint32(nil, code))
}

func (c h2Conn) goAway(last, code uint32) bool {
	return c.frame(frameGoAway, 0, 0, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, last), code))
}

// answer sends a 200, which is entry 8 of HPACK's static table, and a body.
func (c h2Conn) answer(stream uint32) bool {
	return c.frame(frameHeaders, flagEndHeaders, stream, []byte{0x88}) && c.frame(frameData, flagEndStream, stream, []byte(matchBody))
}

// speak reads requests and calls answer for each, until that returns false.
func (c h2Conn) speak(s *rawServer, answer func(stream uint32, nth int) bool) {
	hello := make([]byte, len(preface))
	if _, err := io.ReadFull(c, hello); err != nil || string(hello) != preface || !c.frame(frameSettings, 0, 0, nil) {
		return
	}
	head := make([]byte, 9)
	for {
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(head)>>8)); err != nil {
			return
		}
		kind, flags, stream := head[3], head[4], binary.BigEndian.Uint32(head[5:])
		switch {
		case kind == frameSettings && flags&flagAck == 0:
			c.frame(frameSettings, flagAck, 0, nil)
		case kind == frameData && flags&flagEndStream != 0:
			s.count()
			if !answer(stream, s.counted()) {
				return
			}
		}
	}
}

// TestHTTP2 ends the stream of the third request in each way. If the server says that it has not begun with it, the call is
// not lost, and the client sends it again after backoff. Otherwise it is lost, and net/http does not send it again, although
// by default it would after a protocol error.
func TestHTTP2(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(c h2Conn, stream uint32) (goOn bool)
		lost bool
	}{
		{"refused", func(c h2Conn, stream uint32) bool { return c.reset(stream, codeRefused) }, false},
		{"going away before it", func(c h2Conn, stream uint32) bool { return c.goAway(stream-2, codeNo) }, false},
		{"protocol error", func(c h2Conn, stream uint32) bool { return c.reset(stream, codeProtocol) }, true},
		{"cancelled", func(c h2Conn, stream uint32) bool { return c.reset(stream, codeCancel) }, true},
		{"internal error", func(c h2Conn, stream uint32) bool { return c.reset(stream, codeInternal) }, true},
		{"going away after it", func(c h2Conn, stream uint32) bool { c.goAway(stream, codeNo); return false }, true},
		{"closed", func(h2Conn, uint32) bool { return false }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			certificate, file := testCertificate(t)
			l := tls.NewListener(listen(t), &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12})
			s := serveRaw(t, l, func(s *rawServer, raw net.Conn) {
				conn := h2Conn{raw}
				conn.speak(s, func(stream uint32, nth int) bool {
					if nth == 3 {
						return c.end(conn, stream)
					}
					return conn.answer(stream)
				})
			})
			h := newHarness(t, 1, Options{URL: "https://" + l.Addr().String(), CAFile: file, MaxElapsed: time.Minute})
			h.lostRetries = 0
			h.run(6)
			k := h.kinds()
			want, lost := 7, 0
			if c.lost {
				want, lost = 6, 1
			}
			if s.counted() != want || k[contact.Lost] != lost || k[contact.Matched] != 6-lost || h.stopped != "" {
				t.Errorf("%d requests, ended as %v, stop %q: %s", s.counted(), k, h.stopped, h.last(3).Message)
			}
			if got := h.client.Stats().Sent; got != int64(want) {
				t.Errorf("%d sent, expected %d", got, want)
			}
			if o := h.last(3); bytes.Contains([]byte(o.Message), []byte("secret")) {
				t.Errorf("the key is in %q", o.Message)
			}
		})
	}
}

// A server that is overloaded ends a connection with an error, and says that it has not begun with its first request. That is a
// whole job if the request is a submission, because each has a connection of its own.
func TestTheFirstRequestOfARefusedConnectionIsNotLost(t *testing.T) {
	for name, lost := range map[string]bool{"before it": false, "after it": true} {
		t.Run(name, func(t *testing.T) {
			certificate, file := testCertificate(t)
			l := tls.NewListener(listen(t), &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12})
			s := serveRaw(t, l, func(s *rawServer, raw net.Conn) {
				conn := h2Conn{raw}
				conn.speak(s, func(stream uint32, nth int) bool {
					if nth > 1 {
						return conn.answer(stream)
					}
					last := uint32(0)
					if lost {
						last = stream
					}
					return conn.goAway(last, codeCalm) && !lost
				})
			})
			h := newHarness(t, 1, Options{URL: "https://" + l.Addr().String(), CAFile: file, MaxElapsed: time.Minute})
			a := h.client.Submit(t.Context(), t.Context(), testContacts(2), nil)
			wasLost := a.Outcome.Kind == contact.Lost && a.Outcome.Status == 0
			if wasLost != lost || !lost && s.counted() != 2 {
				t.Errorf("%d requests, ended as %+v", s.counted(), a)
			}
		})
	}
}
