package client

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/conc/pool"

	"enrich/contact"
)

// sendResults sends results with a status of 200.
func sendResults(body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

// Single and bulk answers are the same to the ledger.
func TestAResultIsTheSingleAnswer(t *testing.T) {
	contacts := testContacts(1)
	for _, members := range []string{
		`"credit_charged":true,"first_name":"Ann"`,
		`"credit_charged":false,"error":"not found"`,
		`"credit_charged":1,"company":{"name":"X","tags":[1, 2 ,{"a" : null}]},"n":1.50e+10`,
		`"first_name":"Ann"`,
		`"credit_charged":null`,
		`"error":{"message":"no"},"credit_charged":"false"`,
		`"credit_charged":false,"credit_charged":true`,
		` "first_name" : "\u00e9\/\ud83d\ude00" , "x" : [ ] `,
		"\"first_name\":\"a\tb\\\\\nc\"",
		"\"first_name\":\"caf\xe9\xe9!\"",
		`"email":"` + escapedKey.secret + `@x.com"`,
		`"contact":{"a":1},"status":401,"remaining_credits":7`,
		`"a":{"custom_fields":{"enrich_id":"x"}}`,
	} {
		s := newJobServer(t)
		s.poll = sendResults(`{"contacts":[` + element(contacts[0], members) + `]}`)
		client := s.client(t)
		all, err := readAll(pollJob(t, client, s.job()).Results)
		if err != nil || len(all) != 1 || !all[0].Identified || all[0].Key != contacts[0].Keys.Request {
			t.Fatalf("%s: %v, %v", members, all, err)
		}
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"contact":{`+members+`}}`) })
		q := *contacts[0]
		client.Queue(&q)
		r, _ := client.Ask(t.Context(), t.Context(), &q)
		single, bulk := r.Outcome, all[0].Outcome
		single.Contact, single.Keys, single.At, bulk.At = contact.Contact{}, contact.Keys{}, time.Time{}, time.Time{}
		if fmt.Sprintf("%+v", single) != fmt.Sprintf("%+v", bulk) {
			t.Errorf("%s:\nsingle %+v %s\nbulk   %+v %s", members, single, single.Body, bulk, bulk.Body)
		}
	}
}

// custom_fields are not a part of the answer, wherever they are and however often.
func TestCustomFieldsAreRemoved(t *testing.T) {
	id := fmt.Sprintf("%x", testContacts(1)[0].Keys.Request)
	for body, want := range map[string]string{
		`{"a":1,"custom_fields":{"enrich_id":"` + id + `"}}`:                                `{"contact":{"a":1}}`,
		`{"custom_fields":{"x":{},"enrich_id":"` + id + `"} , "a" : 1}`:                     `{"contact":{"a":1}}`,
		`{"custom_fields":null,"a":1,"custom_fields":{"enrich_id":"` + id + `"}}`:           `{"contact":{"a":1}}`,
		`{"custom\u005ffields":{"\u0065nrich_id":"` + id + `"},"a":1}`:                      `{"contact":{"a":1}}`,
		`{"custom_fields":{"enrich_id":"no","enrich_id":"` + strings.ToUpper(id) + `"}}`:    `{"contact":{}}`,
		`{"Custom_Fields":{"enrich_id":"x"},"custom_fields":{"enrich_id":"` + id + `"}}`:    `{"contact":{"Custom_Fields":{"enrich_id":"x"}}}`,
		`{"b":"custom_fields","custom_fields":{"enrich_id":"` + id + `"},"c":["]}"],"d":0}`: `{"contact":{"b":"custom_fields","c":["]}"],"d":0}}`,
	} {
		s := newJobServer(t)
		s.poll = sendResults(`{"contacts":[` + body + `]}`)
		all, err := readAll(pollJob(t, s.client(t), s.job()).Results)
		if err != nil || len(all) != 1 || !all[0].Identified || string(all[0].Outcome.Body) != want || string(all[0].Raw) != body {
			t.Errorf("%s: %+v, %v", body, all, err)
		}
	}
}

func TestWhatIsNotAnIDIsNone(t *testing.T) {
	id := fmt.Sprintf("%x", testContacts(1)[0].Keys.Request)
	for _, custom := range []string{
		`null`, `true`, `5`, `"` + id + `"`, `[]`, `{}`, `[{"enrich_id":"` + id + `"}]`, `{"enrich_id":null}`, `{"enrich_id":7}`,
		`{"enrich_id":"` + id + `0"}`, `{"enrich_id":"` + id[1:] + `"}`, `{"enrich_id":"` + id[1:] + `g"}`, `{"enrich_id":""}`, `{"enrich_id":["` + id + `"]}`,
		`{"Enrich_ID":"` + id + `"}`, `{"x":{"enrich_id":"` + id + `"}}`, `{"enrich_id":" ` + id + `"}`, `{"enrich_id":"` + id[2:] + `\u0030"}`,
	} {
		s := newJobServer(t)
		s.poll = sendResults(`{"contacts":[{"credit_charged":true,"custom_fields":` + custom + `},5,{"credit_charged":true}]}`)
		all, err := readAll(pollJob(t, s.client(t), s.job()).Results)
		if err != nil || len(all) != 3 {
			t.Fatalf("%s: %d, %v", custom, len(all), err)
		}
		for i, r := range all {
			if r.Identified || r.Key != (contact.Key{}) || len(r.Raw) == 0 || (i == 1) != (r.Outcome.Kind == 0) {
				t.Errorf("%s: element %d is %+v", custom, i, r)
			}
		}
	}
}

// What is not {"contacts": [ … ]} cannot be read, but all of it is there to be kept. Nothing that came before the fault is silently
// taken for all.
func TestResultsThatCannotBeRead(t *testing.T) {
	one := element(testContacts(1)[0], `"credit_charged":true`)
	for name, c := range map[string]struct {
		body, says string
		elements   int
	}{
		"empty":             {"", "cut off", 0},
		"HTML":              {"<html>sign in</html>", "not an object", 0},
		"null":              {"null", "not an object", 0},
		"list":              {"[" + one + "]", "not an object", 0},
		"no contacts":       {`{"contact":[` + one + `]}`, "contacts is missing", 0},
		"null contacts":     {`{"contacts":null}`, "not a list", 0},
		"object":            {`{"contacts":{"0":` + one + `}}`, "not a list", 0},
		"string":            {`{"contacts":"[]"}`, "not a list", 0},
		"null after a list": {`{"contacts":[` + one + `],"contacts":null}`, "not a list", 1},
		"two objects":       {`{"contacts":[` + one + `]}{}`, "after the end", 1},
		"trailing":          {`{"contacts":[` + one + `]} x`, "after the end", 1},
		"trailing comma":    {`{"contacts":[` + one + `,]}`, "not valid JSON", 1},
		"no comma":          {`{"contacts":[` + one + one + `]}`, "not valid JSON", 1},
		"comma in front":    {`{"contacts":[,` + one + `]}`, "not valid JSON", 0},
		"bad member":        {`{"contacts":[` + one + `],5:1}`, "not valid JSON", 1},
		"no colon":          {`{"contacts" [` + one + `]}`, "not valid JSON", 0},
		"bad number":        {`{"contacts":[` + one + `,01]}`, "not valid JSON", 2},
		"bad literal":       {`{"contacts":[nul]}`, "not valid JSON", 0},
		"unquoted":          {`{contacts:[]}`, "not valid JSON", 0},
		"too deep":          {`{"contacts":[` + strings.Repeat("[", 9999) + strings.Repeat("]", 9999) + `]}`, "too deep", 0},
		"too deep besides":  {`{"contacts":[],"x":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `}`, "too deep", 0},
		"too large":         {`{"contacts":[` + one + `,"` + strings.Repeat("x", 1<<20-1) + `"]}`, "too large", 1},
		"too large besides": {`{"x":"` + strings.Repeat("x", 1<<20-1) + `","contacts":[]}`, "too large", 0},
		"zero bytes inside": {`{"contacts":[` + one + "]\x00}", "not valid JSON", 1},
	} {
		s := newJobServer(t)
		s.poll = sendResults(c.body)
		p := pollJob(t, s.client(t), s.job())
		if p.State != contact.PollReady || p.Stop != "" || p.Err != nil {
			t.Fatalf("%s: %+v", name, p)
		}
		for range 2 {
			all, err := readAll(p.Results)
			if !errors.Is(err, contact.ErrResults) || !strings.Contains(err.Error(), c.says) || len(all) != c.elements {
				t.Errorf("%s: %d elements, %v; expected %q", name, len(all), err, c.says)
			}
			if _, again := p.Results.Next(); !errors.Is(again, contact.ErrResults) {
				t.Errorf("%s: after the error: %v", name, again)
			}
			if raw, err := io.ReadAll(p.Results.Raw()); err != nil || string(raw) != c.body {
				t.Errorf("%s: raw is %.100q, %v", name, raw, err)
			}
			if err := p.Results.Rewind(); err != nil {
				t.Fatal(err)
			}
		}
		if s.polls.Load() != 1 {
			t.Errorf("%s: %d requests", name, s.polls.Load())
		}
	}
}

