package client

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"enrich/client/internal/redact"
)

// ErrKey is the error of [ParseKey]. Its text never contains the key.
var ErrKey = errors.New("the API key")

// A Key is the API's key. It cannot print itself: however it is formatted, logged or encoded, the result is "[key]".
type Key struct{ secret string }

const (
	maxKey = 4096
	// keyQuotes are the quotes that an .env or a YAML file may keep around a value. No API issues keys that contain them.
	keyQuotes = "\"'`"
)

// ParseKey returns the key that s is. It refuses text that cannot be in a header or that was pasted with something around the
// key.
func ParseKey(s string) (Key, error) {
	if s == "" {
		return Key{}, fmt.Errorf("%w is empty", ErrKey)
	}
	if len(s) > maxKey {
		return Key{}, fmt.Errorf("%w is longer than %d characters", ErrKey, maxKey)
	}
	if strings.ContainsAny(s[:1], keyQuotes) || strings.ContainsAny(s[len(s)-1:], keyQuotes) {
		return Key{}, fmt.Errorf("%w begins or ends with a quote: remove the quotes", ErrKey)
	}
	if strings.HasPrefix(strings.TrimPrefix(s, "export "), "SELLING_API_KEY=") {
		return Key{}, fmt.Errorf("%w begins with the name of its variable: expected the key alone", ErrKey)
	}
	for i := range len(s) {
		switch b := s[i]; {
		case b == '\n' || b == '\r':
			return Key{}, fmt.Errorf("%w contains a line break: expected the key alone, on one line", ErrKey)
		case b == ' ' || b == '\t':
			return Key{}, fmt.Errorf("%w contains white space: expected the key alone, without quotes or \"Bearer\"", ErrKey)
		case b < ' ' || b > '~':
			return Key{}, fmt.Errorf("%w contains a character that cannot be part of a key, at position %d", ErrKey, i+1)
		}
	}
	return Key{s}, nil
}

// tagSize is short enough that a tag fits many keys, and long enough that two keys of an account have different ones.
const tagSize = 8

// Tag returns bytes that tell keys apart: the beginning of a hash. The key cannot be found from it.
func (k Key) Tag() []byte {
	sum := sha256.Sum256([]byte("enrich account\x00" + k.secret))
	return sum[:tagSize]
}

// Redact returns b with the key replaced by "[key]" in whichever form it appears: see package redact. It does not change b,
// and returns b itself if there is nothing to replace.
func (k Key) Redact(b []byte) []byte { return redact.New(k.secret).Bytes(b) }

// String returns "[key]".
func (Key) String() string { return redact.Marker }

// GoString returns "[key]".
func (Key) GoString() string { return redact.Marker }

// Format writes "[key]", whatever the verb.
func (Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redact.Marker)) }

// MarshalText returns "[key]".
func (Key) MarshalText() ([]byte, error) { return []byte(redact.Marker), nil }

// LogValue returns "[key]".
func (Key) LogValue() slog.Value { return slog.StringValue(redact.Marker) }
