package client

import "enrich/contact"

// An effect is what a fault of the stand-in must lead to.
type effect struct {
	// kind is how the row ends that it happened to, when it happened once.
	kind contact.Kind
	// again says that the row is asked once more.
	again bool
	// lost says that the call was lost.
	lost bool
	// stop is why the run stops after it happened once.
	stop Stop
	// silent: only a time-out ends it.
	silent bool
	// races: the connection closes while the next request may be on its way, which is lost then.
	races bool
	// all is why the run stops where it happens to every call.
	all Stop
}

var (
	answered  = effect{kind: contact.Matched}
	unmatched = effect{kind: contact.NoMatch}
	rejected  = effect{kind: contact.Refused, all: StopRejectedAll}
	passing   = effect{kind: contact.Matched, again: true, all: StopAPIDown}
	cut       = effect{kind: contact.Matched, again: true, lost: true, all: StopAPIDown}
	silent    = effect{kind: contact.Matched, again: true, lost: true, silent: true, all: StopAPIDown}
	unusable  = effect{kind: contact.Lost, lost: true, all: StopRejectedAll}
)

func stopping(why Stop) effect { return effect{kind: contact.Released, stop: why, all: why} }

// faults is what this client promises, fault by fault (API.md, "Errors").
var faults = map[string]effect{
	"match": answered, "big": answered, "odd": answered, "inside": answered, "errornull": answered, "201": answered, "echo": answered,
	"slow20ms": answered, "trickle20ms": answered, "gzip": answered,
	"nomatch": unmatched, "nothing": unmatched, "errorobject": unmatched, "errortop": unmatched,
	"chargemissing": answered, "chargetext": answered, "missmissing": unmatched,
	"latin1": answered, "utf16": answered, "bom": answered,
	"closeafter": {kind: contact.Matched, races: true},
	"404":        {kind: contact.NoMatch, all: StopRejectedAll},

	"400": rejected, "422": rejected, "405": rejected, "410": rejected, "302": rejected, "redirect": rejected, "308": rejected, "echo400": rejected,

	"202": passing, "408": passing, "425": passing, "429": passing, "429rapast": passing, "429raabsurd": passing, "429rajunk": passing,
	"500": passing, "503": passing, "huge500": passing, "bomb500": passing, "echo500": passing,
	"html404": passing, "gateway404": passing, "claims503": passing,

	"502": cut, "504": cut, "599": cut, "html502": cut, "claims502": cut, "reset": cut, "close": cut, "truncate": cut, "cut": cut, "hang": silent, "stall": silent, "nothttp": cut,

	"204": unusable, "garbage": unusable, "html": unusable, "empty": unusable, "array": unusable, "string": unusable, "null": unusable,
	"two": unusable, "bare": unusable, "wrapped": unusable, "list": unusable, "keycut": unusable, "huge": unusable, "bomb": unusable,

	"claims400": rejected, "claims404": {kind: contact.NoMatch, all: StopRejectedAll}, "keycut400": rejected,
	"claims401": stopping(StopUnauthorized), "claims402": stopping(StopNoCredits), "claims403": stopping(StopForbidden), "keycut401": stopping(StopUnauthorized),
	"401": stopping(StopUnauthorized), "echo401": stopping(StopUnauthorized), "403": stopping(StopForbidden),
	"402": stopping(StopNoCredits), "nocredits": stopping(StopNoCredits), "nocreditsinside": stopping(StopNoCredits),
}
