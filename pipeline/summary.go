package pipeline

import (
	"encoding/hex"
	"time"

	"enrich/contact"
)

// A Summary is what a run comes to, for machines: its JSON is a contract (README, "Files").
type Summary struct {
	Complete  bool              `json:"complete"`
	Stopped   *contact.Stop     `json:"stopped"`
	ExitCode  int               `json:"exit_code"`
	Rows      SummaryRows       `json:"rows"`
	Failures  map[string]int64  `json:"failures"`
	Calls     SummaryCalls      `json:"calls"`
	Jobs      SummaryJobs       `json:"jobs"`
	Credits   SummaryCredits    `json:"credits"`
	Fields    map[string]int64  `json:"fields"`
	LatencyMS SummaryLatency    `json:"latency_ms"`
	Input     SummaryInput      `json:"input"`
	Outputs   map[string]string `json:"outputs"`
	// Files gives the path of each output by what it is ("results", "failures", …), relative to the summary's folder.
	Files map[string]string `json:"files,omitempty"`
	// Kept: the outputs in place were better than this run's, and were not replaced.
	Kept       bool      `json:"kept,omitempty"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
}

// SummaryRows counts rows: Matched + NoMatch + Failed + Pending = Read; Stale is part of Matched and NoMatch.
type SummaryRows struct {
	Read    int64 `json:"read"`
	Matched int64 `json:"matched"`
	NoMatch int64 `json:"no_match"`
	Failed  int64 `json:"failed"`
	Pending int64 `json:"pending"`
	Stale   int64 `json:"stale"`
}

// SummaryCalls counts calls of this run, and rows that cost none.
type SummaryCalls struct {
	Sent         int64 `json:"sent"`
	Retried      int64 `json:"retried"`
	FromLedger   int64 `json:"from_ledger"`
	Deduplicated int64 `json:"deduplicated"`
	Lost         int64 `json:"lost"`
	// OtherFields counts addresses of contacts that this run sent, though they have a fresh answer under other fields, which
	// --same-by email would have reused.
	OtherFields int64            `json:"answered_under_other_fields"`
	Reasons     map[string]int64 `json:"retried_by_reason"`
	WaitedMS    int64            `json:"waited_ms"`
}

// SummaryJobs counts bulk jobs: those that this run submitted and the API accepted, open ones of earlier runs that it took over,
// and those whose results had expired.
type SummaryJobs struct {
	Submitted int64 `json:"submitted"`
	Resumed   int64 `json:"resumed"`
	Expired   int64 `json:"expired"`
	// Size is how many contacts fit into a job, if the API refused larger ones.
	Size int64 `json:"size,omitempty"`
}

// SummaryCredits is what this run was charged, and what the API said is left (null: it did not say).
type SummaryCredits struct {
	Charged   int64  `json:"charged"`
	Remaining *int64 `json:"remaining"`
}

// SummaryLatency has percentiles over the calls of this run, in milliseconds; 0 if there was no call.
type SummaryLatency struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// SummaryInput identifies the input.
type SummaryInput struct {
	// Path is relative to the summary's folder; "-" for standard input and devices; "" before version 1.
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	// SkippedLines counts the lines at the end that are not rows: a report's footer, and rows of delimiters only.
	SkippedLines int64 `json:"skipped_lines"`
}

// NewSummary puts together what the write pass counted.
func NewSummary(w WriteResult, sum [32]byte, bytes int64) Summary {
	s := Summary{
		Rows:     SummaryRows{w.Read, w.Matched, w.NoMatch, w.Failed, w.Pending, w.Stale},
		Failures: map[string]int64{},
		Calls:    SummaryCalls{FromLedger: w.FromLedger, Deduplicated: w.Deduplicated, Reasons: map[string]int64{}},
		Input:    SummaryInput{SHA256: hex.EncodeToString(sum[:]), Bytes: bytes},
	}
	for kind, n := range w.Failures {
		s.Failures[string(kind)] = n
	}
	return s
}
