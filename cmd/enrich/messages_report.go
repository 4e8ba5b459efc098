package main

import (
	"strings"

	"enrich/contact"
	"enrich/pipeline"
	"enrich/report"
)

// noticeOf returns what the page says above everything else: that the run is not complete, why, and what to do. The first
// line is the title; there is none if the run is complete.
func noticeOf(a pipeline.AskResult, s *pipeline.Summary) []string {
	again := []string{havePending(s.Rows.Pending) + " no answer yet.", "Run the same command again: answered rows are not sent again."}
	switch {
	case a.Stop == contact.StopInterrupted:
		return append([]string{"Interrupted: the results so far are written"}, again...)
	case a.Stop == contact.StopCap:
		return append([]string{"Stopped: " + a.Detail}, again...)
	case a.Stop == contact.StopInput:
		return append(noticeLines(stopText(a)), "Fix the file and run the same command again: answered rows are not sent again.")
	case a.Stop != "":
		return append(noticeLines(stopText(a)), again...)
	case s.Stopped != nil:
		return append([]string{"Stopped: --limit left rows unsent"}, again...)
	case s.Rows.Pending > 0:
		return []string{"Not complete: " + havePending(s.Rows.Pending) + " no answer yet", "enrich run sends only the rows without an answer."}
	}
	return nil
}

// noticeLines splits a message and removes indents and bullets. The first line becomes a title.
func noticeLines(message string) []string {
	var list []string
	for line := range strings.Lines(message) {
		if line = strings.TrimPrefix(strings.TrimSpace(line), "- "); line != "" {
			list = append(list, line)
		}
	}
	if len(list) > 0 && len(list[0]) > 0 {
		list[0] = strings.ToUpper(list[0][:1]) + list[0][1:] // it begins with a word of the program
	}
	return list
}

func havePending(n int64) string {
	if n == 1 {
		return "1 row has"
	}
	return report.Group(n) + " rows have"
}

// adviceOf says what to do about a kind of failure, one step each.
func adviceOf(kind string) []string {
	switch contact.Failure(kind) {
	case contact.Invalid:
		return []string{"Nothing was charged.", "Fix the row in the failures file and run that file."}
	case contact.Ragged:
		return []string{"Nothing was charged.", "Fix the row in the failures file, empty its enrich_error_kind, and run that file."}
	case contact.Rejected:
		return []string{"Nothing was charged.", "Read what the API says about the row, fix the row in the failures file, and run that file."}
	case contact.Exhausted:
		return []string{"Nothing was charged, unless the call is reported as lost.", "Run the same command again later."}
	case contact.Malformed:
		return []string{"The call may have been charged.", "Run the same command again; if it happens again, tell the API's support."}
	case contact.Uncertain:
		return []string{"Several calls may have been charged without an answer, so the contact is not sent again.", "Compare with your account, then raise --lost-retries to send it again."}
	}
	return nil
}
