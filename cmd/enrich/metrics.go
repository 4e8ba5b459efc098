package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"enrich/client"
	"enrich/contact"
	"enrich/pipeline"
	"enrich/publish"
)

// A meter writes the metrics of a run (--metrics) for the textfile collector of Prometheus' node_exporter, however the run ended:
// a job that breaks must be seen. All series are always there, with the same labels; nil writes nothing.
type meter struct {
	path, input string
	started     time.Time
	accepted    bool
	written     bool
	summary     pipeline.Summary // zero: the run did not come so far
}

// newMeter is nil where nobody asked for metrics.
func newMeter(path, input string, started time.Time) *meter {
	if path == "" {
		return nil
	}
	name := filepath.Base(input)
	if input == "-" {
		name = "stdin"
	}
	return &meter{path: path, input: strings.ToValidUTF8(name, "?"), started: started}
}

// accept looks whether the file may be written: before that nothing is, also where the run fails.
func (m *meter) accept(w world, s *settings, input string) error {
	if m == nil {
		return nil
	}
	if filepath.Ext(m.path) != ".prom" {
		return usage(fmt.Errorf("--metrics: %q: expected a name that ends in .prom, because the textfile collector reads no other", m.path))
	}
	if err := publish.CheckTarget(m.path); err != nil {
		return usage(fmt.Errorf("--metrics: %w", err))
	}
	if info, err := os.Stat(m.path); err == nil && !info.Mode().IsRegular() {
		return usage(fmt.Errorf("--metrics: %q is not a regular file", m.path))
	}
	kept, err := (&job{world: w, settings: s}).keptFiles()
	if err != nil {
		return err
	}
	kept = append(kept, keptFile{input, "the input"})
	for _, t := range (&outputs{results: s.results, failures: s.failures, summary: s.summary, pending: s.pending, report: s.report}).all() {
		kept = append(kept, keptFile{t.path, "named by --" + t.flag})
	}
	for _, k := range kept {
		if k.path != "" && k.path != "-" && k.is(m.path) {
			return usage(fmt.Errorf("--metrics: %q is %s: name another file", m.path, k.what))
		}
	}
	m.accepted = true
	return nil
}

// done notes what a run came to.
func (m *meter) done(s *pipeline.Summary) {
	if m != nil {
		m.summary = *s
	}
}

// write writes the metrics of a run that ended with err, once. A failure is only a warning: the exit code is that of the run,
// and 1 would say that nothing was published.
func (m *meter) write(v *voice, err error) {
	if m == nil || !m.accepted || m.written {
		return
	}
	m.written = true
	if err := m.replace(m.text(codeOf(err), time.Now())); err != nil {
		v.warn(fmt.Sprintf("--metrics: %q was not written: %v", m.path, err), "event", "metrics")
	}
}

// replace writes the file under another name, which no collector reads, and renames it. Everybody may read it, because
// the collector is another user.
func (m *meter) replace(text string) error {
	path := placeOf(m.path) // where links lead
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

// completeMetric is when a run last left nothing pending: it is read back, because a later run that is not complete must not change it.
const completeMetric = "enrich_last_complete_run_timestamp_seconds"

// lastComplete reads it from the file that is there; 0 where there is none, or none that can be read.
func (m *meter) lastComplete() float64 {
	f, err := os.Open(m.path)
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }() // it was only read
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if name, _, labelled := strings.Cut(lines.Text(), "{"); labelled && name == completeMetric {
			value := lines.Text()[strings.LastIndexByte(lines.Text(), ' ')+1:]
			if n, err := strconv.ParseFloat(value, 64); err == nil && n >= 0 {
				return n
			}
		}
	}
	return 0
}

// text is the file. Names and units follow Prometheus' rules, to which a test holds them.
func (m *meter) text(code int, now time.Time) string {
	s := &m.summary
	complete := m.lastComplete()
	if s.Complete {
		complete = seconds(now)
	}
	e := exposition{input: m.input}
	e.one("enrich_build_info", "The program that ran last; always 1.", 1, "version", version(), "go_version", runtime.Version())
	e.one("enrich_last_run_timestamp_seconds", "When the last run ended, in seconds since 1970.", seconds(now))
	e.one(completeMetric, "When the last run ended that left no row pending, in seconds since 1970; 0: none has.", complete)
	e.one("enrich_last_run_duration_seconds", "How long the last run took.", now.Sub(m.started).Seconds())
	e.one("enrich_last_run_exit_code", "Exit code of the last run.", float64(code))
	e.one("enrich_last_run_complete", "1: the last run left no row pending.", truth(s.Complete))
	stopped := map[string]int64{}
	if s.Stopped != nil {
		stopped[string(*s.Stopped)] = 1
	}
	e.each("enrich_last_run_stopped", "1: why the last run stopped early.", "reason", stopped,
		string(client.StopUnauthorized), string(client.StopForbidden), string(client.StopNoCredits), string(client.StopCap),
		string(client.StopAPIDown), string(client.StopRejectedAll), string(pipeline.StopInput), string(pipeline.StopInterrupted))
	e.each("enrich_last_run_rows", "Rows of the last run by what became of them; their sum is the rows read.", "outcome",
		map[string]int64{"matched": s.Rows.Matched, "no_match": s.Rows.NoMatch, "failed": s.Rows.Failed, "pending": s.Rows.Pending},
		"matched", "no_match", "failed", "pending")
	e.one("enrich_last_run_stale_rows", "Rows of the last run with an answer that is older than it should be.", float64(s.Rows.Stale))
	e.each("enrich_last_run_failed_rows", "Failed rows of the last run by kind.", "kind", s.Failures,
		string(contact.Invalid), string(contact.Ragged), string(contact.Rejected), string(contact.Exhausted), string(contact.Malformed), string(contact.Uncertain))
	e.one("enrich_last_run_calls", "Requests of the last run on the wire.", float64(s.Calls.Sent))
	e.one("enrich_last_run_retried_calls", "Requests of the last run that were made again.", float64(s.Calls.Retried))
	e.one("enrich_last_run_lost_calls", "Requests of the last run that may have been charged without an answer.", float64(s.Calls.Lost))
	e.one("enrich_last_run_ledger_rows", "Rows of the last run that were answered by earlier runs.", float64(s.Calls.FromLedger))
	e.one("enrich_last_run_duplicate_rows", "Rows of the last run that share an answer with an earlier row.", float64(s.Calls.Deduplicated))
	e.one("enrich_last_run_credits", "Credits that the last run was charged.", float64(s.Credits.Charged))
	e.one("enrich_account_credits", "Credits that the account had left when an answer of the last run told; NaN: none did.", known(s.Credits.Remaining))
	e.one("enrich_last_run_median_latency_seconds", "Median time of a call of the last run.", s.LatencyMS.P50/1000)
	e.one("enrich_last_run_high_latency_seconds", "Time that 99 of 100 calls of the last run took at most.", s.LatencyMS.P99/1000)
	e.one("enrich_last_run_waiting_seconds", "How long the rate and pauses kept the last run from sending.", float64(s.Calls.WaitedMS)/1000)
	return e.String()
}
