package client

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"enrich/contact"
)

func TestASubmissionHasEveryContactWithItsID(t *testing.T) {
	for _, c := range []struct {
		set             []string
		emailAs         string
		field, expected string
	}{
		{nil, "", "business_email", ""},
		{nil, "email", "email", ""},
		{[]string{"metadata.mobile_phone_exists=true", "custom_fields.source=crm"}, "", "business_email", `"source":"crm"`},
	} {
		s := newJobServer(t)
		constants, err := ParseConstants(c.set)
		if err != nil {
			t.Fatal(err)
		}
		client := s.client(t, func(o *Options) { o.Set, o.EmailAs = constants, c.emailAs })
		for _, n := range []int{1, 2, 500, 3000} { // 3,000 contacts are more than a buffer
			contacts := testContacts(n)
			a := client.Submit(t.Context(), t.Context(), contacts, nil)
			if a.ID != testJobID || a.Outcome.Kind != 0 || a.Outcome.Attempts != 1 || !a.Expires.Equal(time.Unix(2220091200, 0)) {
				t.Fatalf("%d contacts: %+v", n, a)
			}
			body := s.bodies[len(s.bodies)-1]
			var got struct{ Contacts []map[string]any }
			if err := json.Unmarshal(body, &got); err != nil || len(got.Contacts) != n {
				t.Fatalf("%d contacts: %v in %.300s", len(got.Contacts), err, body)
			}
			for i, q := range contacts {
				one := got.Contacts[i]
				custom, _ := one["custom_fields"].(map[string]any)
				if one[c.field] != q.Contact.Email || one["first_name"] != q.Contact.FirstName || custom["enrich_id"] != hex.EncodeToString(q.Keys.Request[:]) {
					t.Fatalf("contact %d was sent as %v", i, one)
				}
				if len(c.set) > 0 && (custom["source"] != "crm" || one["metadata"].(map[string]any)["mobile_phone_exists"] != true || len(custom) != 2) {
					t.Fatalf("the constants are missing in %v", one)
				}
			}
			if strings.Contains(string(body), escapedKey.secret) {
				t.Error("the key is in the body")
			}
		}
		if s.strays.Load() != 0 {
			t.Error("other requests were made")
		}
	}
}

func TestConstantsLeaveTheIDToTheProgram(t *testing.T) {
	for _, set := range []string{"custom_fields=x", "custom_fields=5", "custom_fields.enrich_id=1", "custom_fields.enrich_id.x=1"} {
		if _, err := ParseConstants([]string{set}); err == nil || !strings.Contains(err.Error(), "custom_fields") {
			t.Errorf("%s: %v", set, err)
		}
	}
}

