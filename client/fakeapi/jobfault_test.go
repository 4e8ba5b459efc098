package fakeapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

func ordered(kinds ...string) []fakeapi.Fault { return []fakeapi.Fault{{Kinds: kinds}} }

// isShape reports the kinds that only POST /contact has.
func isShape(tag string) bool {
	return strings.HasPrefix(tag, "charge") || tag == "missmissing"
}

// The faults of a call mean the same for a submission: if a client may believe that it was charged, the job was accepted.
func TestEachFaultOfACallAppliesToASubmission(t *testing.T) {
	for tag, want := range faults() {
		if isShape(tag) {
			continue
		}
		a := start(t, fakeapi.Options{Match: 1, Bulk: fakeapi.Bulk{SubmitFaults: ordered(tag)}})
		check(t, tag, a.submitBody(contactsBody(addresses(3)...)), want)
		s := a.Stats()
		if accepted := s.Jobs == 1 && s.Charged == 3 && len(s.IDCharges) == 3; accepted != want.charged || !accepted && s.Jobs+s.Charged != 0 {
			t.Errorf("%s: %d jobs, %d charged, expected %v", tag, s.Jobs, s.Charged, want.charged)
		}
		if s.Calls != 1 || s.Submissions != 1 || s.Faults[tag] != 1 {
			t.Errorf("%s: %+v", tag, s)
		}
	}
}

// A poll is never charged, and the job is as it was afterwards.
func TestEachFaultOfACallAppliesToAPoll(t *testing.T) {
	for _, at := range []string{"poll", "job"} {
		for tag, want := range faults() {
			if isShape(tag) {
				continue
			}
			o := fakeapi.Options{Match: 1, Bulk: fakeapi.Bulk{PollFaults: ordered(tag + "x1")}}
			if at == "job" {
				o.Bulk.PollFaults, o.Bulk.JobFaults = nil, ordered(tag+"x1")
			}
			a := start(t, o)
			job := a.submit(addresses(3)...)
			a.client.CloseIdleConnections() // a GET is sent again if a connection breaks that was used before
			check(t, at+" "+tag, a.poll(job.ID), want)
			if s := a.Stats(); s.Charged != 3 || s.Jobs != 1 || s.Polls != 1 || s.Faults[tag] != 1 {
				t.Errorf("%s: %s: %+v", at, tag, s)
			}
			a.client.CloseIdleConnections()
			if got := a.poll(job.ID).elements(t); len(got) != 3 {
				t.Errorf("%s: %s: then %d elements", at, tag, len(got))
			}
		}
	}
}

// While a job runs, a fault of its results waits.
func TestAFaultOfAJobAppliesWhenItIsDone(t *testing.T) {
	o := fakeapi.Options{Match: 1, Bulk: fakeapi.Bulk{JobTime: time.Minute, JobFaults: ordered("500x1")}}
	inBubble(t, o, func(t *testing.T, a *api) {
		job := a.submit("a@x.example")
		for i, want := range []int{202, 202, 500, 200} {
			if i == 2 {
				time.Sleep(time.Minute)
			}
			if r := a.poll(job.ID); r.status != want {
				t.Errorf("poll %d: status %d, expected %d", i+1, r.status, want)
			}
		}
	})
}

func TestFaultsApplyToTheSubmissionsPollsAndJobsTheyName(t *testing.T) {
	o := fakeapi.Options{Bulk: fakeapi.Bulk{
		SubmitFaults: []fakeapi.Fault{{Kinds: []string{"503"}, After: 1, First: 1}},
		PollFaults:   []fakeapi.Fault{{Kinds: []string{"502"}, Every: 4}},
		JobFaults:    []fakeapi.Fault{{Kinds: []string{"404"}, After: 1}},
	}}
	a := start(t, o)
	first := a.submit("a@x.example")
	if r := a.submitBody(contactsBody("b@x.example")); r.status != 503 {
		t.Errorf("second submission: status %d", r.status)
	}
	second := a.submit("b@x.example")
	for i, c := range []struct {
		id     string
		status int
	}{{first.ID, 200}, {second.ID, 404}, {first.ID, 200}, {first.ID, 502}, {second.ID, 404}} {
		if r := a.poll(c.id); r.status != c.status {
			t.Errorf("poll %d: status %d, expected %d", i+1, r.status, c.status)
		}
	}
	counted := start(t, fakeapi.Options{Bulk: fakeapi.Bulk{SubmitFaults: ordered("503x2"), PollFaults: ordered("404x1")}})
	for i, want := range []int{503, 503, 200} {
		if r := counted.submitBody(contactsBody("a@x.example")); r.status != want {
			t.Errorf("submission %d: status %d, expected %d", i+1, r.status, want)
		}
	}
	for range 2 {
		job := counted.submit("a@x.example")
		for i, want := range []int{404, 200} {
			if r := counted.poll(job.ID); r.status != want {
				t.Errorf("poll %d of a job: status %d, expected %d", i+1, r.status, want)
			}
		}
	}
}

