package main

import (
	"fmt"
	"time"

	"enrich/client"
)

// longWait is from when on a wait is told at once off a terminal, and not only with the next line.
const longWait = time.Second

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
	return w.Reason == client.WaitingAPIDown || w.Until.Sub(now) >= longWait
}

// forPeople is a time to wait for people: "42 s", "1 m 48 s", "2 h 5 m".
func forPeople(d time.Duration) string {
	s := max(0, int64((d+time.Second/2)/time.Second))
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d m %d s", s/60, s%60)
	}
	return fmt.Sprintf("%d h %d m", s/3600, s%3600/60)
}
