package client

import "enrich/contact"

// An expectation is the result that a fault of the stand-in must have.
type expectation struct {
	// kind is the outcome of the row if the fault happens once.
	kind contact.Kind
	// again: the row is sent once more.
	again bool
	// lost: the call is lost.
	lost bool
	// stop is why the run stops if the fault happens once.
	stop contact.Stop
	// timesOut: only the timeout ends the call.
	timesOut bool
	// races: the connection closes while the next request may be on its way; that request is lost.
	races bool
	// stopIfAll is why the run stops if the fault happens to every call.
	stopIfAll contact.Stop
}

var (
	answered  = expectation{kind: contact.Matched}
	unmatched = expectation{kind: contact.NoMatch}
	rejected  = expectation{kind: contact.Refused, stopIfAll: contact.StopRejectedAll}
	transient = expectation{kind: contact.Matched, again: true, stopIfAll: contact.StopAPIDown}
	lostOnce  = expectation{kind: contact.Matched, again: true, lost: true, stopIfAll: contact.StopAPIDown}
	timesOut  = expectation{kind: contact.Matched, again: true, lost: true, timesOut: true, stopIfAll: contact.StopAPIDown}
	unusable  = expectation{kind: contact.Lost, lost: true, stopIfAll: contact.StopRejectedAll}
)

func stopsWith(why contact.Stop) expectation {
	return expectation{kind: contact.Released, stop: why, stopIfAll: why}
}

// faultTable is what the client promises for each fault (statuspolicy.go).
var faultTable = map[string]expectation{
	"match": answered, "big": answered, "odd": answered, "inside": answered, "errornull": answered, "201": answered, "echo": answered,
	"slow20ms": answered, "trickle20ms": answered, "gzip": answered,
	"nomatch": unmatched, "nothing": unmatched, "errorobject": unmatched, "errortop": unmatched,
	"chargemissing": answered, "chargetext": answered, "missmissing": unmatched,
	"latin1": answered, "utf16": answered, "bom": answered,
	"closeafter": {kind: contact.Matched, races: true},
	"404":        {kind: contact.NoMatch, stopIfAll: contact.StopRejectedAll},

	"400": rejected, "422": rejected, "405": rejected, "410": rejected, "302": rejected, "redirect": rejected, "308": rejected, "echo400": rejected,

	"202": transient, "408": transient, "425": transient, "429": transient, "429rapast": transient, "429raabsurd": transient, "429rajunk": transient,
	"500": transient, "503": transient, "huge500": transient, "bomb500": transient, "echo500": transient,
	"html404": transient, "gateway404": transient, "claims503": transient,

	"502": lostOnce, "504": lostOnce, "599": lostOnce, "html502": lostOnce, "claims502": lostOnce, "reset": lostOnce, "close": lostOnce, "truncate": lostOnce, "cut": lostOnce, "hang": timesOut, "stall": timesOut, "nothttp": lostOnce,

	"204": unusable, "garbage": unusable, "html": unusable, "empty": unusable, "array": unusable, "string": unusable, "null": unusable,
	"two": unusable, "bare": unusable, "wrapped": unusable, "list": unusable, "keycut": unusable, "huge": unusable, "bomb": unusable,

	"claims400": rejected, "claims404": {kind: contact.NoMatch, stopIfAll: contact.StopRejectedAll}, "keycut400": rejected,
	"claims401": stopsWith(contact.StopUnauthorized), "claims402": stopsWith(contact.StopNoCredits), "claims403": stopsWith(contact.StopForbidden), "keycut401": stopsWith(contact.StopUnauthorized),
	"401": stopsWith(contact.StopUnauthorized), "echo401": stopsWith(contact.StopUnauthorized), "403": stopsWith(contact.StopForbidden),
	"402": stopsWith(contact.StopNoCredits), "nocredits": stopsWith(contact.StopNoCredits), "nocreditsinside": stopsWith(contact.StopNoCredits),
}