// Each of these happens to all submissions. The server's count shows that a submission that may have been accepted is not sent again.
func TestHowASubmissionEnds(t *testing.T) {
	answer := func(status int, body string) func(http.ResponseWriter, []byte) {
		return func(w http.ResponseWriter, _ []byte) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		submit func(http.ResponseWriter, []byte)
		kind   contact.Kind
		stop   contact.Stop
		once   bool
		status int
		says   string
	}{
		"400":             {answer(400, ownError(400)), contact.Refused, "", true, 400, "M"},
		"413 HTML":        {answer(413, "<html>too large"), contact.Refused, "", true, 413, "too large"},
		"422":             {answer(422, ""), contact.Refused, "", true, 422, ""},
		"claims 400":      {answer(200, ownError(400)), contact.Refused, "", true, 400, "M"},
		"401":             {answer(401, ownError(401)), contact.Released, contact.StopUnauthorized, true, 401, "M"},
		"402":             {answer(402, ""), contact.Released, contact.StopNoCredits, true, 402, ""},
		"403":             {answer(403, ""), contact.Released, contact.StopForbidden, true, 403, ""},
		"claims 401":      {answer(200, ownError(401)), contact.Released, contact.StopUnauthorized, true, 401, "M"},
		"404":             {answer(404, "<html>"), contact.Released, contact.StopAPIDown, false, 404, ""},
		"404 of the API":  {answer(404, ownError(404)), contact.Released, contact.StopAPIDown, false, 404, ""},
		"405":             {answer(405, ""), contact.Released, contact.StopRejectedAll, true, 405, ""},
		"302":             {answer(302, ""), contact.Released, contact.StopRejectedAll, true, 302, ""},
		"429":             {answer(429, ""), contact.Released, contact.StopAPIDown, false, 429, ""},
		"500":             {answer(500, ""), contact.Released, contact.StopAPIDown, false, 500, ""},
		"503":             {answer(503, ""), contact.Released, contact.StopAPIDown, false, 503, ""},
		"502":             {answer(502, ""), contact.Lost, "", true, 502, ""},
		"504":             {answer(504, ""), contact.Lost, "", true, 504, ""},
		"599":             {answer(599, ""), contact.Lost, "", true, 599, ""},
		"202 without id":  {answer(202, `{"status":"queued"}`), contact.Lost, "", true, 202, "no job_id"},
		"empty":           {answer(200, ""), contact.Lost, "", true, 200, "no job_id"},
		"204":             {func(w http.ResponseWriter, _ []byte) { w.WriteHeader(204) }, contact.Lost, "", true, 204, "no job_id"},
		"HTML":            {answer(200, "<html>"), contact.Lost, "", true, 200, "no job_id"},
		"list":            {answer(200, `[{"job_id":"a"}]`), contact.Lost, "", true, 200, "no job_id"},
		"empty id":        {answer(200, `{"job_id":""}`), contact.Lost, "", true, 200, "empty"},
		"blank id":        {answer(200, `{"job_id":" "}`), contact.Lost, "", true, 200, "empty"},
		"null id":         {answer(200, `{"job_id":null}`), contact.Lost, "", true, 200, "not a string"},
		"object id":       {answer(200, `{"job_id":{}}`), contact.Lost, "", true, 200, "not a string"},
		"201 bytes":       {answer(200, `{"job_id":"`+strings.Repeat("x", 201)+`"}`), contact.Lost, "", true, 200, "longer"},
		"control":         {answer(200, `{"job_id":"a\nb"}`), contact.Lost, "", true, 200, "characters"},
		"raw control":     {answer(200, "{\"job_id\":\"a\nb\"}"), contact.Lost, "", true, 200, "characters"},
		"DEL":             {answer(200, "{\"job_id\":\"a\x7fb\"}"), contact.Lost, "", true, 200, "characters"},
		"C1":              {answer(200, `{"job_id":"a\u0085b"}`), contact.Lost, "", true, 200, "characters"},
		"surrogate":       {answer(200, `{"job_id":"a\ud800"}`), contact.Lost, "", true, 200, "characters"},
		"not UTF-8":       {answer(200, "{\"job_id\":\"a\xff\"}"), contact.Lost, "", true, 200, "characters"},
		"key as id":       {answer(200, `{"job_id":"x-`+escapedKey.secret+`"}`), contact.Lost, "", true, 200, "API key"},
		"escaped key":     {answer(200, `{"job_id":"x-key\/with\u002Bodd%3Dchars"}`), contact.Lost, "", true, 200, "API key"},
		"too large":       {answer(200, `{"job_id":"a","x":"`+strings.Repeat("x", 1<<20)+`"}`), contact.Lost, "", true, 200, "1 MiB"},
		"reset":           {func(w http.ResponseWriter, _ []byte) { panic(http.ErrAbortHandler) }, contact.Lost, "", true, 0, "the answer was lost"},
		"cut before id":   {cutAfter(`{"job_id":"jo`), contact.Lost, "", true, 0, "the answer was lost"},
		"cut in a number": {cutAfter(`{"job_id":12`), contact.Lost, "", true, 0, "the answer was lost"},
		"hangs":           {func(http.ResponseWriter, []byte) { time.Sleep(3 * time.Second) }, contact.Lost, "", true, 0, "no answer within"},
		"redirects to itself": {func(w http.ResponseWriter, _ []byte) {
			w.Header().Set("Location", "/contacts")
			w.WriteHeader(307)
		}, contact.Released, contact.StopRejectedAll, true, 307, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newJobServer(t)
			s.submit = c.submit
			client := s.client(t, func(o *Options) {
				if name == "hangs" {
					o.Timeout = time.Second // a busy machine connects late
				}
			})
			a := client.Submit(t.Context(), t.Context(), testContacts(3), nil)
			if a.Outcome.Kind != c.kind || a.Stop != c.stop || a.ID != "" || a.Outcome.Status != c.status && c.status != 0 {
				t.Errorf("ended as %v, stop %q (%s): %+v", a.Outcome.Kind, a.Stop, a.StopDetail, a)
			}
			if !strings.Contains(a.Outcome.Message, c.says) {
				t.Errorf("message %q, expected %q", a.Outcome.Message, c.says)
			}
			if n := s.submissions.Load(); (n == 1) != c.once || int64(a.Outcome.Attempts) != n || client.Stats().Sent != n || s.strays.Load() != 0 {
				t.Errorf("%d submissions, %d attempts", n, a.Outcome.Attempts)
			}
			if c.kind == contact.Lost && (a.Outcome.Failure != contact.Exhausted && a.Outcome.Failure != contact.Malformed || a.Outcome.At.IsZero()) {
				t.Errorf("a loss without its cause: %+v", a.Outcome)
			}
			if c.kind == contact.Refused && (a.Outcome.Failure != contact.Rejected || !strings.Contains(a.StopDetail, "--email-as email")) {
				t.Errorf("a rejection without advice: %+v", a)
			}
			if text := fmt.Sprintf("%+v", a); strings.Contains(text, escapedKey.secret) {
				t.Errorf("shows the key: %s", text)
			}
		})
	}
}

