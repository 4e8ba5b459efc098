package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"enrich/client"
	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/help"
	"enrich/cmd/enrich/internal/settings"
	"enrich/cmd/enrich/internal/shutdown"
	"enrich/contact"
	"enrich/ledger"
	"enrich/pipeline"
	"enrich/reader"
)

func runCommand(w world) *cobra.Command {
	s := settings.Defaults()
	cmd := &cobra.Command{
		Use: "run [flags] FILE", Short: "Send each contact that has no answer yet, and write the results",
		Long: longRun, Example: exampleRun, Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withInput(cmd, args, func(name string) error { return runOrPlan(w, &s, name) })
		},
	}
	runFlags(cmd, &s)
	return cmd
}

// runFlags adds the flags of run, which are also those that `enrich config` shows.
func runFlags(cmd *cobra.Command, s *settings.Settings) {
	cmd.Flags().SortFlags = false
	s.OutputFlags(cmd)
	s.AfterFlags(cmd)
	help.Group(cmd, "Output")
	s.RequestFlags(cmd)
	help.Group(cmd, "Requests")
	s.BulkFlags(cmd)
	s.BulkWaitFlag(cmd)
	help.Group(cmd, "Bulk jobs")
	s.CapFlags(cmd)
	help.Group(cmd, "Caps")
	s.SharedFlags(cmd)
	help.Group(cmd, "Many machines")
	passFlags(cmd, s)
}

// runOrPlan is `enrich run`; with --dry-run it does what plan does.
func runOrPlan(w world, s *settings.Settings, name string) error {
	if s.DryRun {
		return plan(w, s, name, s.LogFormat == "json")
	}
	m := newMetricsWriter(s.Metrics, name, time.Now())
	h, err := newFinishHook(&w, s)
	if err == nil {
		err = run(w, s, name, m, h)
	}
	m.write(console.NewPrinter(w.console, s.Console()), err) // of a run that did not begin
	return err
}

// passFlags adds the flags of every command that passes over an input with the ledger at hand: run, plan and write.
func passFlags(cmd *cobra.Command, s *settings.Settings) {
	s.MatchingFlags(cmd)
	help.Group(cmd, "Matching and reuse")
	s.InputFlags(cmd)
	help.Group(cmd, "Input")
	s.LoggingFlags(cmd)
	help.Group(cmd, "Logging")
	s.ConfigFlag(cmd)
	help.Group(cmd, "Settings")
}

// run is the main job: everything is validated, then asked, then written, then published.
func run(w world, s *settings.Settings, name string, m *metricsWriter, h *finishHook) (err error) {
	started := time.Now().UTC()
	w.console.Detach()
	if err := m.accept(w, s, name); err != nil {
		return err
	}
	rate, proxy, err := rateAndProxy(w, s)
	if err != nil {
		return err
	}
	j, err := newJob(w, s, name, started)
	if err != nil {
		return err
	}
	defer j.close()
	defer func() { // before signals are no longer listened to
		j.release()
		m.write(j.printer, err)
		h.run(j, err)
	}()
	key, err := s.Key(w.lookupEnv)
	if err != nil {
		return keyError(w, s, err)
	}
	h.setKey(key)
	summary, err := j.enrich(key, rate, proxy)
	if err != nil {
		return err
	}
	m.setSummary(summary)
	h.setSummary(summary)
	j.saySummary(summary)
	return endWith(summary.ExitCode)
}

// rateAndProxy returns how fast and through which proxy the requests go, or a usage error.
func rateAndProxy(w world, s *settings.Settings) (rate client.Rate, proxy client.Proxy, err error) {
	if rate, err = s.RateLimit(); err != nil {
		return rate, proxy, usage(err)
	}
	if proxy, err = settings.Proxy(w.lookupEnv); err != nil {
		return rate, proxy, usageOf("invalid_proxy", err)
	}
	return rate, proxy, nil
}

// enrich validates the input, the outputs and the client, then does both passes.
func (j *job) enrich(key client.Key, rate client.Rate, proxy client.Proxy) (*pipeline.Summary, error) {
	opening := time.Now()
	first, err := j.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = first.Close() }() // it was only read
	setup := runSetup{rate, key, time.Since(opening)}
	if err := j.chooseOutputs(first.Info()); err != nil {
		return nil, err
	}
	j.saySkipped(first.Info())
	if j.settings.Report != "" {
		j.report = &reporter{command: "run", key: key}
	}
	api, err := j.newClient(key, rate, proxy)
	if err != nil {
		return nil, usage(err)
	}
	defer api.Close()
	defer j.printer.ShowLibraries(key.Redact)()
	return j.run(api, first, setup)
}

