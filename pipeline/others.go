package pipeline

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

// Bounds of the time between two looks at the contacts that other runs have, and how often open jobs of runs that have ended are
// looked for.
const (
	minAwaitDelay = 50 * time.Millisecond
	maxAwaitDelay = time.Second
	orphanDelay   = 5 * time.Second
)

// maxIdlePasses is how many passes in a row may find that none of the contacts that others left can be claimed: others have taken
// them again. What is left then stays unsent.
const maxIdlePasses = 5

// isShared reports whether other live runs use the ledger.
func (p *askPass) isShared() bool { return p.TakeoverTime > 0 }

// isOver reports whether the run sends nothing more: it is stopped, reached a cap or failed. Then it waits for no other run.
func (p *askPass) isOver() bool {
	cause, _, err := p.stop.result()
	return cause != "" || err != nil || p.stop.stopped()
}

// finishAwaited waits until no awaited contact is in flight in another run any more, and sends those that the others left.
func (p *askPass) finishAwaited() {
	free := map[contact.Key]struct{}{}
	for idle := 0; p.isShared() && !p.isOver() && idle < maxIdlePasses; {
		admitted := p.Counters.Admitted.Load()
		p.awaitOthers(free)
		switch {
		case p.isOver():
		case len(p.orphans) > 0:
			p.pass(nil, scope{again: true})
		case len(free) > 0 && p.Reopen != nil:
			p.passAgain(scope{only: maps.Clone(free), again: true})
			clear(free)
			if idle++; p.Counters.Admitted.Load() > admitted {
				idle = 0
			}
		default:
			p.unsent = p.unsent || len(free) > 0
			return
		}
	}
	p.unsent = p.unsent || len(free) > 0
}

// awaitOthers waits until the contacts that other runs have are in flight no more, or have been for too long, or there are jobs
// to adopt. It adds those to free that this run has to send.
func (p *askPass) awaitOthers(free map[contact.Key]struct{}) {
	w := newOthersWait(p.TakeoverTime, p.JobTakeover)
	defer p.Counters.OthersWait.Store(nil)
	for delay := minAwaitDelay; p.lookAtAwaited(free); delay = min(2*delay, maxAwaitDelay) {
		claimed, inJobs := p.awaited.count()
		now := time.Now()
		if claimed+inJobs == 0 {
			return
		}
		if w.observe(now, claimed, inJobs); w.isOver(now) {
			p.awaited.giveUp()
			return
		}
		if inJobs > 0 && w.startJobSearch(now) && p.findJobs(p.isAwaited) {
			return
		}
		shown := w.shown(now.Add(delay))
		p.Counters.OthersWait.Store(&shown)
		if !p.sleep(delay) {
			return
		}
	}
}

// sleep returns false if the run is stopped first.
func (p *askPass) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-p.stop.soft.Done():
		return false
	}
}

// lookAtAwaited takes those out that nobody has in flight any more, and adds those to free that this run has to send. It returns
// false if the ledger cannot be read.
func (p *askPass) lookAtAwaited(free map[contact.Key]struct{}) bool {
	var keys [batchRows]contact.Keys
	var states [batchRows]ledger.State
	for batch := range p.awaited.batches {
		for i, c := range batch {
			keys[i] = c.keys
		}
		if err := p.Ledger.States(p.hard, keys[:len(batch)], states[:len(batch)]); err != nil {
			p.stop.abandon(fmt.Errorf("read the ledger: %w", err))
			return false
		}
		for i := range batch {
			k, s := keys[i].By(p.ByEmail), states[i]
			switch {
			case s.ClaimedElsewhere || s.InJob:
				p.awaited.add(k, awaitedContact{keys: keys[i], inJob: s.InJob})
				continue
			case !p.isFresh(s) && !p.isUncertain(s.Lost) && !p.isDone(k, &s):
				free[k] = struct{}{}
			}
			p.awaited.remove(k)
		}
	}
	return true
}