// cutAfter sends the beginning of a body, and closes the connection.
func cutAfter(begin string) func(http.ResponseWriter, []byte) {
	return func(w http.ResponseWriter, _ []byte) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, begin)
	}
}

// What is accepted is known by its id, whatever else the response says.
func TestAJobIsAcceptedByItsID(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		body    string
		id      string
		expires int64
	}{
		"documented":   {200, `{"job_id":"a","expiration_date":"2220091200"}`, "a", 2220091200},
		"number":       {200, `{"job_id":"a","expiration_date":2220091200}`, "a", 2220091200},
		"fraction":     {200, `{"job_id":"a","expiration_date":2220091200.9}`, "a", 2220091200},
		"past":         {200, `{"job_id":"a","expiration_date":"1000000000"}`, "a", 1000000000},
		"RFC 3339":     {200, `{"job_id":"a","expiration_date":"2040-05-08T00:00:00+02:00"}`, "a", 2220040800},
		"garbage":      {200, `{"job_id":"a","expiration_date":"soon"}`, "a", 0},
		"zero":         {200, `{"job_id":"a","expiration_date":0}`, "a", 0},
		"negative":     {200, `{"job_id":"a","expiration_date":-5}`, "a", 0},
		"infinite":     {200, `{"job_id":"a","expiration_date":"inf"}`, "a", 0},
		"hexadecimal":  {200, `{"job_id":"a","expiration_date":"0x10"}`, "a", 0},
		"too late":     {200, `{"job_id":"a","expiration_date":1e300}`, "a", 0},
		"object":       {200, `{"job_id":"a","expiration_date":{}}`, "a", 0},
		"missing":      {200, `{"job_id":"a"}`, "a", 0},
		"202":          {202, `{"job_id":"a"}`, "a", 0},
		"201 and BOM":  {201, "\xef\xbb\xbf" + ` {"job_id":"a"} `, "a", 0},
		"number as id": {200, `{"job_id":12345678901234567890}`, "12345678901234567890", 0},
		"200 bytes":    {200, `{"job_id":"` + strings.Repeat("x", 200) + `"}`, strings.Repeat("x", 200), 0},
		"own status":   {200, `{"job_id":"a","status":500,"error":"no"}`, "a", 0},
		"repeated":     {200, `{"job_id":"a","job_id":"b"}`, "b", 0},
		"slash":        {200, `{"job_id":"a/../b"}`, "a/../b", 0},
		"dots":         {200, `{"job_id":".."}`, "..", 0},
		"escapes":      {200, `{"job_id":"a%2f\u002e?x#y"}`, "a%2f.?x#y", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newJobServer(t)
			s.submit = func(w http.ResponseWriter, _ []byte) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}
			var path string
			s.poll = func(w http.ResponseWriter, r *http.Request) {
				path = r.RequestURI
				w.WriteHeader(202)
			}
			client := s.client(t)
			a := client.Submit(t.Context(), t.Context(), testContacts(1), nil)
			if a.ID != c.id || a.Outcome.Kind != 0 || a.Stop != "" || !client.Answered() {
				t.Fatalf("%+v", a)
			}
			if c.expires == 0 != a.Expires.IsZero() || c.expires != 0 && a.Expires.Unix() != c.expires {
				t.Errorf("expires %v", a.Expires)
			}
			p := pollJob(t, client, &contact.Job{ID: a.ID})
			rest, ok := strings.CutPrefix(path, "/contacts/results/")
			if p.State != contact.PollRunning || !ok || strings.Count(rest, "/") != 0 || strings.Contains(rest, "?") || !strings.HasSuffix(rest, ".json") {
				t.Errorf("state %v, asked for %q", p.State, path)
			}
		})
	}
}

