package fakeapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"enrich/client/fakeapi/internal/results"
)

// A spelling is how a submission is answered.
type spelling struct {
	name    func(id string) string   // the job's id instead of the one it has; nil: that one
	id      func(id string) string   // job_id, as JSON; nil: a string. If it returns "", the member is missing.
	expires func(t time.Time) string // expiration_date, as JSON; nil: Unix seconds as a string. If it returns "", it is missing.
	noURL   bool                     // download_url is missing
}

// append writes the answer.
func (s *spelling) append(b []byte, j *job, download string) []byte {
	id, expires := jsonText(j.id), seconds(j.expires)
	if s.id != nil {
		id = s.id(j.id)
	}
	if s.expires != nil {
		expires = s.expires(j.expires)
	}
	var members []string
	if id != "" {
		members = append(members, `"job_id":`+id)
	}
	if !s.noURL {
		members = append(members, `"download_url":`+jsonText(download))
	}
	if expires != "" {
		members = append(members, `"expiration_date":`+expires)
	}
	return append(append(append(b, '{'), strings.Join(members, ",")...), '}')
}

func seconds(t time.Time) string { return `"` + strconv.FormatInt(t.Unix(), 10) + `"` }

// jsonText returns a text as a JSON string.
func jsonText(text string) string {
	b := []byte{'"'}
	for _, r := range text {
		switch {
		case r < ' ':
			b = append(b, `\u00`...)
			b = append(b, "0123456789abcdef"[r>>4], "0123456789abcdef"[r&15])
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		default:
			b = append(b, string(r)...)
		}
	}
	return string(append(b, '"'))
}

// always returns the same text.
func always[T any](text string) func(T) string { return func(T) string { return text } }

// unquoted writes an id without quotes.
func unquoted(id string) string { return id }

// digits makes an id of the digits at its end.
func digits(id string) string { return "1234567890" + id[strings.LastIndexByte(id, '-')+1:] }

// doSpelled accepts a submission and answers in another spelling.
func doSpelled(s spelling) func(*call, *order) {
	return func(c *call, _ *order) {
		in, ok := c.bulk.(*submission)
		if !ok || !in.answer(c, s) {
			c.outOfCredits()
			return
		}
		c.send(http.StatusOK)
	}
}

func idKind(name, what string, s spelling) kind {
	return kind{Kind: Kind{name, what}, where: onSubmit, do: doSpelled(s)}
}

// submitKinds can be ordered for POST /contacts: the job is accepted, and the answer is not as documented.
var submitKinds = []kind{
	idKind("idmissing", "no job_id", spelling{id: always[string]("")}),
	idKind("idnull", "a job_id that is null", spelling{id: always[string]("null")}),
	idKind("idempty", "a job_id that is an empty string", spelling{id: always[string](`""`)}),
	idKind("idobject", "a job_id that is an object", spelling{id: func(id string) string { return `{"id":` + jsonText(id) + `}` }}),
	idKind("idnumber", "a job_id that is a number", spelling{name: digits, id: unquoted}),
	idKind("idzero", "the number 0 as job_id, which is the latest job", spelling{name: always[string]("0"), id: unquoted}),
	idKind("idlong", "a job_id that has 300 bytes", spelling{name: func(id string) string { return id + strings.Repeat("0", 300-len(id)) }}),
	idKind("idslash", "a job_id that has slashes", spelling{name: func(id string) string { return "a/../../" + id + "/b" }}),
	idKind("iddots", "two dots as job_id, which is the latest job", spelling{name: always[string]("..")}),
	idKind("idcontrol", "a job_id that has control characters", spelling{name: func(id string) string { return id + "\r\n\x00\x1b[31m" }}),
	idKind("idquery", "a job_id that has characters that a URL must escape", spelling{name: func(id string) string { return id + " %2F?a=b#c" }}),
	idKind("idunicode", "a job_id that is not ASCII", spelling{name: func(id string) string { return id + "-ü-龙" }}),
	idKind("urlmissing", "no download_url", spelling{noURL: true}),
	idKind("expirymissing", "no expiration_date", spelling{expires: always[time.Time]("")}),
	idKind("expirynull", "an expiration_date that is null", spelling{expires: always[time.Time]("null")}),
	idKind("expirynumber", "an expiration_date that is a number", spelling{expires: func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }}),
	idKind("expirydate", "an expiration_date that is in RFC 3339", spelling{expires: func(t time.Time) string { return jsonText(t.UTC().Format(time.RFC3339)) }}),
	idKind("expirytext", "an expiration_date that is not a time", spelling{expires: always[time.Time](`"in a week"`)}),
	idKind("expirypast", "an expiration_date in the past", spelling{expires: func(time.Time) string { return `"1"` }}),
	idKind("expiryzero", "an expiration_date that is 0", spelling{expires: always[time.Time](`"0"`)}),
	idKind("expiryhuge", "an expiration_date that does not fit 64 bits", spelling{expires: always[time.Time](`"99999999999999999999"`)}),
}

// jobKinds can be ordered for a job that is done.
var jobKinds = []kind{
	{Kind: Kind{"late", "a job that is done this much later: late (1 s), late30s"}, where: onJob, do: doLate, argument: isTime},
	{Kind: Kind{"endless", "a job that is never done"}, where: onJob, do: doRunning},
	{Kind: Kind{"gone", "a 404 although the job has not expired"}, where: onJob, do: doGone},
	{Kind: Kind{"once", "results that can be read once, then a 404"}, where: onJob, do: doOnce},
}

// resultsKinds are the faults of package results.
func resultsKinds() []kind {
	var list []kind
	for _, f := range results.Faults() {
		half := f.Name == results.Unpaid || f.Name == results.UnpaidMissing || f.Name == results.UnpaidTop
		list = append(list, kind{Kind: Kind{f.Name, f.What}, where: onJob, do: doResults, halfPaid: half})
	}
	return list
}

func doResults(c *call, o *order) {
	if p, ok := c.bulk.(*poll); ok {
		p.stream(c, o.kind.Name, "")
	}
}

// doRunning answers as if the job was not done.
func doRunning(c *call, _ *order) { c.running() }

func doLate(c *call, o *order) {
	p, ok := c.bulk.(*poll)
	if !ok || c.now().Before(p.job.done.Add(timeOf(o))) {
		c.running()
		return
	}
	p.stream(c, "", "")
}

func doGone(c *call, _ *order) { c.fail(http.StatusNotFound, unknownJob) }

func doOnce(c *call, o *order) {
	p, ok := c.bulk.(*poll)
	if !ok || c.turn > 1 {
		doGone(c, o)
		return
	}
	p.stream(c, "", "")
}