// newClient returns a client as the settings say.
func (j *job) newClient(key client.Key, rate client.Rate, proxy client.Proxy) (*client.Client, error) {
	s := j.settings
	o := client.Options{
		URL: j.endpoint.URL, Key: key, EmailAs: s.EmailAs, Set: j.endpoint.Constants, Workers: int(s.Workers), Rate: rate,
		Timeout: s.Timeout, MaxAttempts: int(s.MaxAttempts), MaxElapsed: s.MaxElapsed, CAFile: s.CAFile, Proxy: proxy,
		AnswerMemory: memoryForAnswers, OnLargeAnswer: j.memory.forLargeAnswers, OnUnsolicited: j.sayUnsolicited,
		UserAgent: "enrich/" + version(), Log: j.printer.Attempts(), Latencies: j.report != nil,
	}
	if j.place.IsShared() {
		j.team = &team{}
		o.Limiter, o.Pauser = &j.team.limiter, &j.team.pauser
	}
	return client.New(o)
}

// run does both passes over an input that has been opened and checked, and returns what the run came to.
func (j *job) run(api *client.Client, first *reader.Reader, setup runSetup) (*pipeline.Summary, error) {
	if err := j.openLedger(j.shutdown.Interrupted, storeOptions{lockWait: j.settings.LockWait, requireSync: j.settings.RequireSync, maxElapsed: j.settings.MaxElapsed, uncommitted: j.settings.Out}); err != nil {
		return nil, err
	}
	if err := j.countBudget(); err != nil {
		return nil, err
	}
	if err := j.sayPreview(setup); err != nil {
		return nil, err
	}
	run, err := j.begin(api, setup)
	if err != nil {
		return nil, j.interrupted(err)
	}
	defer j.team.leave()
	defer j.announceInterruption(api)()
	asked, err := j.askAll(run, api, first)
	if err != nil {
		return nil, j.interrupted(err)
	}
	otherFields, err := j.otherFields(run)
	if err != nil {
		return nil, j.interrupted(err)
	}
	sum, bytes := first.Sum()
	_ = first.Close() // it was only read; the second pass needs the memory and the temporary space
	api.Close()       // with its connections, each with two goroutines and their stacks
	written, err := j.write(run, first.Columns(), sum, j.counters.Read.Load(), asked.ReadErr)
	if err != nil {
		return nil, j.interrupted(err)
	}
	j.report.setResults(asked, written)
	summary := pipeline.NewSummary(written, sum, bytes)
	summary.Input.SkippedLines = first.Skipped().Count
	summary.Calls.OtherFields = otherFields
	j.completeRunSummary(&summary, asked, api.Stats())
	if err := j.finish(run, &summary); err != nil {
		return nil, err
	}
	return &summary, nil
}

// askAll is the first pass, with the messages at its end. In a team it also finds out which other runs worked on the input.
func (j *job) askAll(run int64, api *client.Client, first *reader.Reader) (pipeline.AskResult, error) {
	asked, err := j.ask(run, api, first)
	if asked.Stop == contact.StopInput && j.input.IsCut() { // the pass has ended before it was told of the signal
		asked.Stop = contact.StopInterrupted
	}
	if err == nil && j.team != nil {
		err = j.team.findRuns(j.shutdown.Deadline, j)
	}
	if err != nil {
		return asked, err
	}
	asked.Detail, asked.Unreachable = j.renewal(asked.Detail), api.Stats().Unreachable
	j.sayFooter(first.Skipped())
	j.sayAllRejected(asked.Stop, api)
	j.sayStop(asked, api.Stats())
	j.sayAccount(api.Stats())
	return asked, j.sayOpenJobs()
}

// otherFields returns how many addresses the run sent though --same-by email would have reused an earlier answer.
func (j *job) otherFields(run int64) (int64, error) {
	if j.rules.ByEmail || j.counters.Admitted.Load() == 0 {
		return 0, nil
	}
	return j.ledger.AnsweredAddressesOf(j.shutdown.Deadline, run, j.rules.Fresh())
}

// begin records the run in the ledger. A key that this API has answered before is not verified again.
func (j *job) begin(api *client.Client, setup runSetup) (run int64, err error) {
	if j.answered {
		api.AnsweredBefore()
	}
	r := ledger.Run{
		Started: j.rules.Started, URL: j.endpoint.URL, Input: j.input.Name, Version: version(), Constants: j.endpoint.Constants.JSON(),
	}
	if j.team != nil {
		if err := j.describeForTeam(j.shutdown.Interrupted, &r, setup.key); err != nil {
			return 0, err
		}
	}
	if run, err = j.ledger.Begin(j.shutdown.Interrupted, r); err != nil || j.team == nil {
		return run, err
	}
	return run, j.join(j.shutdown.Interrupted, setup.rate)
}

