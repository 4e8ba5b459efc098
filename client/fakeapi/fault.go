package fakeapi

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// redirected is the path that redirects lead to.
const redirected = "/_redirected"

// doShape answers in the kind's shape.
func doShape(c *call, o *order) { c.succeed(http.StatusOK, o.kind.shape) }

// fixed answers with a fixed text and charges nothing.
func fixed(text string, status int) func(*call, *order) {
	return func(c *call, _ *order) {
		c.out = append(c.out, text...)
		c.send(status)
	}
}

// mayCharge reports whether the API, or a gateway before it, can send this status after it charged.
func mayCharge(status int) bool {
	switch status {
	case http.StatusInternalServerError, http.StatusNotImplemented, http.StatusServiceUnavailable:
		return false
	}
	return status < 300 || status >= 500
}

// doStatus answers with any status. If the status may be charged, it is.
func doStatus(c *call, o *order) {
	digits, wait, hasWait := strings.Cut(o.arg, "ra")
	status, _ := strconv.Atoi(digits) // isStatus accepted it
	if hasWait {
		c.w.Header().Set("Retry-After", retryAfter(wait, time.Now()))
	}
	switch {
	case status == http.StatusAccepted:
		c.fail(status, "The contact is being looked for.")
	case status == http.StatusNoContent, status == http.StatusNotModified:
		c.send(status)
	case status < 300 && !c.buildNormal():
		c.outOfCredits()
	case status < 300:
		c.send(status)
	case status < 400:
		c.w.Header().Set("Location", redirected)
		c.fail(status, "It is elsewhere.")
	case mayCharge(status):
		c.spend()
		c.fail(status, "This was ordered: it took too long.")
	default:
		c.fail(status, "The request was not accepted: "+http.StatusText(status)+".")
	}
}

func doRedirect(c *call, _ *order) {
	c.w.Header().Set("Location", redirected)
	c.fail(http.StatusTemporaryRedirect, "It is elsewhere.")
}

// spend charges for a contact that is found, or for the contacts of a job, although the answer is useless.
func (c *call) spend() {
	if c.bulk != nil {
		c.bulk.spend(c)
		return
	}
	if c.shape(&c.options) == noMatch {
		return
	}
	if _, ok := c.account.charge(); ok {
		c.tally.charge(c.contact, "")
	}
}

// doBody answers with a useless body, as a 200 if no status is ordered. A 2xx is charged.
func doBody(body string) func(*call, *order) {
	return func(c *call, o *order) {
		status := c.useless(o)
		if strings.HasPrefix(body, "<") {
			c.w.Header().Set("Content-Type", "text/html")
		}
		c.out = append(c.out, body...)
		c.send(status)
	}
}

// useless returns the ordered status, or 200, and charges if the status may be charged.
func (c *call) useless(o *order) (status int) {
	status = http.StatusOK
	if o.arg != "" {
		status, _ = strconv.Atoi(o.arg) // isStatusOrNone accepted it
	}
	if mayCharge(status) {
		c.spend()
	}
	return status
}

// doClaim answers 200 with an error in the API's own format, as some gateways do.
func doClaim(c *call, o *order) {
	status, _ := strconv.Atoi(o.arg) // isError accepted it
	if mayCharge(status) {
		c.spend()
	}
	c.out = appendError(c.out, status, "This was ordered: "+http.StatusText(status)+".")
	c.send(http.StatusOK)
}

// key returns the key of the request.
func (c *call) key() string { return strings.TrimPrefix(c.r.Header.Get("Authorization"), "Bearer ") }

// doEcho repeats the key in every spelling that it can have in JSON, in a page or in a URL.
func doEcho(c *call, o *order) {
	key := c.key()
	status := http.StatusOK
	if o.arg != "" {
		status, _ = strconv.Atoi(o.arg) // isStatusOrNone accepted it
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
	if c.bulk == nil && !c.build(match) || c.bulk != nil && !c.bulk.build(c) {
		c.outOfCredits()
		return
	}
	c.out = bytes.Replace(c.out, []byte("Sells what"), []byte(text+" sells what"), 1)
	if c.bulk != nil {
		c.out = bytes.Replace(c.out, []byte("{"), []byte(`{"note":"`+text+`",`), 1)
	}
	c.send(status)
}

// spellings returns ways to write a key.
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

// doEncoded answers in another encoding than UTF-8.
func doEncoded(contentType string, e encoding.Encoding) func(*call, *order) {
	return func(c *call, _ *order) {
		if !c.buildNormal() {
			c.outOfCredits()
			return
		}
		out, err := encoding.HTMLEscapeUnsupported(e.NewEncoder()).Bytes(c.out)
		if err != nil {
			out = c.out
		}
		c.out = out
		c.w.Header().Set("Content-Type", contentType)
		c.send(c.status)
	}
}

// The encodings that can be ordered.
var (
	latin1 = doEncoded("application/json;charset=iso-8859-1", charmap.ISO8859_1)
	utf16  = doEncoded("application/json", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM))
	bom    = doEncoded("application/json", unicode.UTF8BOM)
)
