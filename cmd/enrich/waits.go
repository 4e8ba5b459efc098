package main

import (
	"fmt"
	"time"

	"enrich/client"
	"enrich/cmd/enrich/internal/console"
	"enrich/ledger/postgres/member"
	"enrich/pipeline"
)

// A wait is why a run sends no call at the moment. Programs get its [client.Waiting].
type wait struct {
	client.Waiting
	text        string            // for people
	lastFailure string            // of the API; "": there was none, or text has it
	jobs        *pipeline.JobWait // not nil: the wait is for the results of these bulk jobs
}

// waitingForJobs is the reason of a wait for the results of bulk jobs.
const waitingForJobs = "bulk jobs"

// wait returns why the run waits: for other runs or the database, for a call that may not be sent yet, or for the results of jobs.
// nil: it does not wait.
func (g *progressReader) wait(now time.Time) *wait {
	if w := g.othersWait(now); w != nil {
		return w
	}
	if w, waits := g.api.Waiting(); waits {
		return &wait{Waiting: w, text: waitText(w, now), lastFailure: w.Detail}
	}
	if j := g.counters.JobWait.Load(); j != nil && g.api.InFlight() == 0 {
		waiting := client.Waiting{Reason: waitingForJobs, Until: j.Next, GiveUp: j.End, Detail: j.Failure}
		return &wait{Waiting: waiting, text: jobWaitText(j, now), lastFailure: j.Failure, jobs: j}
	}
	return nil
}

// othersWait returns the wait for other runs or for the database; nil: there is none.
func (g *progressReader) othersWait(now time.Time) *wait {
	if g.member == nil {
		return nil
	}
	if m, waits := g.member.Waiting(); waits {
		return &wait{Waiting: client.Waiting{Reason: m.Reason, Until: m.Until, GiveUp: m.Until, Detail: m.Detail}, text: memberText(m, g.takeover, now)}
	}
	if o := g.counters.OthersWait.Load(); o != nil && g.api.InFlight() == 0 {
		return &wait{Waiting: client.Waiting{Reason: "other runs: " + string(o.Reason), Until: o.Next, GiveUp: o.End}, text: othersText(o, now)}
	}
	return nil
}

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

// jobWaitText says which results a run waits for, and until when, or why it pauses.
func jobWaitText(w *pipeline.JobWait, now time.Time) string {
	if w.Jobs == 0 {
		return fmt.Sprintf("a bulk job was lost: the next one in %s", console.Duration(w.Next.Sub(now)))
	}
	return fmt.Sprintf("waiting for %s (%s): next try in %s, at most %s more", console.Count(int64(w.Jobs), "bulk job"),
		console.Count(int64(w.Contacts), "contact"), console.Duration(w.Next.Sub(now)), console.Duration(w.End.Sub(now)))
}

// atMost says until when a wait lasts; "" if that is not known.
func atMost(end, now time.Time) string {
	if end.IsZero() {
		return ""
	}
	return ", at most " + console.Duration(end.Sub(now)) + " more"
}

// othersText says what a run waits for because of other runs.
func othersText(w *pipeline.OthersWait, now time.Time) string {
	most := atMost(w.End, now)
	contacts := console.Count(int64(w.Contacts), "contact")
	switch w.Reason {
	case pipeline.WaitClaims:
		return "waiting for " + contacts + " that another run sends" + most
	case pipeline.WaitJobs:
		return "waiting for " + contacts + " in bulk jobs of other runs" + most
	case pipeline.WaitAlone:
		return "waiting for the first call of another machine, which proves the key" + most
	}
	return "waiting for the other machines that work on this input" + most
}

// memberText says what a run waits for that the database decides.
func memberText(w member.Wait, takeover time.Duration, now time.Time) string {
	most := atMost(w.Until, now)
	switch w.Reason {
	case member.WaitDatabase:
		return "waiting for the database of the ledger" + most
	case member.WaitPause:
		return "paused by the API until " + w.Until.Local().Format(time.TimeOnly)
	case member.WaitKey:
		return "waiting for the first call of another machine, which proves the key" + most
	case member.WaitReservations:
		return "waiting for calls or credits that other machines may return" + most
	}
	text := "waiting for the other machines that work on this input" + most
	if w.Detail != "" {
		text += " (" + w.Detail + "; one that has died is noticed after " + console.Duration(takeover) + ")"
	}
	return text
}

// A wait that lasts at least this long is reported at once if there is no terminal; a shorter one appears if the next
// occasional line is due. The last rows of nearly every run wait for a short backoff, which is not worth a line.
const (
	longWait    = time.Second
	longBackoff = 5 * time.Second
)

// isLong reports whether a wait is worth a line of its own.
func isLong(w client.Waiting, now time.Time) bool {
	switch w.Reason {
	case client.WaitingAPIDown:
		return true
	case client.WaitingRate, client.WaitingPause, waitingForJobs:
		return w.Until.Sub(now) >= longWait
	case client.WaitingBackoff:
		return w.Until.Sub(now) >= longBackoff
	}
	return true // other runs, or the database
}
