package client

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/conc/pool"

	"enrich/client/fakeapi"
	"enrich/contact"
)

// submissionFaults are the faults that only a submission can have, and whether its job can be polled.
var submissionFaults = map[string]bool{
	"idmissing": false, "idnull": false, "idempty": false, "idobject": false, "idlong": false, "idcontrol": false,
	"idnumber": true, "idzero": true, "idslash": true, "iddots": true, "idquery": true, "idunicode": true,
	"urlmissing": true, "expirymissing": true, "expirynull": true, "expirynumber": true, "expirydate": true, "expirytext": true,
	"expirypast": true, "expiryzero": true, "expiryhuge": true,
}

// callFaults are the faults of a call that are not of the shape of a single answer.
func callFaults() map[string]expectation {
	faults := map[string]expectation{}
	for name, want := range faultTable {
		if testing.Short() && isLarge(name) {
			continue
		}
		if want.kind != contact.NoMatch && !strings.HasPrefix(name, "charge") && name != "missmissing" || name == "404" {
			switch name {
			case "match", "big", "odd", "inside", "errornull", "claims404":
			default:
				faults[name] = want
			}
		}
	}
	return faults
}

const faultJob = 5 // contacts

// Each fault of the stand-in happens to the first submission. Its count decides: a job that the client does not know was lost, and
// never sent again.
func TestFaultsOfASubmission(t *testing.T) {
	runs := pool.New().WithMaxGoroutines(16)
	for _, h2 := range []bool{false, true} {
		for name := range callFaults() {
			if name != "nothttp" || !h2 {
				runs.Go(func() { checkSubmissionFault(t, name, h2) })
			}
		}
		for name, known := range submissionFaults {
			runs.Go(func() {
				if a := checkSubmissionFault(t, name, h2); (a.Outcome.Kind == 0) != known {
					t.Errorf("%s: %+v", name, a)
				}
			})
		}
	}
	runs.Wait()
}

func checkSubmissionFault(t *testing.T, name string, h2 bool) contact.Acceptance {
	api, o := startFakeAPI(t, fakeapi.Options{TLS: h2, Bulk: fakeapi.Bulk{SubmitFaults: []fakeapi.Fault{{Kinds: []string{name}, First: 1}}}})
	o.MaxElapsed, o.Timeout = 20*time.Second, time.Minute
	if faultTable[name].timesOut {
		o.Timeout = 2 * time.Second
	}
	c, err := New(o)
	if err != nil {
		t.Error(err)
		return contact.Acceptance{}
	}
	defer c.Close()
	contacts := testContacts(faultJob)
	a := c.Submit(t.Context(), t.Context(), contacts, nil)
	s := api.Stats()
	if s.Jobs > 1 {
		t.Errorf("%s: %d jobs for one", name, s.Jobs)
	}
	switch known := a.Outcome.Kind == 0; {
	case known && s.Jobs != 1, a.Outcome.Kind == contact.Refused && s.Jobs != 0, a.Outcome.Kind == contact.Released && s.Jobs != 0:
		t.Errorf("%s: %d jobs, ended as %v", name, s.Jobs, a.Outcome.Kind)
	case known:
		checkResults(t, c, name, &a, contacts)
	case a.Outcome.Kind == contact.Lost && a.Stop != "":
		t.Errorf("%s: a lost submission stops the run: %q", name, a.Stop)
	}
	if want := faultTable[name].stop; a.Stop != want && want != "" {
		t.Errorf("%s: stop %q, expected %q", name, a.Stop, want)
	}
	checkJobCounts(t, c, name, api)
	if text := fmt.Sprintf("%+v", a); strings.Contains(text, escapedKey.secret) {
		t.Errorf("%s shows the key: %s", name, text)
	}
	return a
}

