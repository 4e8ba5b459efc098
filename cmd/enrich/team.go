package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"enrich/client"
	"enrich/cmd/enrich/internal/console"
	"enrich/ledger"
	"enrich/ledger/postgres"
	"enrich/ledger/postgres/member"
	"enrich/pipeline"
)

// takeoverMargin is how much longer than the timeout of its calls a run must be unseen before another one declares it dead.
const takeoverMargin = 30 * time.Second

// A team is the runs that share a ledger in a database, as one of them sees it; nil: the ledger is a file.
type team struct {
	member  *member.Member
	limiter teamLimiter
	pauser  teamPauser
	alone   bool           // nobody else can work on the input
	runs    map[int64]bool // of the same work, after the ask pass

	following sync.WaitGroup // waits for the loss of the lease
	unfollow  context.CancelFunc
	mu        sync.Mutex
	lost      error // why the lease was lost
}

// teamLimiter and teamPauser are filled when the run joins the team, before anything is sent. The client is made earlier, because an
// invalid option of it is a usage error.
type (
	teamLimiter struct{ client.Limiter }
	teamPauser  struct{ client.Pauser }
)

// workOf identifies what this run works on: the input's bytes, and everything else that decides which contacts are sent. What the
// outputs look like does not matter, nor do caps.
func (j *job) workOf(ctx context.Context) (w ledger.Work, err error) {
	slow := time.AfterFunc(2*time.Second, func() {
		j.printer.Info("reading the input to its end, to find the other machines that work on it", "event", "wait", "waiting_for", "input")
	})
	defer slow.Stop()
	h := sha256.New()
	in := j.input.Reader()
	buf := make([]byte, 64<<10)
	for ctx.Err() == nil && err == nil {
		var n int
		n, err = in.Read(buf)
		_, _ = h.Write(buf[:n]) // a hash does not fail
	}
	switch {
	case ctx.Err() != nil:
		return w, context.Cause(ctx)
	case !errors.Is(err, io.EOF): // the pass over the rows will say so; this run works alone until there
		return w, nil
	}
	h.Sum(w.Input[:0])
	w.Rules = j.rulesSum()
	return w, nil
}

// rulesSum hashes what decides which contacts are sent.
func (j *job) rulesSum() (sum [32]byte) {
	h := sha256.New()
	s := j.settings
	for _, part := range []any{
		j.endpoint.URL, string(j.endpoint.Constants.JSON()), s.EmailAs, s.SameBy, s.MaxAge, s.NoMatchAge, s.LostRetries, s.Limit,
		s.InputFormat, s.Sheet, s.Delimiter, s.Quote, s.Encoding, s.HeaderLine, s.NoHeader, s.NoSplitNames, j.reading.Map,
	} {
		text := fmt.Sprintf("%v", part) // maps are printed in the order of their keys
		_ = binary.Write(h, binary.BigEndian, int64(len(text)))
		_, _ = h.Write([]byte(text)) // a hash does not fail
	}
	h.Sum(sum[:0])
	return sum
}

// describeForTeam completes what the ledger records of a run that may share its work with others.
func (j *job) describeForTeam(ctx context.Context, r *ledger.Run, key client.Key) (err error) {
	if r.Work, err = j.workOf(ctx); err != nil {
		return err
	}
	j.team.alone = r.Work == ledger.Work{}
	r.Host, _ = os.Hostname() // it is for messages only
	r.Timeout, r.KeyTag = j.settings.Timeout, key.Tag()
	r.MaxCalls, r.MaxCredits = j.settings.MaxCalls, j.settings.MaxCredits.Run
	return nil
}

// join makes the run a member of the team. From then on ages count from the beginning of the work, so all machines write the same.
func (j *job) join(ctx context.Context, rate client.Rate) error {
	t, s := j.team, j.settings
	calls, per := rate.Calls()
	m, err := j.ledger.(*postgres.Ledger).Member(ctx, member.Options{
		Workers: int(s.Workers), MaxElapsed: s.MaxElapsed, CreditsPerCall: s.CreditsPerCall, MaxCalls: s.MaxCalls, MaxCredits: s.MaxCredits.Run,
		PerDay: s.MaxCredits.Day, PerMonth: s.MaxCredits.Month, RateCalls: calls, RatePer: per,
		Warn: func(text string) { j.printer.Warn(text, "event", "team") }, Timing: j.world.timing,
	})
	if err != nil {
		return err
	}
	t.member, t.limiter.Limiter, t.pauser.Pauser = m, m.Limiter(), m.Pauser()
	j.rules.Started = m.Started()
	return nil
}

// follow returns a context that is done when ctx is, or when the lease is lost: then nothing more may be sent.
func (t *team) follow(ctx context.Context) context.Context {
	ctx, t.unfollow = context.WithCancel(ctx)
	t.following.Go(func() {
		err := t.member.Lost(ctx)
		if err == nil {
			return
		}
		t.mu.Lock()
		t.lost = err
		t.mu.Unlock()
		t.unfollow()
	})
	return ctx
}

// end ends follow after the ask pass. It returns the error of the pass, err, or the loss of the lease if that ended it.
func (t *team) end(err error) error {
	t.unfollow()
	t.following.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.lost == nil:
		return err
	case err == nil && !errors.Is(t.lost, ledger.ErrFenced):
		return fmt.Errorf("%w; the answers that came are in the ledger", t.lost)
	case err == nil || errors.Is(err, t.lost): // the pass ended because of it
		return t.lost
	}
	return fmt.Errorf("%w; %w", t.lost, err)
}

// addTo adds to the ask pass what the runs of a team share.
func (t *team) addTo(ask *pipeline.Ask, j *job) {
	ask.Account, ask.Budget = t.member, t.member.Budget()
	if !t.alone {
		ask.Work = t.member
	}
	ask.Reopen = j.reopen
	ask.TakeoverTime = j.settings.Timeout + takeoverMargin + j.settings.MaxElapsed
	ask.JobTakeover = j.settings.MaxElapsed
}

// reopen opens the input again, for what other runs have left.
func (j *job) reopen() (pipeline.Source, error) {
	o := j.reading
	o.Cleaning = nil // every cell was counted
	r, err := j.openUntil(j.shutdown.Deadline, o)
	if err != nil {
		return nil, fmt.Errorf("read %s again: %w", console.Name(j.input.Name), err)
	}
	return r, nil
}

// findRuns finds out, after the ask pass, which runs worked on the input, and reports calls that were lost with runs that died.
func (t *team) findRuns(ctx context.Context, j *job) error {
	j.sayLost(t.member.Interrupted())
	runs, err := t.member.Runs(ctx)
	if err != nil {
		return err
	}
	t.runs = make(map[int64]bool, len(runs))
	for _, run := range runs {
		t.runs[run] = true
	}
	return nil
}

// leave gives back what was reserved and not used. It may be called again.
func (t *team) leave() {
	if t != nil && t.member != nil {
		_ = t.member.Close() // what it could not give back is returned when another run declares this one dead
	}
}
