package fakeapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Kind is a kind of answer or fault that can be ordered, by a tag of an address or by a flag.
type Kind struct {
	// Name is the tag. What says what may follow it.
	Name string
	// What describes it.
	What string
}

// Kinds lists the kinds that can be ordered for POST /contact, for the help of the command.
func Kinds() []Kind {
	return list(func(k *kind) bool { return k.fits(onContact) })
}

// SubmitKinds lists those that only a submission can have.
func SubmitKinds() []Kind {
	return list(func(k *kind) bool { return k.where == onSubmit })
}

// JobKinds lists those that only a job that is done can have.
func JobKinds() []Kind {
	return list(func(k *kind) bool { return k.where == onJob })
}

func list(is func(*kind) bool) []Kind {
	var list []Kind
	for i := range kinds {
		if is(&kinds[i]) {
			list = append(list, kinds[i].Kind)
		}
	}
	return list
}

type kind struct {
	Kind
	do func(*call, *order)
	// where says what it can be ordered for; 0: every request.
	where places
	// shape is set for kinds that are the shape of a contact.
	shape shape
	// halfPaid is set for kinds that leave the second half of a job's contacts unpaid.
	halfPaid bool
	// status is set for kinds whose name is a status; the argument is the whole name then.
	status func(string) bool
	// argument reports what may follow the name; nil: nothing.
	argument func(string) bool
}

// places are what a kind can be ordered for.
type places int

const (
	onContact places = 1 << iota // POST /contact
	onSubmit                     // POST /contacts
	onPoll                       // GET /contacts/results/ID.json
	onJob                        // the same, of a job that is done
)

func (k *kind) fits(where places) bool { return k.where == 0 || k.where&where != 0 }

// takes reports whether arg may follow the kind's name.
func (k *kind) takes(arg string) bool {
	switch {
	case k.status != nil:
		return k.status(arg)
	case k.argument != nil:
		return k.argument(arg)
	}
	return arg == ""
}

// kinds is the table of kinds. It is never changed.
var kinds = slices.Concat(callKinds, submitKinds, jobKinds, resultsKinds())

