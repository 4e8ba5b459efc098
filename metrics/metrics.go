// Package metrics writes the figures of a run as gauges for the textfile collector of Prometheus' node_exporter.
//
// A file always has all series, with the same labels, however the run ended: a job that fails must be visible. It is
// replaced in one step, under a name that the collector does not read until it is complete, and anybody may read it,
// because the collector is another user. Names and units follow Prometheus' rules.
package metrics

import (
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"time"

	"enrich/contact"
	"enrich/internal/durable"
)

// A Run is what is known of a run. The zero value of a field is that of a run that failed before its first call.
type Run struct {
	Input          string // the label of every series
	Version        string // of the program
	Started, Ended time.Time
	ExitCode       int
	Complete       bool   // no row is pending
	Stopped        string // a [contact.Stop]; empty if the run was not stopped

	Matched, NoMatch, Failed, Pending, Stale int64            // rows
	Failures                                 map[string]int64 // failed rows by kind

	Calls, Retried, Lost     int64 // requests sent
	FromLedger, Deduplicated int64 // rows that needed no request
	// JobsSubmitted to JobsExpired are bulk jobs: accepted by the API, taken over from earlier runs, and with expired results.
	JobsSubmitted, JobsResumed, JobsExpired int64
	CreditsCharged                          int64
	CreditsRemaining                        *int64        // nil: no response had it
	MedianLatency, P99                      time.Duration // of a call
	Waited                                  time.Duration // for the rate limit and pauses
}

// stopReasons returns the values of the label reason, which are those of the summary's member stopped.
func stopReasons() (reasons []string) {
	for _, stop := range contact.Stops() {
		reasons = append(reasons, string(stop))
	}
	return reasons
}

// Write writes the gauges of a run to the file at path, or to the file that a link there leads to. If the run is not
// complete, it takes over the time of the last complete run from the file that it replaces.
func Write(path string, r *Run) error {
	target, err := durable.Canonical(path)
	if err != nil {
		return err
	}
	complete := lastComplete(target)
	if r.Complete {
		complete = unixSeconds(r.Ended)
	}
	return durable.WriteFile(target, gaugesOf(r, complete).out.Bytes(), 0o644)
}

// maxFile is how many bytes of an old file are read: more than this package writes, even for the longest name of a file.
const maxFile = 1 << 20

const completeMetric = "enrich_last_complete_run_timestamp_seconds"

// lastComplete reads when a run was last complete; 0 if the file does not exist or does not say it.
func lastComplete(path string) float64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return 0
	}
	if value, ok := valueOf(completeMetric, string(text)); ok && value > 0 && !math.IsInf(value, 0) { // it may be NaN
		return value
	}
	return 0
}

// gaugesOf returns the gauges of a run.
func gaugesOf(r *Run, complete float64) *gauges {
	e := gauges{input: strings.ToValidUTF8(r.Input, "?")}
	e.add("enrich_build_info", "The program that ran last; always 1.", 1, "version", r.Version, "go_version", runtime.Version())
	e.add("enrich_last_run_timestamp_seconds", "When the last run ended, in seconds since 1970.", unixSeconds(r.Ended))
	e.add(completeMetric, "When the last run ended that left no row pending, in seconds since 1970; 0 if there was none.", complete)
	e.add("enrich_last_run_duration_seconds", "How long the last run took.", r.Ended.Sub(r.Started).Seconds())
	e.add("enrich_last_run_exit_code", "Exit code of the last run.", float64(r.ExitCode))
	e.add("enrich_last_run_complete", "1 if the last run left no row pending.", oneIf(r.Complete))
	e.addEach("enrich_last_run_stopped", "1 for the reason why the last run stopped early.", "reason", map[string]int64{r.Stopped: 1}, stopReasons()...)
	e.addEach("enrich_last_run_rows", "Rows of the last run by outcome; their sum is the rows read.", "outcome",
		map[string]int64{"matched": r.Matched, "no_match": r.NoMatch, "failed": r.Failed, "pending": r.Pending},
		"matched", "no_match", "failed", "pending")
	e.add("enrich_last_run_stale_rows", "Rows of the last run whose answer is older than its maximum age.", float64(r.Stale))
	e.addEach("enrich_last_run_failed_rows", "Failed rows of the last run by kind.", "kind", r.Failures,
		string(contact.Invalid), string(contact.Ragged), string(contact.Rejected), string(contact.Exhausted), string(contact.Malformed), string(contact.Uncertain))
	e.add("enrich_last_run_calls", "Requests that the last run sent.", float64(r.Calls))
	e.add("enrich_last_run_retried_calls", "Retries among the requests of the last run.", float64(r.Retried))
	e.add("enrich_last_run_lost_calls", "Requests of the last run that may have been charged without an answer.", float64(r.Lost))
	e.addEach("enrich_last_run_jobs", "Bulk jobs of the last run: submitted, of earlier runs, and with expired results.", "kind",
		map[string]int64{"submitted": r.JobsSubmitted, "resumed": r.JobsResumed, "expired": r.JobsExpired}, "submitted", "resumed", "expired")
	e.add("enrich_last_run_ledger_rows", "Rows of the last run that were answered by earlier runs.", float64(r.FromLedger))
	e.add("enrich_last_run_duplicate_rows", "Rows of the last run that share the answer of an earlier row.", float64(r.Deduplicated))
	e.add("enrich_last_run_credits", "Credits that the last run was charged.", float64(r.CreditsCharged))
	e.add("enrich_account_credits", "Credits left in the account, as the last response said; NaN if none did.", orNaN(r.CreditsRemaining))
	e.add("enrich_last_run_median_latency_seconds", "Median time of a call of the last run.", r.MedianLatency.Seconds())
	e.add("enrich_last_run_high_latency_seconds", "99th percentile of the time of a call of the last run.", r.P99.Seconds())
	e.add("enrich_last_run_waiting_seconds", "How long the last run waited for the rate limit and pauses.", r.Waited.Seconds())
	return &e
}

// unixSeconds is the time since 1970, to the millisecond.
func unixSeconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
