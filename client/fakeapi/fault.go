package fakeapi

import (
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

// mayCharge reports whether a status can be sent after the work was done and charged: by the API, or by a gateway before it.
func mayCharge(status int) bool {
	switch status {
	case http.StatusInternalServerError, http.StatusNotImplemented, http.StatusServiceUnavailable:
		return false
	}
	return status < 300 || status >= 500
}

// doStatus answers with any status, as well as it can. What may be charged is charged.
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

// useless is the ordered status, 200 without one. It charges if that status may.
func (c *call) useless(o *order) (status int) {
	status = http.StatusOK
	if o.arg != "" {
		status, _ = strconv.Atoi(o.arg) // isStatusOrNone took it
	}
	if mayCharge(status) {
		c.spend()
	}
	return status
}

// doClaim answers 200 with an error in the API's own format, as gateways do that know no other status.
func doClaim(c *call, o *order) {
	status, _ := strconv.Atoi(o.arg) // isError took it
	if mayCharge(status) {
		c.spend()
	}
	c.out = appendError(c.out, status, "This was ordered: "+http.StatusText(status)+".")
	c.send(http.StatusOK)
}
