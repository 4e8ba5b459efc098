package redact

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
)

func escaped(key, format string) string {
	var b strings.Builder
	for _, c := range []byte(key) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

func TestBytesFindsEveryFormOfTheKey(t *testing.T) {
	for name, tt := range map[string]struct{ key, in, want string }{
		"plain":                        {"sk_live_0123456789", `{"k":"sk_live_0123456789"}`, `{"k":"[key]"}`},
		"twice, adjacent":              {"sk_live_0123456789", `sk_live_0123456789sk_live_0123456789x`, `[key][key]x`},
		"inside a word":                {"sk_live_0123456789", `xsk_live_0123456789x`, `x[key]x`},
		"escaped for JSON":             {"sk/live/0123456789", `"sk\/live\u002f0123456789"`, `"[key]"`},
		"escaped for a URL":            {"sk/live/0123456789", `sk%2Flive%2f0123456789`, `[key]`},
		"absent":                       {"sk_live_0123456789", `{"a":"\u00e4 100%"}`, `{"a":"\u00e4 100%"}`},
		"truncated":                    {"sk_live_0123456789", `Bearer sk_live_012345678`, `Bearer [key]`},
		"truncated in JSON":            {"sk_live_0123456789", `{"m":"Bearer sk_live_0123456`, `{"m":"Bearer [key]`},
		"truncated and quoted":         {"sk_live_0123456789", `bad answer "Bearer sk_live_0..."`, `bad answer "Bearer [key]..."`},
		"first 8 characters":           {"sk_live_0123456789", `sk_live_`, `[key]`},
		"first 7 characters":           {"sk_live_0123456789", `sk_live`, `sk_live`},
		"a prefix, not at the end":     {"sk_live_0123456789", `sk_live_012 is a prefix`, `sk_live_012 is a prefix`},
		"truncated inside an escape":   {"sk/live/0123456789", `sk\u002flive\u002f012\u00`, `[key]\u00`},
		"upper case":                   {"sk_live_0123456789abc", `SK_LIVE_0123456789ABC`, `[key]`},
		"hexadecimal":                  {"sk_live_0123456789", `0x736b5f6c6976655f30313233343536373839;`, `0x[key];`},
		"upper case hexadecimal":       {"sk_live_0123456789", `736B5F6C6976655F30313233343536373839`, `[key]`},
		"truncated hexadecimal":        {"sk_live_0123456789", `736b5f6c6976655f303132`, `[key]`},
		"HTML entities":                {"sk/live/0123456789", `sk&#47;live&#x2f;012&#51;456789`, `[key]`},
		"named HTML entities":          {"sk/live&0123456789", `sk&sol;live&amp;0123456789`, `[key]`},
		"HTML entities, escaped twice": {"sk/live/0123456789", `sk&amp;#47;live&amp;amp;#x2F;0123456789`, `[key]`},
		"JSON, escaped twice":          {"sk/live/0123456789", `sk\\u002flive\\/0123456789`, `[key]`},
		"URL, escaped twice":           {"sk/live/0123456789", `sk%252Flive%25252f0123456789`, `[key]`},
		"every character escaped":      {"sk_live_0123456789", escaped("sk_live_0123456789", `\u%04X`), `[key]`},
		"truncated HTML entities":      {"sk_live_0123456789", escaped("sk_live_012", `&#%d;`) + "&#5", `[key]&#5`},
		"backslashes":                  {`0\\000000000`, `00\\0000000000`, `0[key]0`},
		"backslashes, escaped":         {`0\\000000000`, `0\\\\000000000`, `[key]`},
		"a backslash, escaped twice":   {`0\a000000000`, `0\\\\a000000000`, `[key]`},
		"percent signs":                {`sk%25live%2501234`, `sk%25live%2501234`, `[key]`},
		"percent signs, escaped":       {`sk%25live%2501234`, `sk%2525live%252501234`, `[key]`},
		"percent signs, one escaped":   {`sk%25live%2501234`, `sk%2525live%2501234`, `[key]`},
		"ampersands":                   {`sk&amp;live&lt;01234`, `sk&amp;live&lt;01234`, `[key]`},
		"ampersands, escaped":          {`sk&amp;live&lt;01234`, `sk&amp;amp;live&amp;lt;01234`, `[key]`},
		"short, a word":                {"test", `{"key":"test","m":"Bearer test."}`, `{"key":"[key]","m":"Bearer [key]."}`},
		"short, inside words":          {"test", `{"email":"contest@x.com","b":"testing","c":"test1"}`, `{"email":"contest@x.com","b":"testing","c":"test1"}`},
		"short, after an escape":       {"test", `{"m":"key:\ntest"}`, `{"m":"key:\n[key]"}`},
		"one letter":                   {"x", `{"a":"x","b":"example"}`, `{"a":"[key]","b":"example"}`},
		"short, escaped for JSON":      {"a/b", `"a\/b"`, `"[key]"`},
	} {
		if got := New(tt.key).String(tt.in); got != tt.want {
			t.Errorf("%s: got %s, expected %s", name, got, tt.want)
		}
	}
}

// In base64 the key is found behind any text, for a URL or not, and escaped. No more than the bits are left that it shares with
// failure is beside it.
func TestBytesFindsTheKeyInBase64(t *testing.T) {
	const key, symbols = "sk_live_0123456789abcdef", "~~??>>sk_live_012345~~??>>"
	for _, k := range []string{key, symbols} {
		for _, before := range []string{"", "k", "k:", "Bearer ", "user:", "Authorization: Bearer "} {
			for _, after := range []string{"", "!", "\r\n", ":password"} {
				for name, e := range map[string]*base64.Encoding{
					"std": base64.StdEncoding, "raw": base64.RawStdEncoding, "url": base64.URLEncoding, "raw url": base64.RawURLEncoding,
				} {
					text := e.EncodeToString([]byte(before + k + after))
					for _, in := range []string{text, `{"m":"` + text + `"}`, strings.ReplaceAll(text, "/", `\/`), strings.ReplaceAll(text, "+", "%2B")} {
						got := New(k).String(in)
						if !strings.Contains(got, Marker) || len(got) > len(in)-len(k)*4/3+len(Marker)+4 {
							t.Errorf("%s of %q: %s becomes %s", name, before+"KEY"+after, in, got)
						}
					}
				}
			}
		}
	}
	cut := base64.StdEncoding.EncodeToString([]byte("Bearer " + key))[:24]
	if got := New(key).String(cut); !strings.HasSuffix(got, Marker) {
		t.Errorf("%s becomes %s", cut, got)
	}
}

// No part of a key remains, whichever form it has and wherever the text ends inside it.
func TestBytesFindsATruncatedKey(t *testing.T) {
	const key = "k3y/With+Odd=Chars_0123456789"
	for name, text := range map[string]string{
		"plain": key, "JSON": escaped(key, `\u%04x`), "URL": escaped(key, `%%%02x`), "HTML": escaped(key, `&#x%x;`),
		"hex": hex.EncodeToString([]byte(key)),
	} {
		per := len(text) / len(key)
		for n := minPrefix * per; n <= len(text); n++ {
			got := New(key).String("key: " + text[:n])
			if !strings.HasPrefix(got, "key: "+Marker) || len(got) > len("key: "+Marker)+2*per {
				t.Errorf("%s, %d characters: %s", name, n, got)
			}
		}
	}
}

// A match is looked for at each offset at which there is one.
func FuzzNext(f *testing.F) {
	f.Add("sk_live_0123456789", `{"k":"sk_live_0123456789"}`)
	f.Add("%k3y/With+Odd=Chars_0123456789", escaped("%k3y/With+Odd=Chars_0123456789", `\u%04x`))
	f.Add("test", `SK%74est test \test`)
	f.Add("x", "x y")
	f.Fuzz(func(t *testing.T, key, text string) {
		r := New(key)
		for at := range len(text) {
			if r.match([]byte(text), at) > 0 && r.next([]byte(text), at) != at {
				t.Fatalf("%q: the match at offset %d of %q is left out", key, at, text)
			}
		}
	})
}

// No form of the key is left in a text.
func FuzzBytes(f *testing.F) {
	f.Add("sk_live_0123456789", `{"k":"`, `","m":"sk_live_01`)
	f.Add("k3y/With+Odd=Chars_0123456789", `\\`, "%2")
	f.Fuzz(func(t *testing.T, key, before, after string) {
		isKeyByte := func(c rune) bool { return c > ' ' && c <= '~' && c != '[' && c != ']' }
		if len(key) < minLongKey || strings.ContainsFunc(key, func(c rune) bool { return !isKeyByte(c) }) {
			return
		}
		r := New(key)
		for _, k := range []string{key, hex.EncodeToString([]byte(key)), escaped(key, `\u%04x`), escaped(key, `%%%02X`), escaped(key, `&#%d;`)} {
			if got := r.String(before + k + after); strings.Contains(strings.ToLower(got), strings.ToLower(k)) {
				t.Fatalf("%q is left in %q", k, got)
			}
		}
	})
}

// A quarter of a megabyte of what begins escapes would take minutes if each of them were followed to its end.
func TestATextOfEscapesTakesLinearTime(t *testing.T) {
	const size, most = 1 << 18, 20 * time.Second
	for _, key := range []string{"sk_live_0123456789", `sk\\live%25_&amp;0123456789`, strings.Repeat(`\`, 16)} {
		for _, part := range []string{`\`, `%`, `%25`, `25`, `&`, `&amp;`, `amp;`, `\u005c`} {
			begin := time.Now()
			New(key).Bytes(append([]byte("%&"), strings.Repeat(part, size/len(part))...))
			if took := time.Since(begin); took > most {
				t.Errorf("key %s: a text of %s takes %s", key, part, took)
			}
		}
	}
}
