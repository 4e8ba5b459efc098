package fakeapi

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// redirected is where a redirect leads to.
const redirected = "/_redirected"

// shaped answers well, in that shape.
func shaped(s shape) func(*call, *order) {
	return func(c *call, _ *order) { c.succeed(http.StatusOK, s) }
}

// spoken answers with a fixed text, and charges nothing.
func spoken(text string, status int) func(*call, *order) {
	return func(c *call, _ *order) {
		c.out = append(c.out, text...)
		c.send(status)
	}
}

// doStatus answers with any status, as well as it can: only what is an answer is charged.
func doStatus(c *call, o *order) {
	digits, wait, hasWait := strings.Cut(o.arg, "ra")
	status, _ := strconv.Atoi(digits) // isStatus took it
	if hasWait {
		c.w.Header().Set("Retry-After", retryAfter(wait, time.Now()))
	}
	switch {
	case status == http.StatusAccepted:
		c.fail(status, "The contact is being looked for.")
	case status == http.StatusNoContent, status == http.StatusNotModified:
		c.send(status)
	case status < 300:
		c.succeed(status, c.shape())
	case status < 400:
		c.w.Header().Set("Location", redirected)
		c.fail(status, "It is elsewhere.")
	case status == http.StatusGatewayTimeout:
		c.spend()
		c.fail(status, "It took too long.")
	default:
		c.fail(status, "This was ordered: "+http.StatusText(status)+".")
	}
}

func doRedirect(c *call, _ *order) {
	c.w.Header().Set("Location", redirected)
	c.fail(http.StatusTemporaryRedirect, "It is elsewhere.")
}

// spend charges for a contact that is found, although the answer will be of no use.
func (c *call) spend() {
	if c.shape() == noMatch {
		return
	}
	if _, ok := c.account.charge(); ok {
		c.tally.charged.Add(1)
	}
}

// doBody answers with a body that is of no use, as a 200 unless a status is ordered. As a 2xx it is charged.
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

// useless is the ordered status, 200 where there is none, charged where it says that all went well.
func (c *call) useless(o *order) (status int) {
	status = http.StatusOK
	if o.arg != "" {
		status, _ = strconv.Atoi(o.arg) // isStatusOrNone took it
	}
	if status < 300 {
		c.spend()
	}
	return status
}

// doEcho repeats the key in every spelling that a JSON text or a URL can have.
func doEcho(c *call, o *order) {
	key := strings.TrimPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	status := http.StatusOK
	if o.arg != "" {
		status, _ = strconv.Atoi(o.arg) // isStatusOrNone took it
	}
	c.w.Header().Set("X-Api-Key", key)
	text := fmt.Sprintf("key %s, Bearer %s, %s, %s", key, key, escaped(key, `\u%04x`), escaped(key, "%%%02X"))
	if status >= 300 {
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

func escaped(key, format string) string {
	var b strings.Builder
	for _, c := range []byte(key) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}