func checkResults(t *testing.T, c *Client, name string, a *contact.Acceptance, contacts []*contact.Question) {
	p := c.Poll(t.Context(), t.Context(), &contact.Job{ID: a.ID, Contacts: len(contacts), Expires: a.Expires}, nil)
	if p.State != contact.PollReady {
		t.Errorf("%s: %+v", name, p)
		return
	}
	defer func() { _ = p.Results.Close() }()
	all, err := readAll(p.Results)
	if err != nil || len(all) != len(contacts) {
		t.Errorf("%s: %d results, %v", name, len(all), err)
		return
	}
	for i := range all {
		if all[i].Key != contacts[i].Keys.Request || all[i].Outcome.Kind != contact.Matched || !all[i].Outcome.Charged {
			t.Errorf("%s: result %d is %+v", name, i, all[i])
		}
	}
}

// checkJobCounts: nothing else was asked, and what was sent was counted.
func checkJobCounts(t *testing.T, c *Client, name string, api *fakeapi.Server) {
	s := api.Stats()
	if s.Strays+s.Redirected+s.Downloads+s.RedirectedWithKey+s.DownloadsWithKey != 0 {
		t.Errorf("%s: %+v", name, s)
	}
	// A request on a connection that the server is closing may not arrive.
	if sent := c.Stats().Sent; sent < s.Calls || s.Unread == 0 && !faultTable[name].races && sent != s.Calls {
		t.Errorf("%s: %d requests arrived, %d were counted", name, s.Calls, sent)
	}
}

// A poll is never charged: after a fault that passes the results come, and nothing else does harm.
func TestFaultsOfAPoll(t *testing.T) {
	runs := pool.New().WithMaxGoroutines(16)
	for _, h2 := range []bool{false, true} {
		for name, want := range callFaults() {
			if name != "nothttp" || !h2 {
				runs.Go(func() { checkPollFault(t, name, want, h2) })
			}
		}
	}
	runs.Wait()
}

func checkPollFault(t *testing.T, name string, want expectation, h2 bool) {
	api, o := startFakeAPI(t, fakeapi.Options{TLS: h2, Bulk: fakeapi.Bulk{PollFaults: []fakeapi.Fault{{Kinds: []string{name}, First: 1}}}})
	o.MaxElapsed, o.Timeout = 20*time.Second, time.Minute
	if want.timesOut {
		o.Timeout = 2 * time.Second
	}
	c, err := New(o)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	contacts := testContacts(faultJob)
	a := c.Submit(t.Context(), t.Context(), contacts, nil)
	p := c.Poll(t.Context(), t.Context(), &contact.Job{ID: a.ID, Contacts: faultJob}, nil)
	if p.State == contact.PollRunning { // 202
		p = c.Poll(t.Context(), t.Context(), &contact.Job{ID: a.ID, Contacts: faultJob}, nil)
	}
	defer checkJobCounts(t, c, name, api)
	if p.Stop != want.stop || (p.State == contact.PollReady) != (want.stop == "") {
		t.Errorf("%s: state %v, stop %q (%s), expected %q", name, p.State, p.Stop, p.StopDetail, want.stop)
		return
	}
	if p.State != contact.PollReady {
		return
	}
	defer func() { _ = p.Results.Close() }()
	all, err := readAll(p.Results)
	readable := want != unusable && !strings.HasPrefix(name, "nocredits")
	if readable && (err != nil || len(all) != faultJob) || !readable && !errors.Is(err, contact.ErrResults) {
		t.Errorf("%s: %d results, %v", name, len(all), err)
	}
	if raw, err := io.ReadAll(io.LimitReader(p.Results.Raw(), 1<<20)); err != nil || strings.Contains(string(raw), escapedKey.secret) {
		t.Errorf("%s: raw shows the key, or %v", name, err)
	}
}