func TestResultsThatCanBeRead(t *testing.T) {
	one := element(testContacts(1)[0], `"credit_charged":true`)
	large := `{"x":"` + strings.Repeat("x", 1<<20-8) + `"}`
	for name, c := range map[string]struct {
		body     string
		elements int
	}{
		"no elements":         {`{"contacts":[]}`, 0},
		"white space":         {" \n{ \"a\" : 1 , \"contacts\" : [ " + one + " ,\r\n" + one + " ] , \"b\":[{}] } \t\n", 2},
		"BOM":                 {"\xef\xbb\xbf" + `{"contacts":[` + one + `]}`, 1},
		"two BOMs":            {"\xef\xbb\xbf\xef\xbb\xbf" + `{"contacts":[` + one + `]}`, 1},
		"zero bytes at end":   {`{"contacts":[` + one + "]}\x00\x00\x1a", 1},
		"escaped name":        {`{"\u0063ontacts":[` + one + `]}`, 1},
		"twice":               {`{"contacts":[` + one + `],"contacts":[` + one + `]}`, 2},
		"1 MiB":               {`{"contacts":[` + large + `,` + one + `,` + large + `]}`, 3},
		"control characters":  {"{\"contacts\":[" + one + ",{\"a\":\"x\ny\\\\\\\"\tz\"}," + one + "]}", 3},
		"control in a member": {"{\"x\":\"a\nb\",\"contacts\":[" + one + "]}", 1},
		"deep":                {`{"contacts":[` + strings.Repeat("[", 9998) + strings.Repeat("]", 9998) + `]}`, 1},
		"scalars":             {`{"contacts":[1,-2.5e10,"x",null,true,false,[],{}]}`, 8},
		"UTF-16":              {utf16LE(`{"contacts":[` + one + `]}`), 1},
	} {
		if name == "1 MiB" && len(large) != 1<<20 {
			t.Fatalf("%d bytes", len(large))
		}
		for _, compressed := range []bool{false, true} {
			s := newJobServer(t)
			s.poll = func(w http.ResponseWriter, _ *http.Request) {
				if !compressed {
					_, _ = io.WriteString(w, c.body)
					return
				}
				z := gzip.NewWriter(w) // without a header that says so
				_, _ = io.WriteString(z, c.body)
				_ = z.Close()
			}
			p := pollJob(t, s.client(t), s.job())
			for range 2 {
				all, err := readAll(p.Results)
				if err != nil || len(all) != c.elements {
					t.Errorf("%s: %d elements, %v", name, len(all), err)
				}
				_ = p.Results.Rewind()
			}
		}
	}
}

