package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"

	"enrich/client"
	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/shutdown"
	"enrich/contact"
	"enrich/pipeline"
	"enrich/report"
)

// The messages about a run. Their rules are those of [console.Printer].

const (
	longRoot = `enrich sends each contact of a CSV, JSONL, .xlsx or Parquet file to a paid API and writes the results next to the input.
Every answer is kept in a ledger: it is never lost, and never paid for again. To continue after a run was
stopped or killed, run the same command again.`

	exampleRoot = `  enrich demo                 try it: no key, no network
  enrich plan leads.csv       what a run would send, and what it can cost
  export SELLING_API_KEY=…    or --api-key-file FILE
  enrich run leads.csv        leads.results.csv, .failures.csv, .summary.json`

	exampleCompletion = `  source <(enrich completion bash)
  enrich completion zsh > "${fpath[1]}/_enrich"
  enrich completion fish > ~/.config/fish/completions/enrich.fish
  enrich completion powershell | Out-String | Invoke-Expression`

	longRun = `Reads the file twice. The first pass sends each contact that has no answer in the ledger yet to the
API. The second pass writes each row with its answer to <stem>.results.<ext>, or with the reason why it
failed to <stem>.failures.<ext>, and a summary to <stem>.summary.json.

Each flag can also be set as ENRICH_<FLAG>, dashes as underscores. Press Ctrl-C once to stop: calls in
flight are allowed to finish, and the answers are written. Run the same command again to continue.`

	longPlan = `Reads the file as run does, and prints one figure a line: rows, rows that cannot be sent and why, rows
answered before, duplicates, calls, and the most credits that they can cost. It also shows which column is
which field, and what is cleaned and split before it is sent. It makes no call and writes no file.`

	exampleRun = `  enrich run leads.csv
  enrich run --max-credits 500 --out enriched leads.csv
  enrich run --map email=Mail --map company_name=Firma kontakte.csv
  psql -c "COPY leads TO STDOUT CSV HEADER" | enrich run -`

	adviceUnauthorized = `  - is the Authorization header included? a proxy on the way may drop it
  - is the key correct, and not revoked? compare it with the one in your account
  - is the header's format free of typos? enrich sends "Authorization: Bearer KEY"
  - a key that may be compromised should be regenerated
  - keep it in the environment variable SELLING_API_KEY, or in a file only you can read`
)

func (j *job) sayLedger(answers int64) {
	path := j.place.Name()
	j.printer.Info(fmt.Sprintf("ledger %s: %s", console.Name(path), console.Count(answers, "answer")), "event", "ledger", "path", path, "answers", answers)
}

// sayNoLedger warns if the ledger of a write pass does not exist: its name may be mistyped, and every row would be pending.
func (j *job) sayNoLedger() {
	if j.place.IsShared() {
		return // that is an error
	}
	if _, err := os.Stat(j.place.File); errors.Is(err, fs.ErrNotExist) {
		j.printer.Warn("there is no ledger "+console.Name(j.place.File)+": no row has an answer", "event", "no_ledger", "path", j.place.File)
	}
}

// sayOtherURL warns if the answers in the ledger came from other addresses of the API than this command's: they do not count for
// it, so a --url that was forgotten or mistyped would pay for them again.
func (j *job) sayOtherURL() {
	j.printer.Warn("the ledger has no 2xx answer from "+console.Name(j.endpoint.URL)+": answers from other addresses of the API (--url) do not count for it",
		"event", "other_url", "url", j.endpoint.URL)
}

// sayLost reports calls whose run ended before their answers were recorded.
func (j *job) sayLost(found []contact.Outcome) {
	if len(found) == 0 {
		return
	}
	j.printer.Warn(unrecordedText(int64(len(found)), j.settings.LostRetries), "event", "lost", "contacts", len(found))
	const limit = 10
	for i, o := range found {
		if i == limit {
			j.printer.Warn(fmt.Sprintf("  and %s more: enrich ledger export lists them", report.Group(int64(len(found)-limit))))
			break
		}
		j.printer.Warn("  lost: "+nameOf(&o.Contact), "event", "lost", "contact", nameOf(&o.Contact))
	}
}

// sayAllRejected warns if the API accepted no request. After a stop, other than by a cap, the cause of the stop says more.
func (j *job) sayAllRejected(stop contact.Stop, api *client.Client) {
	if stop != "" && stop != contact.StopCap || j.answered {
		return
	}
	if advice := api.AllRejected(); advice != "" {
		j.printer.Warn("the API accepted no request: "+advice, "event", "rejected", "calls", api.Stats().Sent)
	}
}

// sayStop reports why the first pass ended early. A signal has been reported when it arrived. If the input ended early, too, it
// says so whatever the cause of the stop is: the run has not seen the rows behind that point.
func (j *job) sayStop(a pipeline.AskResult, stats client.Stats) {
	if a.Stop == "" || a.Stop == contact.StopInterrupted {
		return
	}
	if a.ReadErr != nil && a.Stop != contact.StopInput {
		report := reportOf(a.ReadErr)
		j.printer.Warn(a.ReadErr.Error(), append([]any{"event", "input_broken"}, report.attrs()...)...)
	}
	report := stopReport(a)
	j.printer.Warn(stopText(a), append([]any{"event", "stop", "stopped", string(a.Stop), "calls", stats.Sent}, report.attrs()...)...)
}

// sayBroken tells that the input ended early, for commands that print what came before.
func (j *job) sayBroken(err error) {
	report := brokenReport(err)
	j.printer.Warn(err.Error(), append([]any{"event", "stop", "stopped", string(contact.StopInput)}, report.attrs()...)...)
}

// stopText returns the cause of a stop in words: what happened in the first line, what to do below it.
func stopText(a pipeline.AskResult) string {
	detail := a.Detail
	if detail != "" {
		detail = ": " + detail
	}
	switch a.Stop {
	case contact.StopUnauthorized:
		return "stopped: the API refused the key (401)" + detail + "\n" + adviceUnauthorized
	case contact.StopForbidden:
		return "stopped: the API refused the account (403)" + detail + "\n  the account is inactive or not permitted to do this: ask the person who manages it"
	case contact.StopNoCredits:
		return "stopped: the account is out of credits" + detail + "\n  run the same command again when the account has credits"
	case contact.StopCap:
		return "stopped" + detail + ": run the same command again to continue"
	case contact.StopAPIDown:
		if a.Unreachable {
			return "stopped: the API cannot be reached" + detail
		}
		return "stopped" + detail + "\n  run the same command again later: answered contacts are not sent again"
	case contact.StopRejectedAll:
		return "stopped: no request got a usable answer" + detail
	case contact.StopInput:
		return fmt.Sprintf("%v; the rows before that point are done", a.ReadErr)
	}
	return string(a.Stop)
}

// sayAccount warns if the account's credits fall faster than this run counts: then a cap on credits is reached early.
func (j *job) sayAccount(stats client.Stats) {
	n := j.counters.Unexplained(stats.Remaining, j.settings.CreditsPerCall)
	if n <= 0 || j.team != nil { // the others of a team use the account, too
		return
	}
	j.printer.Warn(fmt.Sprintf("the balance fell by %s than this run used: does a call cost more than --credits-per-call=%d, or is another program using the account?",
		console.Count(n, "more credit"), j.settings.CreditsPerCall), "event", "credits", "unexplained", n)
}

// sayUnsolicited warns if bytes follow the answers of the API: over a connection that is used again, they could be taken for the
// answer to another contact.
func (j *job) sayUnsolicited() {
	j.printer.Warn("the API, or a proxy on the way to it, sends more than its answers: each call makes a connection of its own now, which is slower",
		"event", "unsolicited")
}

// saySummary prints the summary of a run for people.
func (j *job) saySummary(s *pipeline.Summary) {
	r := s.Rows
	n := report.Group
	lines := []string{fmt.Sprintf("%s: %s: %s matched, %s no match, %s failed, %s pending",
		console.Name(j.input.Name), console.Count(r.Read, "row"), n(r.Matched), n(r.NoMatch), n(r.Failed), n(r.Pending))}
	if len(s.Failures) > 0 {
		lines = append(lines, "  failed: "+countsText(s.Failures))
	}
	if s.Stopped != nil && *s.Stopped == contact.StopInterrupted && r.Pending > 0 { // other stops have said it
		lines = append(lines, "  pending: run the same command again to continue")
	}
	if r.Stale > 0 {
		lines = append(lines, fmt.Sprintf("  stale: %s older than --max-age or --no-match-age, not renewed by this run", console.Count(r.Stale, "answer")))
	}
	lines = append(lines, callsText(&s.Calls))
	if jobs := jobsLine(&s.Jobs); jobs != "" {
		lines = append(lines, jobs)
	}
	if s.Calls.OtherFields > 0 {
		lines = append(lines, otherFieldsText(s.Calls.OtherFields))
	}
	lines = append(lines, creditsText(s))
	for _, t := range j.paths.all() {
		if t.path != "" && t.path != "-" && !s.Kept {
			lines = append(lines, fmt.Sprintf("  %-9s %s", t.flag+":", console.Name(t.path)))
		}
	}
	j.printer.Info(strings.Join(lines, "\n"), "event", "summary", "summary", s)
}

// sayUnfinished tells that the grace after a signal ended before the outputs were published, and why, if that is known.
func sayUnfinished(v *console.Printer, i shutdown.Interruption, grace time.Duration, why string) {
	sayUnpublished(v, i, fmt.Sprintf("%v: the outputs were not finished within --grace (%s)%s and were not published; the answers are in the ledger, and ", i, grace, why))
}

// sayLate tells that a command still runs after the grace, just before it is ended.
func sayLate(v *console.Printer, i shutdown.Interruption, grace time.Duration) {
	sayUnpublished(v, i, fmt.Sprintf("%v: still running %s after the signal (--grace); outputs may be missing; every committed answer is in the ledger, and ", i, grace))
}

func sayUnpublished(v *console.Printer, i shutdown.Interruption, text string) {
	const advice = "`enrich write` finishes the work"
	report := newReport(problem.Problem{Code: string(contact.StopInterrupted), Flag: "grace", Message: strings.TrimSuffix(text, ", and "), Advice: advice})
	v.Warn(text+advice, append([]any{"event", "unfinished", "exit_code", i.ExitCode()}, report.attrs()...)...)
}

// sayCut tells that a signal ended the reading of a stream, so the rows before it are not the whole input.
func (j *job) sayCut(s *pipeline.Summary) {
	j.printer.Warn(fmt.Sprintf("%s was not read to its end: %s came before the signal", j.input.Name, console.Count(s.Rows.Read, "row")), "event", "cut", "rows", s.Rows.Read)
}

// sayKept tells that the outputs in place were not replaced; inPlace is their number of answered rows, or -1.
func (j *job) sayKept(s *pipeline.Summary, inPlace int64) {
	answered := s.Rows.Matched + s.Rows.NoMatch
	why := "this run has " + console.Count(answered, "answered row")
	if inPlace >= 0 {
		why = fmt.Sprintf("they have %s, this run %s", console.Count(inPlace, "answered row"), report.Group(answered))
	}
	j.printer.Warn(fmt.Sprintf("kept the existing outputs: %s (to overwrite: enrich write --replace FILE, with the same input, output and matching flags)", why),
		"event", "kept", "in_place", inPlace, "answered", answered)
}

