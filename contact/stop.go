package contact

// A Stop is the cause of a run's stop. Its text is the summary's "stopped".
type Stop string

// The causes of a stop.
const (
	StopUnauthorized Stop = "unauthorized" // 401
	StopForbidden    Stop = "forbidden"    // 403
	StopNoCredits    Stop = "no_credits"   // 402, or an uncharged 200 with an error and no credits left
	StopAPIDown      Stop = "api_down"     // the API kept failing, or asks for a longer pause than the run may wait
	StopRejectedAll  Stop = "rejected_all" // the API refused each of the first requests
	StopCap          Stop = "cap"          // a cap or --limit left contacts unsent
	StopInput        Stop = "input"        // the input ended early
	StopInterrupted  Stop = "interrupted"  // a signal
)

// Stops lists the causes of a stop.
func Stops() []Stop {
	return []Stop{
		StopUnauthorized, StopForbidden, StopNoCredits, StopCap, StopAPIDown, StopRejectedAll, StopInput, StopInterrupted,
	}
}

// OfAccount reports whether the cause stops every run that uses the same API account.
func (s Stop) OfAccount() bool {
	return s == StopUnauthorized || s == StopForbidden || s == StopNoCredits
}
