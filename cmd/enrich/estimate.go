package main

import (
	"time"
)

// estimateWindow is how far back an estimate looks, and estimateSamples how many moments of it are kept.
const (
	estimateWindow  = time.Minute
	estimateSamples = 64
)

// A sample is the progress at a moment: rows looked at, contacts admitted, contacts with an outcome.
type sample struct {
	at                     time.Time
	looked, admitted, done int64
}

// An estimate tells how long the rest of a run takes. Rows that are not sent (answered before, duplicates) cost no time:
// only the speed of what is sent counts, and which share of the rows is sent where the run is now. Otherwise a
// resumed run would count skipped rows as work done.
type estimate struct{ samples []sample }

// add adds a sample. It drops samples that are too old, and replaces the last one if that follows the one before too soon.
func (e *estimate) add(s sample) {
	for len(e.samples) > 1 && s.at.Sub(e.samples[0].at) > estimateWindow {
		e.samples = e.samples[1:]
	}
	if n := len(e.samples); n > 1 && s.at.Sub(e.samples[n-2].at) < estimateWindow/estimateSamples {
		e.samples[n-1] = s
		return
	}
	e.samples = append(e.samples, s)
}

// left returns how long the rest of the run takes: the rows that were not looked at yet, of which at most limit contacts are sent
// (negative: no bound), and the contacts in flight. It is negative if it is not known.
func (e *estimate) left(rows float64, limit int64) time.Duration {
	if len(e.samples) < 2 {
		return -1
	}
	last := e.samples[len(e.samples)-1]
	first := last
	var looked, admitted int64
	for i := len(e.samples) - 2; i >= 0; i-- {
		s, next := e.samples[i], e.samples[i+1]
		if s.admitted == 0 {
			break // nothing had been sent: its time is not of the calls
		}
		first = s
		if s.admitted > s.done { // it was not skipping rows
			looked, admitted = looked+next.looked-s.looked, admitted+next.admitted-s.admitted
		}
	}
	done, took := last.done-first.done, last.at.Sub(first.at)
	if done <= 0 || took <= 0 {
		return -1
	}
	share := 1.0
	if looked > 0 {
		share = min(1, float64(admitted)/float64(looked))
	}
	toSend := rows * share
	if limit >= 0 {
		toSend = min(toSend, float64(limit))
	}
	toSend += float64(last.admitted - last.done)
	return time.Duration(toSend / float64(done) * float64(took)).Round(time.Second)
}