// callKinds can be ordered for POST /contact, and most of them for every request.
var callKinds = []kind{
	{Kind: Kind{"STATUS", "an answer with this status, 200 to 599, such as 500; 2xx other than 202 and 204 are normal answers"}, do: doStatus, status: isStatus},
	{Kind: Kind{"STATUSraWAIT", "the same with Retry-After: 429ra (1 s), 503ra3, 429radate, 429rapast, 429raabsurd, 429rajunk"}, do: doStatus, status: isStatusWait},
	{Kind: Kind{"match", "found"}, do: doShape, where: onContact, shape: match},
	{Kind: Kind{"nomatch", "not found, with an error"}, do: doShape, where: onContact, shape: noMatch},
	{Kind: Kind{"nothing", "not found, with empty fields instead of an error"}, do: doShape, where: onContact, shape: nothing},
	{Kind: Kind{"big", "found, with 400 KiB"}, do: doShape, where: onContact, shape: large},
	{Kind: Kind{"size", "found, of exactly this many bytes: size150000"}, do: doSized, where: onContact | onJob, shape: match, argument: isSize},
	{Kind: Kind{"odd", "found, and not as documented: unknown fields, numbers beyond 2^53, control characters"}, do: doShape, where: onContact, shape: odd},
	{Kind: Kind{"inside", "found, with remaining_credits inside contact"}, do: doShape, where: onContact, shape: inside},
	{Kind: Kind{"errornull", "found, with an error that is null"}, do: doShape, where: onContact, shape: errorNull},
	{Kind: Kind{"errorobject", "not found, with an error that is an object"}, do: doShape, where: onContact, shape: errorObject},
	{Kind: Kind{"errortop", "not found, with the error outside contact"}, do: doShape, where: onContact, shape: errorTop},
	{Kind: Kind{"chargemissing", "found and charged, without credit_charged"}, do: doShape, where: onContact, shape: chargeMissing},
	{Kind: Kind{"chargenull", "the same with credit_charged null"}, do: doShape, where: onContact, shape: chargeNull},
	{Kind: Kind{"chargetext", `the same with credit_charged "true"`}, do: doShape, where: onContact, shape: chargeText},
	{Kind: Kind{"chargeone", "the same with credit_charged 1"}, do: doShape, where: onContact, shape: chargeOne},
	{Kind: Kind{"missmissing", "not found, without credit_charged"}, do: doShape, where: onContact, shape: missMissing},
	{Kind: Kind{"latin1", "a normal answer in ISO-8859-1, as its Content-Type says"}, do: latin1},
	{Kind: Kind{"utf16", "a normal answer in UTF-16"}, do: utf16},
	{Kind: Kind{"bom", "a normal answer after a byte order mark"}, do: bom},
	{Kind: Kind{"claims", "a 200 whose body is an error with this status: claims401"}, do: doClaim, argument: isError},
	{Kind: Kind{"bare", "an empty object"}, do: doBody(`{}`), argument: isStatusOrNone},
	{Kind: Kind{"wrapped", "an answer inside another object"}, do: doBody(`{"data":{"contact":{"credit_charged":true,"title":"wrapped"}}}`), argument: isStatusOrNone},
	{Kind: Kind{"list", "an answer whose contact is a list"}, do: doBody(`{"contact":[{"credit_charged":true,"title":"in a list"}],"remaining_credits":7}`), argument: isStatusOrNone},
	{Kind: Kind{"gateway", "an error that is not in the API's format: gateway, gateway404"}, do: doBody(`{"message":"Not Found"}`), argument: isStatusOrNone},
	{Kind: Kind{"keycut", "a text that ends inside the key"}, do: doKeyCut, argument: isStatusOrNone},
	{Kind: Kind{"nocredits", "out of credits, as a 200 with an error"}, do: fixed(outOfCredits, http.StatusOK)},
	{Kind: Kind{"nocreditsinside", "the same with remaining_credits inside contact"}, do: fixed(`{"contact":{"credit_charged":false,"error":"You are out of credits.","remaining_credits":0}}`, http.StatusOK)},
	{Kind: Kind{"slow", "a normal answer after this time: slow (1 s), slow300ms"}, do: doSlow, argument: isTime},
	{Kind: Kind{"trickle", "a normal answer, a little at a time, over this time: trickle (1 s), trickle300ms"}, do: doTrickle, argument: isTime},
	{Kind: Kind{"hang", "no answer for as long as the client waits"}, do: doHang},
	{Kind: Kind{"stall", "half of the answer, then nothing for as long as the client waits"}, do: doStall},
	{Kind: Kind{"reset", "the connection is reset instead of an answer"}, do: doReset},
	{Kind: Kind{"close", "the connection is closed instead of an answer"}, do: doClose},
	{Kind: Kind{"truncate", "half of the announced answer, then the connection is closed"}, do: doTruncate},
	{Kind: Kind{"cut", "half of an answer of unknown length, then the connection is closed"}, do: doCut},
	{Kind: Kind{"closeafter", "a normal answer, then the connection is closed without notice (HTTP/1 only)"}, do: doCloseAfter},
	{Kind: Kind{"garbage", "a body that is not JSON; 200, or another status: garbage500"}, do: doBody(`{"contact": {"credit_charged": true, "first_name": "An` + "\x00\xff"), argument: isStatusOrNone},
	{Kind: Kind{"html", "a web page, as proxies send it: html, html502"}, do: doBody("<!doctype html>\n<title>Just a moment…</title><h1>502 Bad Gateway</h1>\n"), argument: isStatusOrNone},
	{Kind: Kind{"empty", "no body"}, do: doBody(""), argument: isStatusOrNone},
	{Kind: Kind{"array", "an array instead of an object"}, do: doBody(`[{"contact":{"credit_charged":true,"title":"in an array"}}]`), argument: isStatusOrNone},
	{Kind: Kind{"string", "a string instead of an object"}, do: doBody(`"ok"`), argument: isStatusOrNone},
	{Kind: Kind{"null", "null instead of an object"}, do: doBody(`null`), argument: isStatusOrNone},
	{Kind: Kind{"two", "two objects, one after the other"}, do: doBody(`{"contact":{"credit_charged":true}} {"contact":{}}`), argument: isStatusOrNone},
	{Kind: Kind{"huge", "256 MiB, valid JSON if read to its end: huge, huge500"}, do: doHuge, argument: isStatusOrNone},
	{Kind: Kind{"gzip", "a normal answer, compressed although the client did not ask for it; gzip900000: of this size before compression"}, do: doGzip, argument: isSizeOrNone},
	{Kind: Kind{"bomb", "256 MiB, compressed to a thousandth"}, do: doBomb, argument: isStatusOrNone},
	{Kind: Kind{"nothttp", "bytes that are not HTTP (HTTP/1 only)"}, do: doNotHTTP},
	{Kind: Kind{"redirect", "a 307 to another path of this server, which counts the requests and those with the key"}, do: doRedirect},
	{Kind: Kind{"echo", "the key in the answer, plain, escaped and encoded: echo, echo401"}, do: doEcho, argument: isStatusOrNone},
}

func isTime(arg string) bool {
	d, err := time.ParseDuration(arg)
	return arg == "" || err == nil && d >= 0
}

func isStatusOrNone(arg string) bool {
	status, err := strconv.Atoi(arg)
	return arg == "" || err == nil && len(arg) == 3 && status >= 200 && status < maxStatus
}

// isError accepts 401.
func isError(arg string) bool { return arg >= "400" && isStatusOrNone(arg) }

// isStatus accepts 500.
func isStatus(text string) bool { return text != "" && isStatusOrNone(text) }

// isStatusWait accepts 429ra, 503ra3 and 429radate.
func isStatusWait(text string) bool {
	status, wait, ok := strings.Cut(text, "ra")
	return ok && isStatus(status) && retryAfter(wait, time.Time{}) != ""
}

// retryAfter returns the header for what follows "ra", or "" if that is not valid.
func retryAfter(arg string, now time.Time) string {
	switch arg {
	case "":
		return "1"
	case "date":
		return now.Add(2 * time.Second).UTC().Format(http.TimeFormat) // in whole seconds: at least one is left
	case "past":
		return now.Add(-time.Hour).UTC().Format(http.TimeFormat)
	case "absurd":
		return "99999999999999999999"
	case "junk":
		return "in a while"
	}
	if _, err := strconv.ParseUint(arg, 10, 31); err != nil {
		return ""
	}
	return arg
}