func utf16LE(s string) string {
	b := []byte("\xff\xfe")
	for _, c := range []byte(s) {
		b = append(b, c, 0)
	}
	return string(b)
}

// However a body is cut, what is there cannot be read, or the connection broke and it is fetched again.
func TestResultsCutAtEveryByte(t *testing.T) {
	contacts := testContacts(2)
	whole := `{"remaining_credits":5,"contacts":[` + element(contacts[0], `"a":"b\u0041"`) + `, ` + element(contacts[1], `"c":-1.5e3`) + `]}`
	runs := pool.New().WithMaxGoroutines(64) // nearly all of them wait
	for n := range len(whole) {
		runs.Go(func() {
			s := newJobServer(t)
			s.poll = sendResults(whole[:n])
			all, err := readAll(pollJob(t, s.client(t), s.job()).Results)
			if !errors.Is(err, contact.ErrResults) || len(all) > 2 {
				t.Errorf("the first %d bytes: %d elements, %v", n, len(all), err)
			}
		})
		runs.Go(func() {
			s := newJobServer(t)
			s.poll = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
				if s.polls.Load() == 1 {
					_, _ = io.WriteString(w, whole[:n])
					return
				}
				_, _ = io.WriteString(w, whole)
			}
			p := pollJob(t, s.client(t, func(o *Options) { o.MaxElapsed = time.Minute }), s.job())
			if p.State != contact.PollReady {
				t.Errorf("cut after %d bytes: %+v", n, p)
				return
			}
			if all, err := readAll(p.Results); err != nil || len(all) != 2 || p.Sent != 2 {
				t.Errorf("cut after %d bytes: %d elements, %v, %d requests", n, len(all), err, p.Sent)
			}
		})
	}
	runs.Wait()
}

