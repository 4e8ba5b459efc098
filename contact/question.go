package contact

import "time"

// A Question is a contact to send to an API, with what the API must know of it.
type Question struct {
	// Row is the number of the contact's row, for the log.
	Row     int64
	Contact Contact
	Keys    Keys
	// Refused: an earlier run saw the API refuse this contact, so another refusal does not suggest that this run's requests
	// are wrong.
	Refused bool
	// Attempts and Elapsed are those of the Result that this question repeats; zero for the first question about a contact.
	Attempts int
	Elapsed  time.Duration
	// Retry reserves one more call. It returns "" if the call may be made, or else which cap is reached. The API calls it
	// before each call after the first that was on the wire. nil: any number of calls may be made.
	Retry func() (reached string)
	// Progress belongs to the API: it keeps here what it must know between two calls about the same question. Nobody else
	// reads it.
	Progress any
}

// A Result is how a question ended.
type Result struct {
	Outcome Outcome
	// Stop is why the run must stop; "": it need not. StopCap: Question.Retry allowed no more calls.
	Stop Stop
	// StopDetail is a sentence for the user.
	StopDetail string
	// Again: the call was lost and attempts are left, so the contact may be sent again in this run.
	Again bool
	// Undecided: a 404 in the API's own format that came before any answer, so that the URL may be wrong. The outcome is
	// Released, which is right if the run ends here; Decide returns the outcome once it is known.
	Undecided bool
	// Elapsed is how long the attempts took, with the backoff between them.
	Elapsed time.Duration
	// Remaining is the account's credits as the last response stated them; nil: it did not.
	Remaining *int64
	// Err is not nil if the run must end although this outcome is good: the API cannot bound its memory any more.
	Err error
	// Memory is what Outcome.Body takes of a bounded memory; nil: the memory is not bounded.
	Memory interface{ Release() }
}

// Decide returns the outcome of an Undecided result: no match if the run has seen a usable answer (answered), or rejected if it has not
// and cannot wait for one. If the run ended before either, nothing is known and Outcome is right.
func (r *Result) Decide(answered bool) Outcome {
	o := r.Outcome
	if answered {
		o.Kind, o.Body = NoMatch, []byte("{}")
	} else {
		o.Kind, o.Failure = Refused, Rejected
	}
	return o
}

// Release drops the answer and gives back its memory. Call it when the outcome is committed or not needed; a second call
// does nothing.
func (r *Result) Release() {
	r.Outcome.Body = nil
	if r.Memory != nil {
		r.Memory.Release()
		r.Memory = nil
	}
}