// A spelled is how an answer to a submission differs.
func spelled() map[string]func(member map[string]any) bool {
	id := func(is func(id string) bool) func(map[string]any) bool {
		return func(m map[string]any) bool {
			text, ok := m["job_id"].(string)
			return ok && is(text)
		}
	}
	member := func(name string, is func(value any) bool) func(map[string]any) bool {
		return func(m map[string]any) bool {
			value, there := m[name]
			return there && is(value)
		}
	}
	missing := func(name string) func(map[string]any) bool {
		return func(m map[string]any) bool { _, there := m[name]; return !there && len(m) == 2 }
	}
	null := func(value any) bool { return value == nil }
	number := func(value any) bool { _, ok := value.(json.Number); return ok }
	text := func(want string) func(any) bool { return func(value any) bool { return value == want } }
	return map[string]func(map[string]any) bool{
		"idmissing": missing("job_id"), "idnull": member("job_id", null), "idempty": member("job_id", text("")),
		"idobject": member("job_id", func(value any) bool { _, ok := value.(map[string]any); return ok }),
		"idnumber": member("job_id", number), "idzero": member("job_id", func(value any) bool { return value == json.Number("0") }),
		"idlong":    id(func(id string) bool { return len(id) == 300 }),
		"idslash":   id(func(id string) bool { return strings.Count(id, "/") > 2 && strings.Contains(id, "/../") }),
		"iddots":    id(func(id string) bool { return id == ".." }),
		"idcontrol": id(func(id string) bool { return strings.Contains(id, "\r\n\x00\x1b") }),
		"idquery": id(func(id string) bool {
			return strings.ContainsAny(id, "?") && strings.ContainsAny(id, "#") && strings.Contains(id, "%2F")
		}),
		"idunicode": id(func(id string) bool { return strings.Contains(id, "龙") }), "urlmissing": missing("download_url"),
		"expirymissing": missing("expiration_date"), "expirynull": member("expiration_date", null), "expirynumber": member("expiration_date", number),
		"expirydate": member("expiration_date", func(value any) bool {
			_, err := time.Parse(time.RFC3339, fmt.Sprint(value))
			return err == nil
		}),
		"expirytext": member("expiration_date", text("in a week")), "expirypast": member("expiration_date", text("1")),
		"expiryzero": member("expiration_date", text("0")), "expiryhuge": member("expiration_date", text("99999999999999999999")),
	}
}

func TestASubmissionIsAnsweredAsItIsSpelled(t *testing.T) {
	for name, is := range spelled() {
		a := start(t, fakeapi.Options{Match: 1, Bulk: fakeapi.Bulk{SubmitFaults: ordered(name)}})
		r := a.submitBody(contactsBody(addresses(2)...))
		members := map[string]any{}
		d := json.NewDecoder(bytes.NewReader(r.body))
		d.UseNumber()
		if err := d.Decode(&members); err != nil || r.status != 200 || !is(members) {
			t.Errorf("%s: %v: status %d: %s", name, err, r.status, r.body)
		}
		if s := a.Stats(); s.Jobs != 1 || s.Charged != 2 {
			t.Errorf("%s: %d jobs, %d charged", name, s.Jobs, s.Charged)
		}
		switch name {
		case "idmissing", "idnull", "idempty", "idobject":
		default: // a client that escapes it gets the results
			if got := a.poll(fmt.Sprint(members["job_id"])).elements(t); len(got) != 2 {
				t.Errorf("%s: %d elements", name, len(got))
			}
		}
	}
	for _, k := range append(fakeapi.SubmitKinds(), fakeapi.JobKinds()...) {
		_, tested := spelled()[k.Name]
		if isSpelling := strings.HasPrefix(k.Name, "id") || strings.HasPrefix(k.Name, "expiry"); isSpelling && !tested {
			t.Errorf("%s is not tested", k.Name)
		}
	}
}