// A response that is cut after the id says enough.
func TestAnIDBeforeACutCounts(t *testing.T) {
	whole := `{"job_id":"` + testJobID + `","download_url":"http://x/","expiration_date":"2220091200"}`
	known := strings.Index(whole, testJobID) + len(testJobID) + 1
	for n := range len(whole) {
		s := newJobServer(t)
		s.submit = cutAfter(whole[:n])
		a := s.client(t).Submit(t.Context(), t.Context(), testContacts(1), nil)
		if n >= known && a.ID != testJobID || n < known && a.Outcome.Kind != contact.Lost {
			t.Errorf("cut after %d bytes: %+v", n, a)
		}
		if s.submissions.Load() != 1 {
			t.Errorf("cut after %d bytes: %d submissions", n, s.submissions.Load())
		}
	}
}

// A request of which only a part was sent was not accepted: it is sent again.
func TestAPartOfASubmissionIsNotAccepted(t *testing.T) {
	s := newJobServer(t)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.submissions.Add(1) > 1 {
			_, _ = io.Copy(io.Discard, r.Body)
			accept(w)
			return
		}
		_, _ = r.Body.Read(make([]byte, 1000))
		panic(http.ErrAbortHandler)
	})
	contacts := testContacts(100_000) // more than a connection buffers
	a := s.client(t, func(o *Options) { o.MaxElapsed, o.Timeout = time.Minute, time.Minute }).Submit(t.Context(), t.Context(), contacts, nil)
	if a.ID != testJobID || a.Outcome.Attempts != 2 || s.submissions.Load() != 2 {
		t.Errorf("%+v after %d submissions", a, s.submissions.Load())
	}
	s.submissions.Store(0)
	reached := func() string { return "reached --max-calls (1)" }
	if a = s.client(t, func(o *Options) { o.MaxElapsed, o.Timeout = time.Minute, time.Minute }).Submit(t.Context(), t.Context(), contacts, reached); a.Outcome.Kind != contact.Released || a.Stop != contact.StopCap || s.submissions.Load() != 1 {
		t.Errorf("with a cap: %+v after %d submissions", a, s.submissions.Load())
	}
}

// The API may answer before it has read the request: the contacts are not used any more when Submit returns.
func TestAnEarlyAnswerEndsTheUseOfTheContacts(t *testing.T) {
	s := newJobServer(t)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(413)
		_ = http.NewResponseController(w).Flush()
		_, _ = io.Copy(io.Discard, r.Body)
	})
	contacts := testContacts(100_000)
	a := s.client(t).Submit(t.Context(), t.Context(), contacts, nil)
	for _, q := range contacts {
		q.Contact.Email = "changed" // the race detector sees a reader
	}
	if a.Outcome.Kind != contact.Refused || a.Outcome.Status != 413 {
		t.Errorf("%+v", a)
	}
}

func TestAStoppedRunSubmitsNothing(t *testing.T) {
	s := newJobServer(t)
	client := s.client(t)
	soft, cancel := context.WithCancel(t.Context())
	cancel()
	a := client.Submit(soft, t.Context(), testContacts(1), nil)
	p := client.Poll(soft, t.Context(), s.job(), nil)
	if a.Outcome.Kind != contact.Released || a.Outcome.Attempts != 0 || p.State != contact.PollStopped || p.Sent != 0 || s.submissions.Load()+s.polls.Load() != 0 {
		t.Errorf("%+v, %+v", a, p)
	}
}
