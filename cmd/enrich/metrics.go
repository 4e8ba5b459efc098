package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/settings"
	"enrich/metrics"
	"enrich/pipeline"
	"enrich/publish"
)

// A metricsWriter writes the metrics of a run (--metrics) once, however the run ended; nil writes nothing.
type metricsWriter struct {
	path, input string
	started     time.Time
	accepted    bool // the file may be written
	written     bool
	summary     pipeline.Summary // zero if the run ended before it had one
}

// newMetricsWriter returns nil without --metrics.
func newMetricsWriter(path, name string, started time.Time) *metricsWriter {
	if path == "" {
		return nil
	}
	label := filepath.Base(name)
	if name == "-" {
		label = "stdin"
	}
	return &metricsWriter{path: path, input: label, started: started}
}

// checkMetricsName returns a usage error for a name of --metrics that node_exporter does not read; "" is none.
func checkMetricsName(name string) error {
	if name != "" && filepath.Ext(name) != ".prom" {
		return usage(fmt.Errorf("--metrics: %q: must end in .prom (node_exporter reads only *.prom)", name))
	}
	return nil
}

// accept checks that the file may be written. Before that nothing is, even if the run fails.
func (m *metricsWriter) accept(w world, s *settings.Settings, name string) error {
	if m == nil {
		return nil
	}
	if err := checkMetricsName(m.path); err != nil {
		return err
	}
	if err := publish.CheckTarget(m.path); err != nil {
		return usage(fmt.Errorf("--metrics: %w", err))
	}
	if info, err := os.Stat(m.path); err == nil && !info.Mode().IsRegular() {
		return usage(fmt.Errorf("--metrics: %q is not a regular file", m.path))
	}
	if in := w.redirectedInput(name); in != nil {
		if same, err := publish.SameFile(in, m.path); err == nil && same {
			return usage(fmt.Errorf("--metrics: %q is the input: name another file", m.path))
		}
	}
	place, err := s.ReadLedgerPlace(w.lookupEnv)
	if err != nil {
		return usage(err)
	}
	protected := append(protectedFiles(s, place, w.lookupEnv), publish.Protected{Path: name, What: "the input"})
	named := namedOutputs(s)
	for _, t := range named.all() {
		protected = append(protected, publish.Protected{Path: t.path, What: "named by --" + t.flag})
	}
	for _, p := range protected {
		if p.Path != "" && p.Path != "-" && p.Is(m.path) {
			return usage(fmt.Errorf("--metrics: %q is %s: name another file", m.path, p.What))
		}
	}
	m.accepted = true
	return nil
}

// setSummary keeps the summary of a finished run.
func (m *metricsWriter) setSummary(s *pipeline.Summary) {
	if m != nil {
		m.summary = *s
	}
}

// write writes the metrics of a run that ended with err. A failure is only a warning: the exit code is the run's, and 1
// would mean that nothing was published.
func (m *metricsWriter) write(v *console.Printer, err error) {
	if m == nil || !m.accepted || m.written {
		return
	}
	m.written = true
	if err := metrics.Write(m.path, m.run(exitCodeOf(err), time.Now())); err != nil {
		v.Warn(fmt.Sprintf("--metrics: %q was not written: %v", m.path, err), "event", "metrics")
	}
}

func (m *metricsWriter) run(code int, ended time.Time) *metrics.Run {
	s := &m.summary
	milliseconds := func(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
	r := &metrics.Run{
		Input: m.input, Version: version(), Started: m.started, Ended: ended, ExitCode: code, Complete: s.Complete,
		Matched: s.Rows.Matched, NoMatch: s.Rows.NoMatch, Failed: s.Rows.Failed, Pending: s.Rows.Pending, Stale: s.Rows.Stale, Failures: s.Failures,
		Calls: s.Calls.Sent, Retried: s.Calls.Retried, Lost: s.Calls.Lost, FromLedger: s.Calls.FromLedger, Deduplicated: s.Calls.Deduplicated,
		JobsSubmitted: s.Jobs.Submitted, JobsResumed: s.Jobs.Resumed, JobsExpired: s.Jobs.Expired,
		CreditsCharged: s.Credits.Charged, CreditsRemaining: s.Credits.Remaining,
		MedianLatency: milliseconds(s.LatencyMS.P50), P99: milliseconds(s.LatencyMS.P99), Waited: milliseconds(float64(s.Calls.WaitedMS)),
	}
	if s.Stopped != nil {
		r.Stopped = string(*s.Stopped)
	}
	return r
}
