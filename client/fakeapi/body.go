package fakeapi

import (
	"errors"
	"io"
	"net/http"
	"strconv"
)

// maxRequest is the most bytes of a request's body; seven fields of 255 characters are far below it.
const maxRequest = 256 << 10

var errTooLarge = errors.New("the body is too large")

func readBody(b []byte, r io.Reader) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return b, err
		case len(b) > maxRequest:
			return b, errTooLarge
		}
	}
}

// writeHead writes the header that every answer has; length is -1 where it is not told.
func (s *Server) writeHead(w http.ResponseWriter, status, length int) {
	h := w.Header()
	if s.rate != nil {
		h["Rate_limit"] = s.rate
	}
	if h["Content-Type"] == nil {
		h["Content-Type"] = []string{"application/json; charset=utf-8"}
	}
	if length >= 0 && status != http.StatusNoContent && status != http.StatusNotModified {
		h["Content-Length"] = []string{strconv.Itoa(length)}
	}
	w.WriteHeader(status)
}

// refuse answers what is no call.
func (s *Server) refuse(w http.ResponseWriter, status int, message string) {
	s.writeHead(w, status, -1)
	_, _ = w.Write(appendError(nil, status, message)) // nobody waits for it
}