func TestAJobCanBeLateEndlessGoneOrReadOnce(t *testing.T) {
	for kind, want := range map[string][]int{
		"late5s": {202, 202, 200, 200}, "late5sx1": {202, 200, 200, 200}, "endless": {202, 202, 202, 202}, "endlessx3": {202, 202, 202, 200},
		"gone": {404, 404, 404, 404}, "gonex1": {404, 200, 200, 200}, "once": {200, 404, 404, 404},
	} {
		inBubble(t, fakeapi.Options{Bulk: fakeapi.Bulk{JobFaults: ordered(kind), RetryAfter: "2"}}, func(t *testing.T, a *api) {
			job := a.submit("a@x.example")
			for i, status := range want {
				r := a.poll(job.ID)
				if r.status != status || (r.status == 202) != (r.header.Get("Retry-After") == "2") {
					t.Errorf("%s: poll %d: status %d, expected %d, %v", kind, i+1, r.status, status, r.header)
				}
				time.Sleep(2500 * time.Millisecond)
			}
		})
	}
}

func TestAJobOfLargeAnswersIsStreamed(t *testing.T) {
	a := start(t, fakeapi.Options{Match: 1, Bulk: fakeapi.Bulk{JobFaults: ordered("size1000000")}})
	a.limit = math.MaxInt64
	first := a.poll(a.submit(addresses(20)...).ID)
	if got := first.elements(t); len(got) != 20 || len(first.body) < 20_000_000 || len(first.body) > 20_010_000 || first.header.Get("Content-Length") != "" {
		t.Errorf("%d elements in %d bytes", len(got), len(first.body))
	}
}

// The results that a client reads twice, because the first time broke, are the same.
func TestResultsAreTheSameEachTime(t *testing.T) {
	for _, kind := range []string{"", "shuffle", "foreign", "otherids", "misssome", "remaining", "unpaid", "size2000"} {
		o := fakeapi.Options{Match: 1, Credits: 100}
		if kind != "" {
			o.Bulk.JobFaults = ordered(kind)
		}
		a := start(t, o)
		job := a.submit(addresses(50)...)
		first := a.poll(job.ID)
		if kind == "remaining" && !strings.HasSuffix(string(first.body), `],"remaining_credits":50}`) {
			t.Errorf("%s: ends with %s", kind, first.body[len(first.body)-40:])
		}
		a.submit("other@x.example")
		if again := a.poll(job.ID); first.status != 200 || string(again.body) != string(first.body) {
			t.Errorf("%s: status %d, or another body", kind, first.status)
		}
	}
}

func TestTheCreditsOfAJobCanRunOutByOrder(t *testing.T) {
	for kind, listed := range map[string]int{"unpaid": 10, "unpaidmissing": 5, "unpaidtop": 5} {
		a := start(t, fakeapi.Options{Match: 1, Bulk: fakeapi.Bulk{JobFaults: []fakeapi.Fault{{Kinds: []string{kind}, First: 1}}}})
		r := a.poll(a.submit(addresses(10)...).ID)
		charged := 0
		for _, e := range r.elements(t) {
			if e["credit_charged"] == true {
				charged++
			} else if e["remaining_credits"] != 0.0 {
				t.Errorf("%s: %v", kind, e)
			}
		}
		if got := len(r.elements(t)); got != listed || charged != 5 || a.Stats().Charged != 5 || strings.Contains(string(r.body), `],"error"`) != (kind == "unpaidtop") {
			t.Errorf("%s: %d elements, %d charged: %s", kind, got, charged, r.body)
		}
		if got := a.poll(a.submit(addresses(10)...).ID).elements(t); len(got) != 10 || a.Stats().Charged != 15 {
			t.Errorf("%s: the next job: %d elements, %d charged", kind, len(got), a.Stats().Charged)
		}
	}
}