// What is wrong in the results themselves: whether they can be read, how many elements have an id, and how many of these are of the
// job.
func TestFaultsOfResults(t *testing.T) {
	for _, kind := range fakeapi.JobKinds() {
		want, listed := resultFaults[kind.Name]
		if !listed {
			t.Errorf("%s is not in the table", kind.Name)
			continue
		}
		t.Run(kind.Name, func(t *testing.T) {
			api, o := startFakeAPI(t, fakeapi.Options{Credits: 1000, Bulk: fakeapi.Bulk{JobFaults: []fakeapi.Fault{{Kinds: []string{kind.Name}}}}})
			o.MaxElapsed = time.Second
			c, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			contacts := testContacts(6)
			known := map[contact.Key]bool{}
			for _, q := range contacts {
				known[q.Keys.Request] = true
			}
			a := c.Submit(t.Context(), t.Context(), contacts, nil)
			p := pollJob(t, c, &contact.Job{ID: a.ID, Contacts: len(contacts)})
			if p.State != want.state {
				t.Fatalf("%+v", p)
			}
			if p.State == contact.PollReady {
				checkElements(t, p.Results, known, want)
			}
			checkJobCounts(t, c, kind.Name, api)
		})
	}
}

type resultFault struct {
	state                      contact.PollState
	unreadable                 bool
	elements, identified, ours int
	released, noMatch          int
	outOfCredits               bool
}

func checkElements(t *testing.T, results contact.JobResults, known map[contact.Key]bool, want resultFault) {
	t.Helper()
	got := resultFault{state: contact.PollReady}
	for range 2 {
		got = resultFault{state: contact.PollReady}
		all, err := readAll(results)
		if got.unreadable = errors.Is(err, contact.ErrResults); err != nil && !got.unreadable {
			t.Fatal(err)
		}
		for i := range all {
			r := &all[i]
			got.elements++
			if r.Identified {
				got.identified++
			}
			if known[r.Key] {
				got.ours++
			}
			switch r.Outcome.Kind {
			case contact.Released:
				got.released++
			case contact.NoMatch:
				got.noMatch++
			}
			got.outOfCredits = got.outOfCredits || r.OutOfCredits
		}
		_ = results.Rewind()
	}
	if got != want {
		t.Errorf("%+v, expected %+v", got, want)
	}
}

// resultFaults is what the client promises for the results of six contacts that are all found.
var resultFaults = func() map[string]resultFault {
	all := resultFault{state: contact.PollReady, elements: 6, identified: 6, ours: 6}
	noID := resultFault{state: contact.PollReady, elements: 6}
	some := resultFault{state: contact.PollReady, elements: 6, identified: 4, ours: 4}
	unreadable := resultFault{state: contact.PollReady, unreadable: true}
	none := resultFault{state: contact.PollReady}
	return map[string]resultFault{
		"shuffle": all, "missnomatch": all, "missmatch": none, "missall": none, "once": all, "fieldsmore": all, "upperids": all,
		"misssome":  {state: contact.PollReady, elements: 4, identified: 4, ours: 4},
		"duplicate": {state: contact.PollReady, elements: 12, identified: 12, ours: 12, noMatch: 6},
		"foreign":   {state: contact.PollReady, elements: 8, identified: 8, ours: 6},
		"truncated": {state: contact.PollReady, unreadable: true, elements: 3, identified: 3, ours: 3},
		"nofields":  noID, "fieldsnull": noID, "fieldsempty": noID, "fieldsnumber": noID, "fieldstext": noID, "fieldsarray": noID,
		"numberids": noID, "nullids": noID, "elementstext": noID, "elementsnumber": noID, "elementsnull": noID, "elementslist": noID,
		"elementswrapped": noID, "nofieldssome": some, "elementssome": some,
		"otherids":       {state: contact.PollReady, elements: 6, identified: 6},
		"contactsobject": unreadable, "contactsnull": unreadable, "contactstext": unreadable, "contactsnumber": unreadable,
		"contactsmissing": unreadable, "contactslist": unreadable, "contactstwice": all,
		"remaining": all, "remainingfirst": all, "remaininginside": all,
		"unpaid":        {state: contact.PollReady, elements: 6, identified: 6, ours: 6, released: 3, outOfCredits: true},
		"unpaidmissing": {state: contact.PollReady, elements: 3, identified: 3, ours: 3},
		"unpaidtop":     {state: contact.PollReady, elements: 3, identified: 3, ours: 3, outOfCredits: true},
		"late":          {state: contact.PollRunning}, "endless": {state: contact.PollRunning}, "gone": {state: contact.PollGone},
	}
}()