// finish records the end of the run in the ledger, then publishes the outputs: a run whose ledger failed publishes nothing.
func (j *job) finish(run int64, summary *pipeline.Summary) error {
	j.team.leave()
	stopped := ""
	if summary.Stopped != nil {
		stopped = string(*summary.Stopped)
	}
	if err := j.ledger.Finish(j.shutdown.Deadline, run, stopped, summary.ExitCode); err != nil {
		return err
	}
	if err := j.publish(summary); err != nil {
		err = j.interrupted(err)
		return errors.Join(err, j.ledger.Finish(j.shutdown.Deadline, run, stopped, exitCodeOf(err)))
	}
	return nil
}

// ask is the first pass, with its progress.
func (j *job) ask(run int64, api *client.Client, rows *reader.Reader) (pipeline.AskResult, error) {
	before := int64(0) // a database keeps the states itself
	if j.team == nil {
		before = j.ledger.Answers()
	}
	j.memory.workers = int(j.settings.Workers)
	j.memory.contacts = func() int64 { return before + j.counters.Admitted.Load() }
	if err := j.limitMemoryForJobs(); err != nil {
		return pipeline.AskResult{}, err
	}
	through := newCountedSource(rows, &j.memory)
	ask := pipeline.Ask{
		Rules: j.rules, Source: through, API: api, Ledger: j.ledger, Run: run, Workers: int(j.settings.Workers),
		Budget: pipeline.NewBudget(pipeline.Caps{
			MaxCalls: j.settings.MaxCalls, MaxCredits: j.budget.max, CreditsPerCall: j.settings.CreditsPerCall, SpentCredits: j.budget.spent,
		}),
		Jobs:  j.bulkJobs(api),
		Limit: j.settings.Limit, MaxDuration: j.settings.MaxDuration, Grace: j.settings.Grace,
		Counters: &j.counters,
	}
	stop := j.showProgress(api, rows, through)
	defer stop()
	if j.team == nil {
		return ask.Do(j.shutdown.Interrupted, j.shutdown.Deadline)
	}
	j.team.addTo(&ask, j)
	asked, err := ask.Do(j.team.follow(j.shutdown.Interrupted), j.shutdown.Deadline)
	return asked, j.team.end(err)
}

// interrupted returns the exit code of a signal for an error that a signal caused. Other errors stay as they are, also after a signal.
func (j *job) interrupted(err error) error {
	var i shutdown.Interruption
	sig := j.shutdown.Signal()
	if sig == nil || !errors.Is(err, context.Canceled) && !errors.As(err, &i) {
		return err
	}
	if j.shutdown.Deadline.Err() == nil { // there was nothing to finish
		return shutdown.Interruption{Signal: sig}
	}
	cause := ""
	if before, found := strings.CutSuffix(err.Error(), ": "+i.Error()); i.Signal != nil && found {
		cause = " (" + before + ")"
	}
	sayUnfinished(j.printer, shutdown.Interruption{Signal: sig}, j.settings.Grace, cause)
	return exitStatus(shutdown.Interruption{Signal: sig}.ExitCode())
}

// completeRunSummary completes a summary with what only a run knows.
func (j *job) completeRunSummary(s *pipeline.Summary, asked pipeline.AskResult, stats client.Stats) {
	s.Calls.Sent, s.Calls.Lost, s.Calls.WaitedMS = stats.Sent, j.counters.Lost.Load(), stats.Waited.Milliseconds()
	for reason, n := range stats.Retried {
		s.Calls.Retried += n
		s.Calls.Reasons[reason] = n
	}
	s.Jobs = j.jobsSummary()
	s.Credits = pipeline.SummaryCredits{Charged: j.counters.Charged.Load(), Remaining: stats.Remaining}
	s.LatencyMS = pipeline.SummaryLatency{P50: stats.P50, P90: stats.P90, P99: stats.P99, Max: stats.Max}
	stop := asked.Stop
	if stop == "" && (asked.Unsent || j.team != nil && s.Rows.Pending > 0) { // another machine may have left contacts unsent
		stop = contact.StopCap
	}
	j.conclude(s, stop)
}

// conclude completes a summary with why the command stopped, if it did, and its exit code.
func (j *job) conclude(s *pipeline.Summary, stop contact.Stop) {
	if stop != "" {
		s.Stopped = &stop
	}
	s.Complete = stop == "" && s.Rows.Pending == 0
	s.ExitCode = exitCodeAfter(stop, s.Rows.Failed, j.shutdown.Signal())
}