// A body that is complete is enough, however the connection ended.
func TestACompleteBodyBeforeACutCounts(t *testing.T) {
	s := newJobServer(t)
	s.poll = func(w http.ResponseWriter, _ *http.Request) {
		cutAfter(`{"contacts":[`+element(testContacts(1)[0], `"a":1`)+`]}`)(w, nil)
	}
	p := pollJob(t, s.client(t), s.job())
	if all, err := readAll(p.Results); err != nil || len(all) != 1 || p.Sent != 1 {
		t.Errorf("%d elements, %v, %d requests", len(all), err, p.Sent)
	}
}

func TestCompressedResultsThatAreCutOrCorrupt(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	for i := range 2000 {
		_, _ = fmt.Fprintf(w, `{"contacts":[%d`, i*i*i)
	}
	_ = w.Close()
	corrupt := bytes.Clone(z.Bytes())
	corrupt[len(corrupt)/2] ^= 0xff
	for name, body := range map[string][]byte{"cut": z.Bytes()[:z.Len()/2], "corrupt": corrupt, "checksum": append(z.Bytes()[:z.Len()-5:z.Len()-5], 1, 2, 3, 4, 5), "header": z.Bytes()[:5]} {
		s := newJobServer(t)
		s.poll = sendResults(string(body))
		p := pollJob(t, s.client(t), s.job())
		if _, err := readAll(p.Results); !errors.Is(err, contact.ErrResults) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A small response can stand for very large results. They are bounded by what the job can have.
func TestResultsAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the 65 MiB: one goroutine reads them")
	}
	s := newJobServer(t)
	s.poll = func(w http.ResponseWriter, _ *http.Request) {
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, `{"contacts":[`)
		for block := strings.Repeat(" ", 1<<20); ; {
			if _, err := io.WriteString(z, block); err != nil {
				return
			}
		}
	}
	client := s.client(t, func(o *Options) { o.Timeout = time.Minute })
	p := pollJob(t, client, &contact.Job{ID: "a", Contacts: 1})
	if _, err := readAll(p.Results); !errors.Is(err, contact.ErrResults) || !strings.Contains(err.Error(), "larger than 65 MiB") {
		t.Error(err)
	}
}

