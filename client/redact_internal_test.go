package client

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

func escaped(key, format string) string {
	var b strings.Builder
	for _, c := range []byte(key) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

func TestRedactFindsTheKeyHoweverItIsSpelt(t *testing.T) {
	for name, tt := range map[string]struct{ key, in, want string }{
		"plain":                   {"sk_live_0123456789", `{"k":"sk_live_0123456789"}`, `{"k":"[key]"}`},
		"twice, run together":     {"sk_live_0123456789", `sk_live_0123456789sk_live_0123456789x`, `[key][key]x`},
		"inside a word":           {"sk_live_0123456789", `xsk_live_0123456789x`, `x[key]x`},
		"escaped for JSON":        {"sk/live/0123456789", `"sk\/live\u002f0123456789"`, `"[key]"`},
		"escaped for a URL":       {"sk/live/0123456789", `sk%2Flive%2f0123456789`, `[key]`},
		"absent":                  {"sk_live_0123456789", `{"a":"\u00e4 100%"}`, `{"a":"\u00e4 100%"}`},
		"cut":                     {"sk_live_0123456789", `Bearer sk_live_012345678`, `Bearer [key]`},
		"cut in a JSON text":      {"sk_live_0123456789", `{"m":"Bearer sk_live_0123456`, `{"m":"Bearer [key]`},
		"cut and quoted":          {"sk_live_0123456789", `bad answer "Bearer sk_live_0..."`, `bad answer "Bearer [key]..."`},
		"cut to 8":                {"sk_live_0123456789", `sk_live_`, `[key]`},
		"cut to 7":                {"sk_live_0123456789", `sk_live`, `sk_live`},
		"cut, not at the end":     {"sk_live_0123456789", `sk_live_012 is a prefix`, `sk_live_012 is a prefix`},
		"cut inside an escape":    {"sk/live/0123456789", `sk\u002flive\u002f012\u00`, `[key]\u00`},
		"in capitals":             {"sk_live_0123456789abc", `SK_LIVE_0123456789ABC`, `[key]`},
		"in hexadecimal":          {"sk_live_0123456789", `0x736b5f6c6976655f30313233343536373839;`, `0x[key];`},
		"in hexadecimal capitals": {"sk_live_0123456789", `736B5F6C6976655F30313233343536373839`, `[key]`},
		"in hexadecimal, cut":     {"sk_live_0123456789", `736b5f6c6976655f303132`, `[key]`},
		"as entities":             {"sk/live/0123456789", `sk&#47;live&#x2f;012&#51;456789`, `[key]`},
		"as named entities":       {"sk/live&0123456789", `sk&sol;live&amp;0123456789`, `[key]`},
		"as entities, twice":      {"sk/live/0123456789", `sk&amp;#47;live&amp;amp;#x2F;0123456789`, `[key]`},
		"escaped twice for JSON":  {"sk/live/0123456789", `sk\\u002flive\\/0123456789`, `[key]`},
		"escaped twice for a URL": {"sk/live/0123456789", `sk%252Flive%25252f0123456789`, `[key]`},
		"all of it escaped":       {"sk_live_0123456789", escaped("sk_live_0123456789", `\u%04X`), `[key]`},
		"as entities, cut":        {"sk_live_0123456789", escaped("sk_live_012", `&#%d;`) + "&#5", `[key]&#5`},
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

// In base64 the key is found behind any text, for a URL or not, and escaped. No more than the bits are left that it shares with
// failure is beside it.
func TestRedactFindsTheKeyInBase64(t *testing.T) {
	key, slash := Key{"sk_live_0123456789abcdef"}, Key{"~~??>>sk_live_012345~~??>>"}
	for _, k := range []Key{key, slash} {
		for _, before := range []string{"", "k", "k:", "Bearer ", "user:", "Authorization: Bearer "} {
			for _, after := range []string{"", "!", "\r\n", ":password"} {
				for name, e := range map[string]*base64.Encoding{
					"std": base64.StdEncoding, "raw": base64.RawStdEncoding, "url": base64.URLEncoding, "raw url": base64.RawURLEncoding,
				} {
					text := e.EncodeToString([]byte(before + k.secret + after))
					for _, in := range []string{text, `{"m":"` + text + `"}`, strings.ReplaceAll(text, "/", `\/`), strings.ReplaceAll(text, "+", "%2B")} {
						got := string(k.Redact([]byte(in)))
						if !strings.Contains(got, redacted) || len(got) > len(in)-len(k.secret)*4/3+len(redacted)+4 {
							t.Errorf("%s of %q: %s becomes %s", name, before+"KEY"+after, in, got)
						}
					}
				}
			}
		}
	}
	cut := base64.StdEncoding.EncodeToString([]byte("Bearer " + key.secret))[:24]
	if got := string(key.Redact([]byte(cut))); !strings.HasSuffix(got, redacted) {
		t.Errorf("%s becomes %s", cut, got)
	}
}

// Nothing of a key is left to read, wherever a text ends inside any spelling of it.
func TestRedactFindsACutKey(t *testing.T) {
	key := Key{"k3y/With+Odd=Chars_0123456789"}
	for name, text := range map[string]string{
		"plain": key.secret, "JSON": escaped(key.secret, `\u%04x`), "URL": escaped(key.secret, `%%%02x`), "page": escaped(key.secret, `&#x%x;`),
		"hex": hex.EncodeToString([]byte(key.secret)),
	} {
		per := len(text) / len(key.secret)
		for n := cutKey * per; n <= len(text); n++ {
			got := string(key.Redact([]byte("key: " + text[:n])))
			if !strings.HasPrefix(got, "key: "+redacted) || len(got) > len("key: "+redacted)+2*per {
				t.Errorf("%s, %d characters: %s", name, n, got)
			}
		}
	}
}
