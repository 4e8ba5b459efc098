package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestParseKeyRefusesWhatIsNotAKey(t *testing.T) {
	for text, message := range map[string]string{
		"":                        "empty",
		strings.Repeat("k", 4097): "longer than 4096",
		`"sk_live"`:               "quote",
		"sk_live'":                "quote",
		"SELLING_API_KEY=sk_live": "name of its variable",
		"export SELLING_API_KEY=": "name of its variable",
		"sk_live\n":               "line break",
		"Bearer sk_live":          "white space",
		"sk\x00live":              "position 3",
		"sk_livé":                 "position 7",
	} {
		key, err := ParseKey(text)
		if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), message) || key != (Key{}) {
			t.Errorf("%.40q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "sk") {
			t.Errorf("the error for %q shows it: %v", text, err)
		}
	}
	for _, text := range []string{"k", "sk_live_0123456789", strings.Repeat("k", 4096), `a"b`, "~!@#$%^&*()"} {
		if key, err := ParseKey(text); err != nil || key.secret != text {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

func TestAKeyCannotPrintItself(t *testing.T) {
	key := Key{"sk_live_0123456789"}
	inJSON, err := json.Marshal(map[string]any{"key": key, "pointer": &key})
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("key", "key", key, "options", fmt.Sprintf("%+v", Options{Key: key}))
	texts := []string{string(inJSON), logged.String(), string(key.Redact([]byte("Bearer sk_live_0123456789")))}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, key), fmt.Sprintf(verb, Options{Key: key}))
	}
	for _, text := range texts {
		if strings.Contains(text, "live") || !strings.Contains(text, "[key]") {
			t.Errorf("printed as %s", text)
		}
	}
}