func TestWhatResultsSayAboutCredits(t *testing.T) {
	contacts := testContacts(2)
	done, failed := element(contacts[0], `"credit_charged":true`), element(contacts[1], `"credit_charged":false,"error":"out of credits"`)
	failedWith := func(n int) string {
		return element(contacts[1], fmt.Sprintf(`"credit_charged":false,"error":"x","remaining_credits":%d`, n))
	}
	for name, c := range map[string]struct {
		body      string
		out       bool
		kind      contact.Kind // of the second
		remaining int64        // -1: unknown
	}{
		"not stated":      {`{"contacts":[` + done + `,` + failed + `]}`, false, contact.NoMatch, -1},
		"left":            {`{"remaining_credits":3,"contacts":[` + done + `,` + failed + `]}`, false, contact.NoMatch, 3},
		"none, in front":  {`{"remaining_credits":0,"contacts":[` + done + `,` + failed + `]}`, true, contact.Released, 0},
		"none, at end":    {`{"contacts":[` + done + `,` + failed + `],"remaining_credits":"0"}`, true, contact.Released, 0},
		"below zero":      {`{"contacts":[` + done + `,` + failed + `],"remaining_credits":-2}`, true, contact.Released, -2},
		"in the element":  {`{"contacts":[` + done + `,` + failedWith(0) + `]}`, true, contact.Released, 0},
		"left in element": {`{"contacts":[` + done + `,` + failedWith(8) + `]}`, false, contact.NoMatch, 8},
		"an error":        {`{"contacts":[` + done + `,` + failed + `],"error":"Insufficient"}`, true, contact.NoMatch, -1},
		"no error":        {`{"error":null,"contacts":[` + done + `,` + failed + `],"remaining_credits":null}`, false, contact.NoMatch, -1},
	} {
		s := newJobServer(t)
		s.poll = sendResults(c.body)
		client := s.client(t)
		results := pollJob(t, client, s.job()).Results
		if _, err := readAll(results); err != nil {
			t.Fatal(err)
		}
		left := results.Remaining()
		if said := client.Stats().Remaining; (said == nil) != (left == nil) || said != nil && *said != *left {
			t.Errorf("%s: the statistics have %v", name, said)
		}
		if (left == nil) != (c.remaining == -1) || left != nil && *left != c.remaining {
			t.Errorf("%s: remaining %v", name, left)
		}
		_ = results.Rewind() // after one pass all is known
		all, err := readAll(results)
		if err != nil || len(all) != 2 {
			t.Fatalf("%s: %v", name, err)
		}
		if all[0].Outcome.Kind != contact.Matched || !all[0].Outcome.Charged || all[0].OutOfCredits != c.out || all[1].OutOfCredits != c.out || all[1].Outcome.Kind != c.kind {
			t.Errorf("%s: %+v", name, all)
		}
		if c.kind == contact.Released && all[1].Outcome.Body != nil {
			t.Errorf("%s: what was not done has a body", name)
		}
	}
}

// The key is removed from whatever comes back, also where the text is read in parts.
func TestResultsDoNotShowTheKey(t *testing.T) {
	filler := strings.Repeat(`{"x":"`+strings.Repeat("filler key/with+odd", 500)+`"},`, 300)
	body := `{"contacts":[{"a":"` + escapedKey.secret + `"},` + filler + `{"b":"key\/with\u002bodd%3Dchars","error":"Bearer ` + escapedKey.secret + `"}]}`
	s := newJobServer(t)
	s.poll = sendResults(body)
	p := pollJob(t, s.client(t), s.job())
	all, err := readAll(p.Results)
	raw, rawErr := io.ReadAll(p.Results.Raw())
	want := string(escapedKey.Redact([]byte(body)))
	if err != nil || rawErr != nil || string(raw) != want || strings.Count(want, "[key]") != 3 {
		t.Fatalf("%v, %v, %d bytes, expected %d", err, rawErr, len(raw), len(want))
	}
	last := all[len(all)-1]
	if string(all[0].Outcome.Body) != `{"contact":{"a":"[key]"}}` || !strings.Contains(string(last.Outcome.Body), `"b":"[key]"`) || last.Outcome.Message != "Bearer [key]" {
		t.Errorf("%s %s %q", all[0].Outcome.Body, last.Outcome.Body, last.Outcome.Message)
	}
}

// 100,000 elements take little memory, and come in their order.
func TestManyResults(t *testing.T) {
	n := 100_000
	if testing.Short() { // one goroutine reads them
		n = 10_000
	}
	contacts := testContacts(n)
	s := newJobServer(t)
	s.poll = func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"contacts":[`)
		for i := n - 1; i >= 0; i-- {
			_, _ = io.WriteString(w, element(contacts[i], `"credit_charged":true,"title":"Head of Sales"`))
			if i > 0 {
				_, _ = io.WriteString(w, ",\n")
			}
		}
		_, _ = io.WriteString(w, `],"remaining_credits":7}`)
	}
	p := pollJob(t, s.client(t, func(o *Options) { o.Timeout = time.Minute }), &contact.Job{ID: testJobID, Contacts: n})
	for i := n - 1; i >= 0; i-- {
		r, err := p.Results.Next()
		if err != nil || r.Key != contacts[i].Keys.Request || r.Outcome.Kind != contact.Matched {
			t.Fatalf("element %d: %+v, %v", n-i, r, err)
		}
	}
	if _, err := p.Results.Next(); !errors.Is(err, io.EOF) || *p.Results.Remaining() != 7 {
		t.Error(err)
	}
}
