package client

import "testing"

func TestRedactFindsTheKeyHoweverItIsSpelt(t *testing.T) {
	for name, tt := range map[string]struct{ key, in, want string }{
		"plain":                   {"sk_live_0123456789", `{"k":"sk_live_0123456789"}`, `{"k":"[key]"}`},
		"twice, run together":     {"sk_live_0123456789", `sk_live_0123456789sk_live_0123456789x`, `[key][key]x`},
		"inside a word":           {"sk_live_0123456789", `xsk_live_0123456789x`, `x[key]x`},
		"escaped for JSON":        {"sk/live/0123456789", `"sk\/live\u002f0123456789"`, `"[key]"`},
		"escaped for a URL":       {"sk/live/0123456789", `sk%2Flive%2f0123456789`, `[key]`},
		"absent":                  {"sk_live_0123456789", `{"a":"\u00e4 100%"}`, `{"a":"\u00e4 100%"}`},
		"cut":                     {"sk_live_0123456789", `sk_live_012345678`, `sk_live_012345678`},
		"short, by itself":        {"test", `{"key":"test","m":"Bearer test."}`, `{"key":"[key]","m":"Bearer [key]."}`},
		"short, inside words":     {"test", `{"email":"contest@x.com","b":"testing","c":"test1"}`, `{"email":"contest@x.com","b":"testing","c":"test1"}`},
		"short, behind an escape": {"test", `{"m":"key:\ntest"}`, `{"m":"key:\n[key]"}`},
		"one letter":              {"x", `{"a":"x","b":"example"}`, `{"a":"[key]","b":"example"}`},
		"short, escaped for JSON": {"a/b", `"a\/b"`, `"[key]"`},
	} {
		key, err := ParseKey(tt.key)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(key.Redact([]byte(tt.in))); got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
}
