package fakeapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

func TestAJobRunsIsDoneAndExpires(t *testing.T) {
	o := fakeapi.Options{Bulk: fakeapi.Bulk{JobTime: 2 * time.Second, ContactTime: 10 * time.Millisecond, Life: time.Minute}}
	inBubble(t, o, func(t *testing.T, a *api) {
		time.Sleep(300 * time.Millisecond)
		began := time.Now()
		job := a.submit(addresses(100)...)
		const life = time.Minute + 700*time.Millisecond // up to a whole second
		if want := strconv.FormatInt(began.Add(life).Unix(), 10); job.Expires != want {
			t.Errorf("expiration_date %q, expected %q", job.Expires, want)
		}
		for _, step := range []struct {
			after  time.Duration
			status int
		}{
			{0, 202}, {3*time.Second - 1, 202}, {3 * time.Second, 200}, {life - 1, 200}, {life, 404}, {time.Hour, 404},
		} {
			time.Sleep(time.Until(began.Add(step.after)))
			r := a.poll(job.ID)
			if r.status != step.status {
				t.Errorf("after %s: status %d, expected %d: %.100s", step.after, r.status, step.status, r.body)
			}
			if r.header.Get("rate_limit") == "" {
				t.Errorf("after %s: no rate_limit", step.after)
			}
			if step.status == 200 && len(r.elements(t)) != 100 {
				t.Errorf("after %s: %d elements", step.after, len(r.elements(t)))
			}
		}
		if r := a.poll("unknown"); r.status != 404 {
			t.Errorf("an unknown job: status %d", r.status)
		}
		if s := a.Stats(); s.Calls != 8 || s.Submissions != 1 || s.Polls != 7 || s.Jobs != 1 || s.JobContacts != 100 || s.Fetches != 2 || s.Statuses[202] != 2 || s.Statuses[404] != 3 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAJobsClockCanBeInjected(t *testing.T) {
	var mu sync.Mutex
	now := time.Unix(2_000_000_000, 0)
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	a := start(t, fakeapi.Options{Now: clock, RateLimit: 2, Bulk: fakeapi.Bulk{JobTime: time.Hour, Life: 2 * time.Hour}})
	job := a.submit("a@x.example")
	if job.Expires != "2000007200" {
		t.Errorf("expires at %s", job.Expires)
	}
	for i, want := range []int{202, 202, 429} {
		if r := a.poll(job.ID); r.status != want {
			t.Errorf("poll %d: status %d, expected %d", i+1, r.status, want)
		}
	}
	mu.Lock()
	now = now.Add(time.Hour)
	mu.Unlock()
	if r := a.poll(job.ID); r.status != 200 {
		t.Errorf("status %d: %s", r.status, r.body)
	}
}

// Single calls and jobs must give the same answers, so that one can resume the other.
func TestAJobGivesTheAnswersOfSingleCalls(t *testing.T) {
	o := fakeapi.Options{Big: 0.03, Odd: 0.2}
	single, bulk := start(t, o), start(t, o)
	bulk.limit = 64 << 20
	list := append(addresses(60), "ann+nothing@x.example", "ann+errorobject@x.example", "ann+size5000@x.example", "Ann+Big@X.example", "ann+chargetext@x.example", "ann+errornull@x.example")
	results := bulk.poll(bulk.submit(list...).ID)
	body, elements := results.body, results.elements(t)
	for i, address := range list {
		var want struct {
			Contact map[string]any `json:"contact"`
		}
		r := single.post(fmt.Sprintf(`{"business_email":%q}`, address))
		if err := json.Unmarshal(r.body, &want); err != nil {
			t.Fatal(err)
		}
		delete(want.Contact, "remaining_credits") // in odd answers
		if strings.Contains(address, "size") {    // of the answer, or of the element
			if got := fmt.Sprint(elements[fmt.Sprintf("id-%d", i)]); len(got) < 4500 || len(got) > 5000 {
				t.Errorf("%s: about %d bytes", address, len(got))
			}
			continue
		}
		got := elements[fmt.Sprintf("id-%d", i)]
		if fmt.Sprint(got) != fmt.Sprint(want.Contact) {
			t.Errorf("%s: %.200v, expected %.200v", address, got, want.Contact)
		}
	}
	if s, b := single.Stats(), bulk.Stats(); s.Charged != b.Charged || fmt.Sprint(s.ContactCharges) != fmt.Sprint(b.ContactCharges) || len(b.IDCharges) != int(b.Charged) {
		t.Errorf("charged %d and %d, %v and %v", s.Charged, b.Charged, s.ContactCharges, b.IDCharges)
	}
	if again := bulk.poll(bulk.submit(list...).ID); string(again.body) != string(body) {
		t.Error("the same contacts in another job differ")
	}
}

func TestChargesAreCountedByContactAndByID(t *testing.T) {
	a := start(t, fakeapi.Options{Match: 1})
	a.submit("Ann@x.example", "bob@x.example", "carl+nomatch@x.example")
	a.submit("bob@x.example", "ann@X.example")
	a.ask("bob@x.example")
	s := a.Stats()
	if got, want := fmt.Sprint(s.ContactCharges), "map[ann@x.example:2 bob@x.example:3]"; got != want {
		t.Errorf("%s, expected %s", got, want)
	}
	if got, want := fmt.Sprint(s.IDCharges), "map[id-0:2 id-1:2]"; got != want {
		t.Errorf("%s, expected %s", got, want)
	}
	if s.Contacts["carl+nomatch@x.example"] != 1 || s.Contacts["bob@x.example"] != 3 || s.Charged != 5 || s.Calls != 3 || s.JobContacts != 5 {
		t.Errorf("%+v", s)
	}
	var served fakeapi.Stats
	if err := json.Unmarshal(a.do(t.Context(), http.MethodGet, "/_stats", "", "").body, &served); err != nil || served.IDCharges["id-1"] != 2 || served.ContactCharges["ann@x.example"] != 2 {
		t.Errorf("%v: %+v", err, served)
	}
}

func TestCreditsCanRunOutDuringAJob(t *testing.T) {
	for _, missing := range []bool{false, true} {
		a := start(t, fakeapi.Options{Match: 1, Credits: 6, Bulk: fakeapi.Bulk{UnpaidMissing: missing}})
		got := a.poll(a.submit(addresses(10)...).ID).elements(t)
		for i := range 10 {
			e, listed := got[fmt.Sprintf("id-%d", i)]
			switch {
			case i < 6 && e["credit_charged"] != true, i >= 6 && listed == missing:
				t.Errorf("missing %v: contact %d: %v", missing, i, e)
			case i >= 6 && listed && (e["error"] != "You are out of credits." || e["remaining_credits"] != 0.0 || e["credit_charged"] != false):
				t.Errorf("contact %d: %v", i, e)
			}
		}
		if s := a.Stats(); s.Charged != 6 || s.CreditsLeft != 0 || len(s.IDCharges) != 6 {
			t.Errorf("%+v", s)
		}
	}
	a := start(t, fakeapi.Options{Match: 1, Credits: 2, PaymentRequired: true})
	a.submit(addresses(3)...)
	if r := a.submitBody(contactsBody("b@x.example")); r.status != http.StatusPaymentRequired {
		t.Errorf("status %d: %s", r.status, r.body)
	}
}

func TestASubmissionIsValidatedStrictly(t *testing.T) {
	const fields = `"custom_fields":{"enrich_id":"1"}`
	a := start(t, fakeapi.Options{Bulk: fakeapi.Bulk{Limit: 3}})
	ok := `{"business_email":"a@x.example",` + fields + `}`
	for body, want := range map[string]int{
		`{"contacts":[` + ok + `]}`:                                          200,
		`{"contacts":[` + ok + `,` + ok + `,` + ok + `]}`:                    200,
		`{"contacts":[` + ok + `,` + ok + `,` + ok + `,` + ok + `]}`:         400,
		`{"contacts":[{"linkedin_url":"l","metadata":{},` + fields + `}]}`:   200,
		`{"contacts":[{"linkedin_url":"l","metadata":[],` + fields + `}]}`:   400,
		`{"contacts":[{"linkedin_url":"l","tag":"x",` + fields + `}]}`:       200,
		`{"contacts":[{"email":"a@x.example",` + fields + `}]}`:              400,
		`{"contacts":[{"business_email":"a@x.example"}]}`:                    400,
		`{"contacts":[{"business_email":"a@x.example","custom_fields":[]}]}`: 400,
		`{"contacts":[{"business_email":7,` + fields + `}]}`:                 400,
		`{"contacts":[{"first_name":"A","last_name":"B",` + fields + `}]}`:   400,
		`{"contacts":[` + ok + `,7]}`:                                        400,
		`{"contacts":[` + ok + `,null]}`:                                     400,
		`{"contacts":[]}`:                                                    400,
		`{"contacts":{}}`:                                                    400,
		`{"contacts":null}`:                                                  400,
		`{}`:                                                                 400,
		`[` + ok + `]`:                                                       400,
		`{"contacts":[` + ok + `],"contacts":[` + ok + `]}`:                  400,
		`{"contacts":[` + ok + `],"other":1}`:                                400,
		`{"contacts":[` + ok + `]} x`:                                        400,
		`{"contacts":[` + ok:                                                 400,
		``:                                                                   400,
	} {
		before := a.Stats()
		r := a.submitBody(body)
		if r.status != want {
			t.Errorf("%s: status %d, expected %d: %s", body, r.status, want, r.body)
		}
		after := a.Stats()
		if accepted := after.Jobs - before.Jobs; (accepted == 1) != (want == 200) || after.Calls != before.Calls+1 {
			t.Errorf("%s: %d jobs more, %d calls more", body, accepted, after.Calls-before.Calls)
		}
		var e struct {
			Status  int    `json:"status"`
			Error   string `json:"error"`
			Message string `json:"message"`
		}
		if err := json.Unmarshal(r.body, &e); err != nil || want == 400 && (e.Status != 400 || e.Error != "Bad Request" || e.Message == "") {
			t.Errorf("%s: %v: %s", body, err, r.body)
		}
	}
}

func TestTheAddressOfAJobHasTheOrderedName(t *testing.T) {
	for field, want := range map[string][2]int{"": {400, 200}, "business_email": {400, 200}, "email": {200, 400}, "both": {200, 200}} {
		a := start(t, fakeapi.Options{Bulk: fakeapi.Bulk{Field: field}})
		for i, name := range []string{"email", "business_email"} {
			if r := a.submitBody(`{"contacts":[{"` + name + `":"a@x.example","custom_fields":{}}]}`); r.status != want[i] {
				t.Errorf("field %q: %s: status %d, expected %d", field, name, r.status, want[i])
			}
		}
	}
}

func TestASubmissionAboveTheLimitGetsItsStatus(t *testing.T) {
	a := start(t, fakeapi.Options{Bulk: fakeapi.Bulk{Limit: 2, LimitStatus: 413}})
	for n, want := range map[int]int{2: 200, 3: 413} {
		if r := a.submitBody(contactsBody(addresses(n)...)); r.status != want {
			t.Errorf("%d contacts: status %d, expected %d", n, r.status, want)
		}
	}
}

func TestABadRowRefusesTheWholeSubmission(t *testing.T) {
	a := start(t, fakeapi.Options{})
	for bad, want := range map[string]int{"bad+400@x.example": 400, "bad+422@x.example": 422, "bad+413@x.example": 413, "bad+500@x.example": 200, "bad+400x1@x.example": 400} {
		if r := a.submitBody(contactsBody("a@x.example", bad, "b@x.example")); r.status != want {
			t.Errorf("%s: status %d, expected %d", bad, r.status, want)
		}
	}
	if r := a.submitBody(contactsBody("bad+400x1@x.example")); r.status != 200 {
		t.Errorf("a row that was bad once: status %d", r.status)
	}
	if s := a.Stats(); s.Jobs != 2 {
		t.Errorf("%d jobs", s.Jobs)
	}
}

func TestJobsNeedTheKeyAndKeepTheRate(t *testing.T) {
	a := start(t, fakeapi.Options{Keys: []string{"secret"}, RateLimit: 2, RetryAfter: "9", Bulk: fakeapi.Bulk{RetryAfter: "3", JobTime: time.Hour}})
	job := a.submit("a@x.example")
	if r := a.poll(job.ID); r.status != 202 || r.header.Get("Retry-After") != "3" || r.header.Get("rate_limit") != "2" {
		t.Errorf("status %d, %v", r.status, r.header)
	}
	for _, path := range []string{"/contacts", "/contacts/results/" + job.ID + ".json"} {
		method := http.MethodGet
		if path == "/contacts" {
			method = http.MethodPost
		}
		if r := a.do(t.Context(), method, path, "Bearer wrong", contactsBody("a@x.example")); r.status != 401 {
			t.Errorf("%s: status %d", path, r.status)
		}
		if r := a.do(t.Context(), method, path, "Bearer secret", contactsBody("b@x.example")); r.status != 200 && r.status != 202 {
			t.Errorf("%s: status %d", path, r.status)
		}
		if r := a.do(t.Context(), method, path, "Bearer secret", contactsBody("b@x.example")); r.status != 429 || r.header.Get("Retry-After") != "9" {
			t.Errorf("%s: status %d", path, r.status)
		}
	}
	if r := a.ask("c@x.example"); r.status != 200 {
		t.Errorf("the limit of another endpoint applies: status %d", r.status)
	}
	if s := a.Stats(); s.Jobs != 2 || s.RateLimited != 2 || s.RefusedKeys != 2 {
		t.Errorf("%+v", s)
	}
}

// The results are at the base URL. Who follows download_url sends the key to another host.
func TestADownloadIsCounted(t *testing.T) {
	for _, o := range []fakeapi.Options{{}, {TLS: true}} {
		a := start(t, o)
		job := a.submit("a@x.example")
		u, err := url.Parse(job.Download)
		if err != nil {
			t.Fatal(err)
		}
		base, err := url.Parse(a.URL)
		if err != nil || u.Host == base.Host || u.Scheme != base.Scheme {
			t.Errorf("%s is at the API's host, %v", job.Download, err)
		}
		u.Host = base.Host // a name need not resolve here
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u.String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer secret")
		resp, err := a.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close() // it was read
		if s := a.Stats(); err != nil || resp.StatusCode == 200 || s.Downloads != 1 || s.DownloadsWithKey != 1 || s.StraysWithKey != 1 || s.Calls != 1 {
			t.Errorf("%v: status %d, %+v", err, resp.StatusCode, s)
		}
	}
}

func TestOtherPathsOfJobsAreStrays(t *testing.T) {
	a := start(t, fakeapi.Options{})
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/contacts", 405},
		{"POST", "/contacts/results/x.json", 405},
		{"GET", "/contacts/results/x", 404},
		{"GET", "/contacts/results/a/b.json", 404},
		{"GET", "/contacts/", 404},
	} {
		if r := a.do(t.Context(), c.method, c.path, "Bearer secret", ""); r.status != c.status {
			t.Errorf("%s %s: status %d, expected %d", c.method, c.path, r.status, c.status)
		}
	}
	if s := a.Stats(); s.Strays != 5 || s.StraysWithKey != 5 || s.Calls != 0 {
		t.Errorf("%+v", s)
	}
}

func TestOneHundredThousandContactsOnAnAcceleratedClock(t *testing.T) {
	o := fakeapi.Options{RateLimit: 60, Bulk: fakeapi.Bulk{JobTime: 2 * time.Second, Limit: 5000}}
	inBubble(t, o, func(t *testing.T, a *api) {
		began := time.Now()
		for n := range 20 {
			list := make([]string, 5000)
			for i := range list {
				list[i] = fmt.Sprintf("c%d-%d@x.example", n, i)
			}
			job := a.submit(list...)
			time.Sleep(2 * time.Second)
			if r := a.poll(job.ID); r.status != 200 {
				t.Fatalf("status %d", r.status)
			}
		}
		if s := a.Stats(); s.JobContacts != 100_000 || len(s.Contacts) != 100_000 || len(s.IDCharges) == 0 {
			t.Errorf("%d contacts", s.JobContacts)
		}
		if took := time.Since(began); took != 40*time.Second {
			t.Errorf("took %s of the bubble's time", took)
		}
	})
}

// The counts decide what was paid, also if submissions and polls come at once, and credits are not enough for all.
func TestTheCountOfJobsIsExact(t *testing.T) {
	const workers, each, size, credits = 8, 10, 20, 1000
	a := start(t, fakeapi.Options{Match: 1, Credits: credits})
	var all sync.WaitGroup
	var charged atomic.Int64
	for w := range workers {
		all.Go(func() {
			for i := range each {
				list := make([]string, size)
				for k := range list {
					list[k] = fmt.Sprintf("c%d-%d-%d@x.example", w, i, k%(size/2)) // each twice
				}
				job := a.submit(list...)
				for _, e := range a.poll(job.ID).elements(t) {
					if e["credit_charged"] == true {
						charged.Add(1)
					}
				}
				a.ask(fmt.Sprintf("c%d-%d-0@x.example", w, i))
			}
		})
	}
	all.Wait()
	s := a.Stats()
	sum := func(counts map[string]int64) (n int64) {
		for _, c := range counts {
			n += c
		}
		return n
	}
	if s.Charged != credits || s.CreditsLeft != 0 || sum(s.ContactCharges) != credits || sum(s.IDCharges) != charged.Load() {
		t.Errorf("%d charged, by contact %d, by id %d, in results %d", s.Charged, sum(s.ContactCharges), sum(s.IDCharges), charged.Load())
	}
	if s.Calls != 3*workers*each || s.Submissions != workers*each || s.Polls != workers*each || s.Jobs != workers*each || s.JobContacts != workers*each*size || sum(s.Contacts) != workers*each*(size+1) {
		t.Errorf("%+v", s)
	}
	if s.InFlight != 0 || s.Statuses[200] != s.Calls {
		t.Errorf("%d in flight, statuses %v", s.InFlight, s.Statuses)
	}
}
