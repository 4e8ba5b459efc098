package client

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// redacted is what stands where a key was.
const redacted = "[key]"

// ErrKey is a key that cannot be one. It never holds the key.
var ErrKey = errors.New("the API key")

// A Key is the API's key. It cannot print itself: every way to format, log or encode it gives "[key]".
type Key struct{ secret string }

// keyQuotes are the ASCII quotes that an .env file or a YAML file keeps around a value. No API issues keys with them.
const keyQuotes = "\"'`"

// ParseKey refuses what cannot stand in a header, or was pasted with something around it; the error never shows it.
func ParseKey(s string) (Key, error) {
	if s == "" {
		return Key{}, fmt.Errorf("%w is empty", ErrKey)
	}
	if len(s) > 4096 {
		return Key{}, fmt.Errorf("%w is longer than 4096 characters", ErrKey)
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

// String is "[key]".
func (Key) String() string { return redacted }

// GoString is "[key]".
func (Key) GoString() string { return redacted }

// Format is "[key]", whatever the verb.
func (Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText is "[key]".
func (Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue is "[key]".
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }
