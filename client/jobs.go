package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"enrich/contact"
)

// maxOtherResults bounds what the results of a job may have besides 1 MiB for each of its contacts.
const maxOtherResults = 64 << 20

// Submit sends contacts as one bulk job, and sends it again if it was certainly not accepted. The contacts must not change until
// it returns. reserve reserves one more call, as [contact.Question.Retry] does. The contexts are those of [Client.Ask].
//
// A submission that may have been accepted is never sent again. If only a part of the request was sent, it was not accepted.
func (c *Client) Submit(soft, hard context.Context, contacts []*contact.Question, reserve func() (reached string)) contact.Acceptance {
	j := c.newJobCall(soft, hard, "POST /contacts", c.jobs.submissions, len(contacts), reserve)
	j.row = -c.jobs.submitted.Add(1)
	for _, q := range contacts {
		j.withEmail = j.withEmail || q.Contact.Email != ""
	}
	body := newJobBody(&c.jobs.format, contacts)
	var accepted submission
	j.decide = func(r *reply, _ attempt) decision {
		accepted = j.decideSubmission(r, body.close())
		return accepted.decision
	}
	target, err := url.Parse(c.o.URL + "/contacts")
	if err != nil {
		panic(err) // New has parsed the same URL
	}
	d, ended, reached := j.run(&jobRequest{template: requestTemplate(http.MethodPost, target, &c.o), body: body})
	if !ended && d.action == actionAnswer {
		return contact.Acceptance{ID: accepted.id, Expires: accepted.expires, Remaining: j.remaining, Outcome: contact.Outcome{Attempts: j.sent}}
	}
	a := contact.Acceptance{Remaining: j.remaining, Outcome: j.outcome()}
	switch {
	case ended:
	case d.action == actionReject:
		a.Outcome.Kind, a.Outcome.Failure = contact.Refused, contact.Rejected
		a.StopDetail = fieldAdvice(j.withEmail, c.o.jobEmailAs)
		return a
	case d.action == actionLost:
		a.Outcome.Kind, a.Outcome.Failure = contact.Lost, contact.Exhausted
	case d.action == actionUnusable:
		a.Outcome.Kind, a.Outcome.Failure = contact.Lost, contact.Malformed
	case d.action == actionExhausted:
		c.account.giveUp(fmt.Sprintf("%s%s was answered %s", apiKeptFailing, j.name, describe(d.status, d.message)))
	}
	a.Stop, a.StopDetail = j.stopCause(reached)
	return a
}

// decideSubmission decides about a call. complete: the transport has read all of the request.
func (j *jobCall) decideSubmission(r *reply, complete bool) submission {
	switch {
	case r.delivery == deliveryResponse:
		return decideSubmission(r.status, r.body)
	case r.status >= 200 && r.status <= 299: // a response that was cut may have the id
		if s := decideSubmission(r.status, r.body); s.action == actionAnswer {
			return s
		}
	case r.delivery == deliveryCut && !complete:
		return submission{decision: decision{action: actionRetry, message: "not all of the request was sent: " + j.c.cause(r)}}
	}
	return submission{decision: j.decideUndelivered(r)}
}

// outcome returns what a submission that was not accepted means for each contact: Released, unless it is changed.
func (j *jobCall) outcome() contact.Outcome {
	at := j.at
	if at.IsZero() {
		at = time.Now()
	}
	return contact.Outcome{
		Kind: contact.Released, At: at.UTC().Truncate(time.Millisecond), Status: j.status, Attempts: j.sent, Message: j.message,
	}
}

// Poll asks for the results of a job, and asks again if that may help. reserve and the contexts are those of [Client.Submit].
// If the attempts are used up, the API does not count as down: even if the results of several jobs fail, it may answer everything else.
func (c *Client) Poll(soft, hard context.Context, job *contact.Job, reserve func() (reached string)) contact.JobPoll {
	j := c.newJobCall(soft, hard, "GET /contacts/results", c.jobs.polls, job.Contacts, reserve)
	target, err := c.resultsURL(job.ID)
	if err != nil {
		panic(err) // the base URL is valid, and the id is escaped
	}
	var results *jobResults
	j.decide = func(r *reply, a attempt) (d decision) {
		expired := !job.Expires.IsZero() && r.at.After(job.Expires)
		d, results = j.decidePoll(r, expired, a)
		return d
	}
	d, ended, reached := j.run(&jobRequest{
		template: requestTemplate(http.MethodGet, target, &c.o), limit: maxOtherResults + int64(job.Contacts)*maxBody,
	})
	p := contact.JobPoll{Status: j.status, Message: j.message, Sent: j.sent, Err: j.storage}
	switch {
	case ended:
	case d.action == actionAnswer, d.action == actionUnusable:
		p.State, p.Results = contact.PollReady, results
		return p
	case d.action == actionRunning:
		p.State, p.Retry = contact.PollRunning, j.retryAfter
		return p
	case d.action == actionExhausted:
		p.State, p.Retry = contact.PollFailed, j.retryAfter
		return p
	case d.action == actionNotFound:
		p.State = contact.PollGone
		return p
	}
	p.Stop, p.StopDetail = j.stopCause(reached)
	return p
}

// decidePoll decides about a call, and returns its results if it has any.
func (j *jobCall) decidePoll(r *reply, expired bool, a attempt) (decision, *jobResults) {
	if r.results == nil {
		if r.delivery == deliveryResponse {
			return decidePoll(r.status, r.body, false, expired, a), nil
		}
		return j.decideMissingResults(r), nil
	}
	results := newJobResults(r, &j.c.stats)
	hasContacts, body, err := results.begin()
	switch {
	case err != nil:
		r.storageErr = err
	case r.delivery == deliveryResponse, hasContacts && results.isComplete(): // however the connection ended
		r.delivery = deliveryResponse
		d := decidePoll(r.status, body, hasContacts, expired, a)
		if d.action == actionAnswer || d.action == actionUnusable {
			return d, results
		}
		_ = results.Close() // nothing in it is needed any more
		return d, nil
	}
	_ = results.Close()
	return j.decideMissingResults(r), nil
}
