package main

import (
	"fmt"

	"enrich/client"
	"enrich/contact"
	"enrich/pipeline"
	"enrich/report"
)

// otherReasons stands for messages that are not told apart any more.
const otherReasons = "other reasons"

// stopped is what the page says above everything else, or "": why the run is not the whole story, and what to do.
func stopped(a pipeline.Asked, s *pipeline.Summary) string {
	again := fmt.Sprintf("\n\n%s no answer yet: run the same command again to go on. Nothing that was answered is asked again.", havePending(s.Rows.Pending))
	switch {
	case a.Stop == pipeline.StopInterrupted:
		return "interrupted: what was answered is written" + again
	case a.Stop == client.StopCap:
		return "stopped: " + a.Detail + again
	case a.Stop == pipeline.StopInput:
		return why(a) + "\n\nmend the file and run the same command again: nothing that was answered is asked again"
	case a.Stop != "":
		return why(a) + again
	case s.Stopped != nil:
		return "stopped: --limit left contacts unasked" + again
	case s.Rows.Pending > 0:
		return fmt.Sprintf("not complete: %s no answer yet\n\nenrich run asks about what is missing, and only that", havePending(s.Rows.Pending))
	}
	return ""
}

func havePending(n int64) string {
	if n == 1 {
		return "1 row has"
	}
	return report.Group(n) + " rows have"
}

// adviceOf says what to do about a kind of failure.
func adviceOf(kind contact.Failure) string {
	switch kind {
	case contact.Invalid:
		return "nothing was spent: mend the row in the failures file, and run that file"
	case contact.Ragged:
		return "nothing was spent: mend the row in the failures file, empty its enrich_error_kind, and run that file"
	case contact.Rejected:
		return "a refusal costs nothing: look at what the API says of the row, mend it, and run the failures file"
	case contact.Exhausted:
		return "nothing was charged: run the same command again later"
	case contact.Malformed:
		return "the call may have been charged: run the same command again, and tell the API's support where it happens again"
	case contact.Uncertain:
		return "held, because calls for it may have been charged without an answer: compare with your account, then raise --lost-retries to ask again"
	}
	return ""
}
