package report

import "time"

// Bounds of what a page shows; a [Page] that has more is cut there.
const (
	// MaxMoments is how many steps of time the charts and their tables have.
	MaxMoments = 200
	// MaxFailures is how many different failures are listed.
	MaxFailures = 20
	// MaxDays is how many days of answers are listed.
	MaxDays = 60
	// maxPairs bounds each list of names from the input: columns and fields.
	maxPairs = 100
)

// A Page is what is known of a run. Lists are shown in their order.
type Page struct {
	// Command is run or write; Version is the program's.
	Command, Version string
	// Input is the file's name.
	Input             string
	Started, Finished time.Time
	// Zone is where the reader of the page is; nil: UTC.
	Zone *time.Location
	// Notice is shown above everything else; zero shows nothing.
	Notice   Notice
	ExitCode int

	Rows     Rows
	Failed   []Count // rows by kind of failure
	Calls    Calls
	Jobs     Jobs
	Credits  Credits
	Latency  Latency
	Fields   []Count // rows in which a field was filled
	Moments  []Moment
	Failures []Failure
	// MoreFailures counts rows that failed in other ways than those in Failures.
	MoreFailures int64
	Days         []Day
	Reading      Reading
	Outputs      []Output
}

// A Notice is why the page is not the whole story, and what to do next.
type Notice struct {
	// Title is one line.
	Title string
	// Steps are what to know and what to do, one sentence each.
	Steps []string
}

// Rows counts rows: Matched + NoMatch + Failed + Pending = Read; Stale is part of Matched and NoMatch.
type Rows struct{ Read, Matched, NoMatch, Failed, Pending, Stale int64 }

// A Count is how often there is what it names.
type Count struct {
	Name string
	N    int64
}

// Calls counts calls of this run, and rows that cost none.
type Calls struct {
	Sent, Retried, Lost, FromLedger, Deduplicated int64
	// OtherFields counts addresses that were answered before under other fields.
	OtherFields int64
	// Reasons are why calls were made again.
	Reasons []Count
	// Waited is how long the account's rate and its pauses kept the next call from being sent.
	Waited time.Duration
}

// Jobs counts bulk jobs: those that the API accepted, those of earlier runs, and those whose results had expired.
type Jobs struct{ Submitted, Resumed, Expired int64 }

// Credits are what was paid.
type Credits struct {
	// Charged is this run's, Answers what the answers of all rows cost, whichever run paid.
	Charged, Answers int64
	// Remaining is what the API said is left; nil: it did not say.
	Remaining *int64
	// Contacts is how many different contacts matched.
	Contacts int64
}

// Latency has percentiles over the calls of this run, in milliseconds.
type Latency struct{ P50, P90, P99, Max float64 }

// A Moment is what happened from one point of time to the next; From and Until count from the start of the first pass.
type Moment struct {
	From, Until                                    time.Duration
	Calls, Retried, Matched, NoMatch, Failed, Lost int64
	// P50, P90 and Max are latencies in milliseconds; 0: no answer came.
	P50, P90, Max float64
	Waited        time.Duration
}

// A Failure is rows that failed alike.
type Failure struct {
	Kind string
	// Status is the HTTP status; 0: none.
	Status  int
	Message string
	// Advice is what to do, one step each.
	Advice   []string
	Rows     int64
	Examples []Example
}

// An Example is a row.
type Example struct {
	Line  int64
	Cells []Pair
}

// A Pair is a name and what it stands for.
type Pair struct{ Name, Value string }

// A Day is the answers that came on one day, or in one month where there are many.
type Day struct {
	Name             string
	Matched, NoMatch int64
}

// A Reading is how the file was read.
type Reading struct {
	// About are encoding, dialect and the like.
	About []Pair
	// Mapping is which column (Value) is which field (Name).
	Mapping []Pair
	// Refused is the number of rows that cannot be sent, by kind.
	Refused []Count
	Bytes   int64
	SHA256  string
}

// An Output is a file that was written.
type Output struct{ Name, Path, SHA256 string }