// callsText says what was sent, and what cost no call.
func callsText(c *pipeline.SummaryCalls) string {
	text := fmt.Sprintf("  calls: %s sent", report.Group(c.Sent))
	for _, part := range []struct {
		n    int64
		what string
	}{
		{c.Retried, "retried"}, {c.Lost, "lost"}, {c.FromLedger, "answered before"},
	} {
		if part.n > 0 {
			text += fmt.Sprintf(", %s %s", report.Group(part.n), part.what)
		}
	}
	if c.Deduplicated > 0 {
		text += ", " + console.Count(c.Deduplicated, "duplicate")
	}
	return text
}

// otherFieldsText says that --same-by email would have saved calls.
func otherFieldsText(n int64) string {
	if n == 1 {
		return "  1 address was answered before under other fields; --same-by email would have reused that answer"
	}
	return fmt.Sprintf("  %s addresses were answered before under other fields; --same-by email would have reused those answers", report.Group(n))
}

// creditsText says what was charged, and what remains if the API has said it.
func creditsText(s *pipeline.Summary) string {
	line := fmt.Sprintf("  credits: %s charged by this run", report.Group(s.Credits.Charged))
	if s.Credits.Remaining != nil {
		line += fmt.Sprintf(", %s remain", report.Group(*s.Credits.Remaining))
	}
	return line
}

// unrecordedText says how many calls have no recorded answer, and what becomes of their contacts.
func unrecordedText(lost, retries int64) string {
	if lost == 1 {
		again := "its contact will be sent again, at most " + times(retries)
		if retries == 0 {
			again = "its contact will not be sent again (--lost-retries=0)"
		}
		return "1 call has no recorded answer and may have been charged; " + again
	}
	again := "their contacts will be sent again, at most " + times(retries) + " each"
	if retries == 0 {
		again = "their contacts will not be sent again (--lost-retries=0)"
	}
	return fmt.Sprintf("%s have no recorded answer and may have been charged; %s", console.Count(lost, "call"), again)
}

// nameOf returns what identifies a contact for people.
func nameOf(c *contact.Contact) string {
	switch {
	case c.Email != "":
		return console.Quote(c.Email, maxQuoted)
	case c.LinkedInURL != "":
		return console.Quote(c.LinkedInURL, maxQuoted)
	}
	company := c.CompanyDomain
	if company == "" {
		company = c.CompanyName
	}
	return console.Quote(c.FirstName+" "+c.LastName+", "+company, maxQuoted)
}

// maxQuoted bounds text from an input in a message, in characters.
const maxQuoted = 80

// announceInterruption reports a signal as soon as it arrives: calls in flight may take the whole grace, and a user who sees nothing
// presses Ctrl-C again, which loses them. The returned function must be called when the outputs are published; it waits for the message.
func (j *job) announceInterruption(api *client.Client) (end func()) {
	said := make(chan struct{})
	stop := context.AfterFunc(j.shutdown.Interrupted, func() {
		defer close(said)
		if sig := j.shutdown.Signal(); sig != nil {
			n := int64(api.InFlight())
			text := stoppingText(n, sig == syscall.SIGINT)
			report := newReport(problem.Problem{Code: string(contact.StopInterrupted), Message: text})
			j.printer.Warn(text, append([]any{
				"event", "stop", "stopped", string(contact.StopInterrupted), "calls", api.Stats().Sent, "in_flight", n,
			}, report.attrs()...)...)
		}
	})
	return func() {
		if !stop() {
			<-said
		}
	}
}

// stoppingText says what a run does after a signal, and how to quit at once.
func stoppingText(inFlight int64, ctrlC bool) string {
	what, again := "writing the results", "a second signal quits at once"
	if inFlight > 0 {
		what = fmt.Sprintf("finishing %s in flight, then writing the results", console.Count(inFlight, "call"))
	}
	if ctrlC {
		again = "Ctrl-C again to quit now"
	}
	return fmt.Sprintf("interrupted: %s (%s)", what, again)
}
