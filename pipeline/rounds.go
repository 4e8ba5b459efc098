package pipeline

import (
	"context"
	"fmt"
	"io"

	"github.com/sourcegraph/conc"
)

// passAgain makes another pass over the input.
func (p *askPass) passAgain(s scope) {
	source, err := p.Reopen()
	if err != nil {
		p.stop.abandon(fmt.Errorf("read the input again: %w", err))
		return
	}
	if c, ok := source.(io.Closer); ok {
		defer func() { _ = c.Close() }() // it was only read
	}
	p.pass(source, s)
}

// pass looks at the rows of a scope, sends what must be sent, and polls open jobs, until every contact has its outcome. If source
// is nil there are only jobs.
func (p *askPass) pass(source Source, s scope) {
	jobs := newJobDispatcher(p)
	p.jobs = jobs
	var tasks conc.WaitGroup
	tasks.Go(func() { p.stop.guard(jobs.run) })
	admit := admission{askPass: p, lookup: lookup{rules: &p.Rules, source: source, ledger: p.Ledger, scope: s}, to: jobs}
	if p.Jobs.Size == 0 {
		calls := newCallDispatcher(p)
		tasks.Go(calls.run)
		admit.to = calls
	}
	jobs.awaitFirstPolls()
	var err error
	if source != nil {
		p.Counters.Passes.Add(1)
		err = admit.run(p.hard)
	}
	admit.to.close()
	jobs.setRowsDone()
	if err != nil {
		p.stop.abandon(err)
	}
	tasks.Wait()
	if !p.stop.stopped() { // otherwise this run waits for nobody, and others learn of its stop first
		p.first.yield()
	}
	if !s.again {
		p.readErr = admit.lookup.readErr
	}
}

// nextRound ends the round of a work, and waits for its other runs. It reports whether there is another round.
func (p *askPass) nextRound() (again bool) {
	if p.Work == nil || p.stop.failed() {
		return false
	}
	over := p.isOver()
	if err := p.Work.EndRound(p.stop.hard, over, over); err != nil {
		if p.stop.hard.Err() == nil {
			p.stop.abandon(fmt.Errorf("end a round of the work: %w", err))
		}
		return false
	}
	ctx := p.stop.soft
	if over { // what others have in flight is soon answered
		limited, cancel := context.WithTimeout(ctx, p.Grace)
		defer cancel()
		ctx = limited
	}
	if ctx.Err() != nil {
		return false
	}
	p.Counters.OthersWait.Store(&OthersWait{Reason: WaitRound})
	defer p.Counters.OthersWait.Store(nil)
	again, err := p.Work.Again(ctx)
	if err != nil && ctx.Err() == nil {
		p.stop.abandon(fmt.Errorf("wait for the other runs: %w", err))
	}
	return again && err == nil && !p.isOver()
}