// checkOverdue looks once more, at the end of the work, at the contacts that were waited for too long: another run of the work may
// have finished them since. What is still in flight elsewhere is pending.
func (p *askPass) checkOverdue() {
	p.awaited.reopen()
	if p.isShared() && !p.isOver() {
		free := map[contact.Key]struct{}{}
		p.lookAtAwaited(free)
		p.unsent = p.unsent || len(free) > 0
	}
	claimed, inJobs := p.awaited.count()
	p.unsent = p.unsent || claimed > 0 || inJobs > 0 && p.isShared()
}

// findJobs looks for open jobs that no live run polls, adopts those that are needed, and adds them to orphans. It reports whether
// there are any.
func (p *askPass) findJobs(isNeeded func(*contact.Job) (bool, error)) bool {
	if p.Jobs.API == nil {
		return false
	}
	jobs, err := p.Jobs.Ledger.OpenJobs(p.uncancelled, p.Jobs.URL)
	for i := 0; i < len(jobs) && err == nil; i++ {
		j := &jobs[i]
		if p.knownJobs[j.Number] {
			continue
		}
		var needed, adopted bool
		needed, err = isNeeded(j)
		switch {
		case errors.Is(err, ledger.ErrNoJob): // another run has adopted and ended it since
			err = nil
		case err == nil && needed:
			adopted, err = p.Jobs.Ledger.AdoptJob(p.uncancelled, p.Run, j.Number)
		}
		if adopted {
			p.orphans = append(p.orphans, *j)
			p.rememberJob(j.Number)
		}
	}
	if err != nil {
		p.stop.abandon(fmt.Errorf("read the ledger: %w", err))
	}
	return len(p.orphans) > 0
}

// markLostBefore marks a contact that was lost before the rows of the pass are looked at.
func (p *askPass) markLostBefore(keys contact.Keys) {
	if p.lostBefore == nil {
		p.lostBefore = map[contact.Key]bool{}
	}
	p.lostBefore[keys.By(p.ByEmail)] = true
}

func (p *askPass) rememberJob(number int64) {
	if p.knownJobs == nil {
		p.knownJobs = map[int64]bool{}
	}
	p.knownJobs[number] = true
}

// isAwaited reports whether a contact of a job is waited for.
func (p *askPass) isAwaited(j *contact.Job) (found bool, err error) {
	err = p.Jobs.Ledger.JobContacts(p.uncancelled, j.Number, func(c ledger.JobContact) error {
		found = found || p.awaited.has(c.Keys.By(p.ByEmail))
		return nil
	})
	return found, err
}

// An othersWait bounds a wait for contacts that other runs have: it is over when none of them has ended for too long.
type othersWait struct {
	claimed, inJobs    int
	claimTime, jobTime time.Duration // without progress, at most
	claimsEnd, jobsEnd time.Time
	lastJobSearch      time.Time
}

func newOthersWait(claimTime, jobTime time.Duration) *othersWait {
	return &othersWait{claimTime: claimTime, jobTime: jobTime}
}

// observe takes how many contacts are waited for now.
func (w *othersWait) observe(now time.Time, claimed, inJobs int) {
	if w.claimsEnd.IsZero() || claimed < w.claimed {
		w.claimsEnd = now.Add(w.claimTime)
	}
	if w.jobsEnd.IsZero() || inJobs < w.inJobs {
		w.jobsEnd = now.Add(w.jobTime)
	}
	w.claimed, w.inJobs = claimed, inJobs
}

func (w *othersWait) isOver(now time.Time) bool {
	return (w.claimed == 0 || !now.Before(w.claimsEnd)) && (w.inJobs == 0 || !now.Before(w.jobsEnd))
}

// startJobSearch reports whether it is time to look for jobs to adopt, and if so, counts this as the last time.
func (w *othersWait) startJobSearch(now time.Time) bool {
	if now.Sub(w.lastJobSearch) < orphanDelay {
		return false
	}
	w.lastJobSearch = now
	return true
}

// shown is the wait as the progress shows it.
func (w *othersWait) shown(next time.Time) OthersWait {
	if w.claimed > 0 {
		return OthersWait{Reason: WaitClaims, Contacts: w.claimed, Next: next, End: w.claimsEnd}
	}
	return OthersWait{Reason: WaitJobs, Contacts: w.inJobs, Next: next, End: w.jobsEnd}
}
