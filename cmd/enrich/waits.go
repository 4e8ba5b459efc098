package main

import (
	"fmt"
	"time"

	"enrich/client"
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
		next = "next try in " + forPeople(w.Until.Sub(now))
	}
	switch w.Reason {
	case client.WaitingRate:
		return "rate limited: next call in " + forPeople(w.Until.Sub(now))
	case client.WaitingPause:
		return "paused by the API until " + w.Until.Local().Format(time.TimeOnly)
	case client.WaitingAPIDown:
		return "API not answering: " + next + ", giving up in " + forPeople(w.GiveUp.Sub(now))
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

// forPeople is a time to wait for people: "42 s", "1 m 48 s", "2 h 5 m".
func forPeople(d time.Duration) string {
	s := max(0, int64((d+time.Second/2)/time.Second))
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	}
	return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
}
