package main

import (
	"slices"
	"testing"
)

// An effect is what a fault does to a run.
type effect struct {
	// one and all are the exit codes of the run if the fault happens once, and if it happens always.
	one, all []int
	// oneLost and allLost are how many contacts are lost then.
	oneLost, allLost losses
	// differs is set if the API says something else about a contact than in an undisturbed run, so that the results differ.
	differs bool
	// stays is set if contacts stay without an answer after the fault ends, if it happened always.
	stays bool
}

// losses are how many contacts a run loses.
type losses int

const (
	noneLost  losses = iota // none
	jobLost                 // those of one job
	someLost                // at least one
	maybeLost               // it depends on when the fault comes
)

// check compares a run with the fault with its effect. after is how many came before the fault; -1: all have it.
func (e *effect) check(t *testing.T, b *bulkStage, after int64, code int) {
	t.Helper()
	codes, losses := e.one, e.oneLost
	if after < 0 {
		codes, losses = e.all, e.allLost
	}
	if !slices.Contains(codes, code) {
		t.Errorf("exit code %d, expected one of %v", code, codes)
	}
	lost, _ := b.outcomes(t)
	n := sum(lost)
	switch losses {
	case noneLost:
		if n != 0 {
			t.Errorf("%d contacts are lost", n)
		}
	case jobLost:
		if n != firstJob && n != bulkSize && n != lastJob {
			t.Errorf("%d contacts are lost, expected those of one job", n)
		}
	case someLost:
		if n == 0 {
			t.Error("no contact is lost")
		}
	}
}

// firstJob is how many contacts the first job has, lastJob how many are left for the last one.
const (
	firstJob = 10
	lastJob  = bulkContacts - firstJob - 2*bulkSize
)

func codes(codes ...int) []int { return codes }

// differing returns an effect after which the results differ.
func differing(e effect) effect {
	e.differs = true
	return e
}

// each returns a table in which all names have one effect.
func each(e effect, names ...string) map[string]effect {
	table := map[string]effect{}
	for _, name := range names {
		table[name] = e
	}
	return table
}

// The effects of the table.
var (
	// passes: the client understands it.
	passes = effect{one: codes(exitOK), all: codes(exitOK)}
	// retried: a later request is answered. If all fail, the run gives up.
	retried = effect{one: codes(exitOK), all: codes(exitAPIDown)}
	// unanswered: a submission that may have been accepted. Its contacts are sent again.
	unanswered = effect{one: codes(exitOK), all: codes(exitAPIDown), oneLost: jobLost, allLost: someLost, stays: true}
	// refused: the submission is halved. If that does not help, the API refuses everything.
	refused = effect{one: codes(exitOK), all: codes(exitAPIDown)}
	// stops: the API refuses the key or the account.
	stops = effect{one: codes(exitRefused), all: codes(exitRefused)}
	// gone: the API does not have the results.
	gone = effect{one: codes(exitAPIDown), all: codes(exitAPIDown), oneLost: jobLost, allLost: jobLost}
	// unclear: no exact effect is promised, but what is true after every run.
	unclear = effect{
		one: codes(exitOK, exitFailedRows, exitRefused, exitCapped, exitAPIDown), all: codes(exitOK, exitFailedRows, exitRefused, exitCapped, exitAPIDown),
		oneLost: maybeLost, allLost: maybeLost,
	}
)

// bulkTable returns the effect of each fault of a submission, of a poll and of a job that is done.
func bulkTable() map[string]map[string]effect {
	return map[string]map[string]effect{"submit": submitTable(), "poll": pollTable(), "job": jobTable()}
}

// merge joins tables.
func merge(tables ...map[string]effect) map[string]effect {
	all := map[string]effect{}
	for _, table := range tables {
		for name, e := range table {
			all[name] = e
		}
	}
	return all
}

