package main

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/settings"
	"enrich/cmd/enrich/internal/shutdown"
	"enrich/format"
	"enrich/input"
	"enrich/ledger"
	"enrich/pipeline"
	"enrich/reader"
)

// A job is one input on its way through the passes: what run and write have in common.
type job struct {
	world       world
	settings    *settings.Settings
	printer     *console.Printer
	name        string // of the input, as it was typed
	place       settings.LedgerPlace
	team        *team // nil: the ledger is a file
	started     time.Time
	shutdown    *shutdown.Shutdown
	input       *input.Input
	stopCutting func() bool // until it is called, a signal ends the reading of a pipe
	reading     reader.Options
	endpoint    settings.Endpoint
	rules       pipeline.Rules
	ledger      ledger.Store
	answered    bool // the ledger has an answer with a 2xx status from the API that this command uses
	counters    pipeline.Counters
	memory      memoryLimit
	remembered  atomic.Int64 // contacts that a plan keeps in memory
	info        reader.Info
	format      format.Format // of results and failures
	// pendingFormat is that of the pending rows.
	pendingFormat format.Format
	paths         outputPaths
	outputs       outputFiles
	report        *reporter // nil: nobody asked for it
	budget        budget    // what --max-credits leaves to this run
	released      bool
}

func newJob(w world, s *settings.Settings, name string, started time.Time) (*job, error) {
	checked, err := s.Check(w.lookupEnv)
	if err != nil {
		return nil, usage(err)
	}
	printer := console.NewPrinter(w.console, s.Console())
	// Signals come first: opening a pipe waits until somebody writes to it.
	stop := shutdown.Listen(w.signalSource(), s.Grace, func(i shutdown.Interruption) { sayLate(printer, i, s.Grace) })
	w.out.Until(stop.Deadline)
	in, err := openInput(name, w.stdin)
	if err != nil {
		stop.Close()
		return nil, err
	}
	started = started.Truncate(time.Millisecond) // as the ledger keeps times
	return &job{
		world: w, settings: s, printer: printer, shutdown: stop, name: name, place: checked.Ledger, started: started, reading: checked.Reading, endpoint: checked.Endpoint,
		input: in, stopCutting: context.AfterFunc(stop.Interrupted, func() { in.Abort(errCut) }),
		rules: pipeline.Rules{
			Identity: checked.Endpoint.Identity, ByEmail: s.SameBy == "email", Started: started,
			MaxAge: s.MaxAge, NoMatchAge: s.NoMatchAge, LostRetries: int(s.LostRetries),
		},
	}, nil
}

// errCut is the error of a pipe whose reading a signal ended.
var errCut = errors.New("not read to the end: the run was interrupted")

// release gives back the ledger and the files; calling it again does nothing.
func (j *job) release() {
	if j.released {
		return
	}
	j.released = true
	_ = j.outputs.discard() // what is left is removed by the next run
	if j.ledger != nil {
		_ = j.ledger.Close() // everything in it is synced by then
	}
	j.stopCutting()
	_ = j.input.Close() // it was only read
}

// close gives back what the job has. Signals are listened to until the end, because each step may hang with a file system.
func (j *job) close() {
	j.release()
	j.world.out.Until(context.Background())
	j.shutdown.Close()
}

// openInput opens the input; an unusable name is a usage error.
func openInput(name string, stdin io.Reader) (*input.Input, error) {
	in, err := input.Open(name, stdin)
	switch {
	case errors.Is(err, input.ErrEmpty):
		return nil, err
	case err != nil && !errors.Is(err, reader.ErrStorage):
		return nil, usageOf("input_unreadable", err)
	}
	return in, err
}

// openLedger opens the ledger, and says what is in it.
func (j *job) openLedger(ctx context.Context, o storeOptions) error {
	o.byEmail, o.printer = j.settings.SameBy == "email", j.printer
	l, err := openStore(ctx, j.place, o)
	if err == nil {
		j.ledger = l
		err = j.inspectLedger(ctx, l)
	}
	if err != nil {
		if sig := j.shutdown.Signal(); sig != nil && errors.Is(err, context.Canceled) {
			return shutdown.Interruption{Signal: sig}
		}
		return j.settings.LedgerAdvice(err)
	}
	return nil
}

// inspectLedger reads what a ledger has for this command, and says it.
func (j *job) inspectLedger(ctx context.Context, l ledger.Store) (err error) {
	answers := l.Answers() // a database counts them
	j.sayLedger(answers)
	j.sayLost(l.InterruptedCalls())
	if j.answered, err = l.AnsweredFrom(ctx, j.endpoint.URL); err == nil && answers > 0 && !j.answered {
		j.sayOtherURL()
	}
	return err
}

// errInputChanged is the error of an input from which the two passes read different bytes.
var errInputChanged = errors.New("the input changed while it was read: " + rerunAdvice)

// rerunAdvice is the advice if the second pass cannot be made.
const rerunAdvice = "nothing was published; the answers are in the ledger: run the same command again"

// write is the second pass, into temporary files that publish makes final. The input must still be the one that was
// asked about: sum is its hash, read how many rows it had. Both are checked: a line appended at the end of the first
// pass can be in the hash but not in the row count.
func (j *job) write(run int64, columns []string, sum [32]byte, read int64, broken error) (pipeline.WriteResult, error) {
	o := j.reading
	if j.info.Format.HasObjects() {
		o.Columns = columns
	}
	rows, err := j.openUntil(j.shutdown.Deadline, o)
	if err != nil && j.shutdown.Deadline.Err() != nil {
		return pipeline.WriteResult{}, context.Cause(j.shutdown.Deadline)
	}
	if err != nil { // not wrapped: the first pass could read it, so the exit codes 2 and 8 would be wrong
		return pipeline.WriteResult{}, errors.New("read " + console.Name(j.input.Name) + " again: " + err.Error() + ": " + rerunAdvice)
	}
	defer func() { _ = rows.Close() }() // it was only read
	j.memory.forInput(rows)
	j.memory.forLargeAnswers() // earlier runs may have had some
	w := pipeline.Write{Rules: j.rules, Source: rows, Ledger: j.ledger, Run: run}
	if j.team != nil {
		w.Runs = j.team.runs
	}
	if j.settings.SameBy != "email" {
		w.Identity = w.Identity.ByRequest() // only what is asked is kept by both keys
	}
	if j.settings.NoOutputs {
		discardOutputs(&w)
	} else if err := j.outputs.create(j, &w, columns); err != nil {
		return pipeline.WriteResult{}, j.tooLargeAdvice(err)
	}
	j.report.watch(j, &w)
	written, err := w.Do(j.shutdown.Deadline)
	if err != nil {
		return written, j.tooLargeAdvice(err)
	}
	if again, _ := rows.Sum(); again != sum || (written.ReadErr == nil) != (broken == nil) || written.Read != read {
		return written, errInputChanged
	}
	return written, nil
}
