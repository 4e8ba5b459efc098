package fakeapi

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// key is what the call was made with.
func (c *call) key() string { return strings.TrimPrefix(c.r.Header.Get("Authorization"), "Bearer ") }

// doEcho repeats the key in every spelling that a JSON text, a page or a URL can have.
func doEcho(c *call, o *order) {
	key := c.key()
	status := http.StatusOK
	if o.arg != "" {
		status, _ = strconv.Atoi(o.arg) // isStatusOrNone took it
	}
	c.w.Header().Set("X-Api-Key", key)
	text := "key " + strings.Join(spellings(key), ", ")
	if status >= 300 {
		if mayCharge(status) {
			c.spend()
		}
		c.fail(status, text)
		return
	}
	if !c.build(match) {
		c.outOfCredits()
		return
	}
	c.out = bytes.Replace(c.out, []byte("Sells what"), []byte(text+" sells what"), 1)
	c.send(status)
}

// spellings are ways to write a key.
func spellings(key string) []string {
	all := []string{
		key, "Bearer " + key, strings.ToUpper(key), escaped(key, `\u%04x`), escaped(key, "%%%02X"), escaped(key, "&#%d;"), escaped(key, "&#x%x;"),
		hex.EncodeToString([]byte(key)), strings.ToUpper(hex.EncodeToString([]byte(key))),
	}
	for _, before := range []string{"", "k:", "Bearer "} {
		all = append(all, base64.StdEncoding.EncodeToString([]byte(before+key+"!")), base64.RawURLEncoding.EncodeToString([]byte(before+key)))
	}
	return all
}

func escaped(key, format string) string {
	var b strings.Builder
	for _, c := range []byte(key) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

// doKeyCut answers with a text that ends inside the key.
func doKeyCut(c *call, o *order) {
	status := c.useless(o)
	c.w.Header().Set("Content-Type", "text/plain")
	key := c.key()
	c.out = append(append(c.out, "Authorization: Bearer "...), key[:len(key)-1]...)
	c.send(status)
}