// What is ordered for a job is not part of an address, and the other way round.
func TestKindsApplyOnlyToTheirPlace(t *testing.T) {
	a := start(t, fakeapi.Options{Match: 1})
	if r := a.ask("ann+shuffle+idzero+gone+endless@x.example"); r.status != 200 {
		t.Errorf("status %d", r.status)
	}
	if s := a.Stats(); len(s.Faults) != 0 {
		t.Errorf("%v", s.Faults)
	}
	for _, b := range []fakeapi.Bulk{
		{SubmitFaults: ordered("shuffle")},
		{SubmitFaults: ordered("nomatch")},
		{PollFaults: ordered("idzero")},
		{PollFaults: ordered("gone")},
		{JobFaults: ordered("iddots")},
		{JobFaults: ordered("odd")},
		{Limit: -1},
		{Limit: fakeapi.MaxJobContacts + 1},
		{LimitStatus: 200},
		{LimitStatus: 600},
		{JobTime: -1},
		{ContactTime: -1},
		{Life: -1},
		{Field: "mail"},
	} {
		server, err := fakeapi.Listen(t.Context(), "127.0.0.1:0", fakeapi.Options{Bulk: b})
		if err == nil {
			server.Close()
			t.Errorf("%+v is accepted", b)
		}
	}
}

// In a bubble there is no connection, but its faults break an answer off all the same.
func TestFaultsOfAConnectionInABubble(t *testing.T) {
	for _, kind := range []string{"reset", "close", "nothttp", "truncate", "cut", "hang", "stall"} {
		o := fakeapi.Options{Match: 1, Bulk: fakeapi.Bulk{SubmitFaults: ordered(kind + "x1"), JobFaults: ordered(kind + "x1")}}
		inBubble(t, o, func(t *testing.T, a *api) {
			if r := a.submitBody(contactsBody("a@x.example")); r.err == nil {
				t.Errorf("%s: submission: status %d", kind, r.status)
			}
			job := a.submit("b@x.example")
			if r := a.poll(job.ID); r.err == nil {
				t.Errorf("%s: poll: status %d", kind, r.status)
			}
			if r := a.poll(job.ID); len(r.elements(t)) != 1 || a.Stats().Jobs != 2 {
				t.Errorf("%s: then status %d, %d jobs", kind, r.status, a.Stats().Jobs)
			}
		})
	}
	served := start(t, fakeapi.Options{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, served.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := served.RoundTrip(req); err == nil {
		_ = resp.Body.Close() // it is not expected
		t.Error("a server of a network is a transport")
	}
}

func TestFaultsCanBeEnded(t *testing.T) {
	a := start(t, fakeapi.Options{
		Match: 1, Faults: ordered("500"),
		Bulk: fakeapi.Bulk{SubmitFaults: []fakeapi.Fault{{Kinds: []string{"503"}, After: 1}}, PollFaults: []fakeapi.Fault{{Kinds: []string{"502"}, First: 1}}, JobFaults: ordered("unpaid")},
	})
	job := a.submit(addresses(2)...)
	if got := []int{a.ask("ann+400x1@x.example").status, a.ask("b@x.example").status, a.submitBody(contactsBody("b@x.example")).status, a.poll(job.ID).status}; fmt.Sprint(got) != "[400 500 503 502]" {
		t.Errorf("statuses %v", got)
	}
	a.EndFaults()
	if got := []int{a.ask("carl+400x1@x.example").status, a.ask("b@x.example").status, a.submitBody(contactsBody("b@x.example")).status}; fmt.Sprint(got) != "[400 200 200]" {
		t.Errorf("then statuses %v", got)
	}
	if e := a.poll(job.ID).elements(t)["id-1"]; e["error"] == nil {
		t.Errorf("what was left unpaid is %v", e)
	}
	if e := a.poll(a.submit(addresses(2)...).ID).elements(t)["id-1"]; e["credit_charged"] != true {
		t.Errorf("the next job: %v", e)
	}
}
