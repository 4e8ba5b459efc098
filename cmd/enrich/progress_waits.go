package main

import (
	"time"

	"enrich/client"
	"enrich/cmd/enrich/internal/console"
)

// A wait that lasts at least this long is reported at once if there is no terminal; a shorter one appears if the next
// occasional line is due. The last rows of nearly every run wait for a short backoff, which is not worth a line.
const (
	longWait    = time.Second
	longBackoff = 5 * time.Second
)

// waitText says why a run waits, and until when.
func waitText(w client.Waiting, now time.Time) string {
	next := "trying now"
	if !w.Until.IsZero() {
		next = "next try in " + console.Duration(w.Until.Sub(now))
	}
	switch w.Reason {
	case client.WaitingRate:
		return "rate limited: next call in " + console.Duration(w.Until.Sub(now))
	case client.WaitingPause:
		return "paused by the API until " + w.Until.Local().Format(time.TimeOnly)
	case client.WaitingAPIDown:
		return "API not answering: " + next + ", giving up in " + console.Duration(w.GiveUp.Sub(now))
	}
	return "backing off: " + next
}

// isLong reports whether a wait is worth a line of its own.
func isLong(w client.Waiting, now time.Time) bool {
	switch w.Reason {
	case client.WaitingAPIDown:
		return true
	case client.WaitingRate, client.WaitingPause:
		return w.Until.Sub(now) >= longWait
	}
	return w.Until.Sub(now) >= longBackoff
}