func submitTable() map[string]effect {
	return merge(
		each(effect{one: codes(exitOK), all: unclear.all, allLost: maybeLost, stays: true}, "iddots", "idzero"), // the API has one job at a time
		each(passes, "200", "201", "slow20ms", "trickle20ms", "closeafter", "bom", "latin1", "echo",
			"idnumber", "idslash", "idquery", "idunicode", "urlmissing",
			"expirymissing", "expirynull", "expirynumber", "expirydate", "expirytext", "expirypast", "expiryzero", "expiryhuge"),
		each(retried, "408", "425", "429", "429ra1", "500", "501", "503", "503ra1", "empty503", "garbage500", "claims503"),
		each(retried, "404", "html404", "gateway404"),
		each(unanswered, "202", "204", "502", "504", "599", "html502", "claims502", "reset", "close", "nothttp", "hang",
			"html", "empty", "array", "string", "null", "two", "garbage", "bare", "wrapped", "list", "gateway",
			"idmissing", "idnull", "idempty", "idobject", "idlong", "idcontrol"),
		each(refused, "400", "413", "422", "claims400", "html400", "keycut400"),
		each(stops, "401", "402", "403", "claims401", "echo401"),
		each(unclear, "301", "redirect", "truncate", "cut", "stall", "gzip", "utf16", "nocredits"),
	)
}

func pollTable() map[string]effect {
	// waits: the job stays open, so nothing is lost, and the next run polls it.
	waits := effect{one: codes(exitOK), all: codes(exitAPIDown, exitCapped)}
	// unreadable: the results are read once more. If they cannot be read then, they are kept raw, and the run stops.
	unreadable := effect{one: codes(exitOK), all: codes(exitAPIDown), allLost: jobLost}
	return merge(
		each(passes, "200", "slow20ms", "trickle20ms", "closeafter", "bom"),
		each(differing(passes), "latin1", "echo"), // characters that the encoding does not have, and [key] in a description
		each(effect{one: codes(exitOK), all: codes(exitCapped)}, "202", "202ra1"),
		each(waits, "408", "425", "429", "429ra1", "500", "501", "502", "503", "504", "599", "503ra1", "empty503", "html502", "claims502", "claims503",
			"reset", "close", "nothttp", "hang"),
		each(waits, "truncate", "cut", "stall"),
		each(unreadable, "html", "empty", "array", "string", "null", "garbage", "bare", "wrapped", "gateway"),
		each(effect{one: codes(exitOK, exitAPIDown), all: codes(exitAPIDown), oneLost: maybeLost, allLost: jobLost}, "404"),
		each(stops, "401", "402", "403", "claims401", "echo401"),
		each(unclear, "301", "400", "422", "204", "redirect", "gzip", "utf16", "nocredits", "html404", "gateway404", "list", "two"),
	)
}

func jobTable() map[string]effect {
	lost := gone // in both cases those of the job are lost, and the run stops
	// missing: a contact that the results do not have is lost, and sent again by the next run.
	missing := effect{one: codes(exitFailedRows), all: codes(exitFailedRows), oneLost: someLost, allLost: someLost}
	return merge(
		each(differing(passes), "size150000"),
		each(passes, "shuffle", "duplicate", "foreign", "fieldsmore", "remaining", "remainingfirst", "once", "late2s",
			"truncatedx1", "contactsnullx1", "elementsnumberx1", "nofieldsx1", "htmlx1", "emptyx1", "503x1", "cutx1", "truncatex1", "resetx1", "202x1", "slow20ms", "trickle500ms"),
		each(effect{one: codes(exitCapped), all: codes(exitCapped)}, "endless", "202"),
		each(lost, "gone", "404", "410"),
		each(lost, "nofields", "fieldsnull", "fieldsempty", "fieldsnumber", "fieldsarray", "numberids", "nullids", "otherids",
			"contactsobject", "contactsnull", "contactstext", "contactsnumber", "contactsmissing", "contactslist",
			"elementsnumber", "elementsnull", "elementslist", "truncated", "html", "empty", "garbage", "bare"),
		each(passes, "missnomatch"), // nobody says that they were not found, but the others are there
		each(missing, "missmatch", "nofieldssome", "elementssome"),
		each(differing(effect{one: codes(exitOK, exitFailedRows), all: codes(exitFailedRows), oneLost: maybeLost, allLost: someLost}), "misssome"), // if no element is a no match, a missing contact is one
		each(effect{one: codes(exitFailedRows, exitAPIDown), all: codes(exitAPIDown), oneLost: jobLost, allLost: jobLost}, "missall"),
		each(unclear, "fieldstext", "upperids", "elementstext", "elementswrapped", "contactstwice", "remaininginside", "410x1", "404x1", "gonex1"),
		each(differing(unclear), "unpaid", "unpaidmissing", "unpaidtop"),
	)
}
