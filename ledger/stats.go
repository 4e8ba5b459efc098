package ledger

import "time"

// Stats count what a ledger holds; its JSON is what `enrich ledger stats --json` prints.
type Stats struct {
	// Answers is contacts that have an answer; Matched, NoMatch, Refused, Lost and Released are outcomes, of which a
	// contact may have several.
	Answers  int64 `json:"answers"`
	Matched  int64 `json:"matched"`
	NoMatch  int64 `json:"no_match"`
	Refused  int64 `json:"refused"`
	Lost     int64 `json:"lost"`
	Released int64 `json:"released"`
	// Credits is answers that said that a credit was charged.
	Credits int64 `json:"credits_charged"`
	Runs    int64 `json:"runs"`
	// First and Last are when the oldest and the newest outcome came; nil where there is none.
	First *time.Time `json:"first"`
	Last  *time.Time `json:"last"`
	// Bytes is the size of the file and its log.
	Bytes   int64 `json:"bytes"`
	Version int   `json:"schema_version"`
}

// Spent is what outcomes cost: Charged counts answers that were charged; Lost counts what may have been charged: lost calls, and
// no matches that do not say that they were not charged.
type Spent struct{ Charged, Lost int64 }

func (s *Spent) Add(other Spent) {
	s.Charged += other.Charged
	s.Lost += other.Lost
}

// Erased is how much [Ledger.Forget] or [Ledger.Prune] removed.
type Erased struct {
	Answers int64
	// Others is the outcomes that are not answers: refused, lost and released calls.
	Others  int64
	Intents int64
}

// Verified is what a verification looked at, and what was wrong.
type Verified struct {
	Outcomes, Intents int64
	// Problems is how many there were; Told are the first of them, in words.
	Problems int64
	Told     []string
}
