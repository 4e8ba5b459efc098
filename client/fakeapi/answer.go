package fakeapi

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
)

// A shape is the content of a 2xx, and how it is spelled.
type shape int

const (
	match shape = iota + 1
	noMatch
	nothing // no match without an error
	large   // a match of hundreds of KiB
	odd     // a match that is not as documented
	inside  // a match with remaining_credits inside contact
	errorObject
	errorNull
	errorTop // no match, with the error outside contact
	chargeMissing
	chargeNull
	chargeText
	chargeOne
	missMissing // no match, without credit_charged
)

// A person is who a request asks for, as far as an answer depends on it.
type person struct {
	question question
	hash     uint64 // hash of the contact
}

// shape returns the shape that the contact's hash chooses.
func (p *person) shape(o *Options) shape {
	chance := o.Match
	if chance == 0 {
		chance = DefaultMatch
	}
	if share(p.hash) >= chance {
		return noMatch
	}
	switch extra := share(mix(p.hash)); {
	case extra < o.Big:
		return large
	case extra < o.Big+o.Odd:
		return odd
	}
	return match
}

// identify sets what the request is counted by.
func (c *call) identify(o *Options) {
	c.contact = c.question.contact()
	c.hash = hashOf(c.contact, o.Seed)
}

// succeed charges a match and answers.
func (c *call) succeed(status int, s shape) {
	if c.build(s) {
		c.send(status)
		return
	}
	c.outOfCredits()
}

// build makes the answer and charges a match. It returns false if no credits are left: then the API does not even say that
// there is no match.
func (c *call) build(s shape) bool {
	left := c.account.credits.Load()
	if left <= 0 {
		return false
	}
	if !s.misses() {
		var ok bool
		if left, ok = c.account.charge(); !ok {
			return false
		}
		c.tally.charge(c.contact, "")
	}
	c.out = c.appendAnswer(c.out, s, left)
	return true
}

// misses reports whether the shape is a no-match answer, which is not charged.
func (s shape) misses() bool {
	switch s {
	case noMatch, nothing, errorObject, errorTop, missMissing:
		return true
	}
	return false
}

// charges are the spellings of credit_charged that are not documented.
var charges = map[shape]string{
	chargeMissing: ``, chargeNull: `"credit_charged":null,`, chargeText: `"credit_charged":"true",`, chargeOne: `"credit_charged":1,`,
}

// outOfCredits answers as the options say: 402, or 200 with an error.
func (c *call) outOfCredits() {
	if c.options.PaymentRequired {
		c.fail(http.StatusPaymentRequired, "You are out of credits.")
		return
	}
	c.out = append(c.out, outOfCredits...)
	c.send(http.StatusOK)
}

const outOfCredits = `{"contact":{"credit_charged":false,"error":"You are out of credits."},"remaining_credits":0}`

// appendAnswer writes an answer: a contact, and what is beside it.
func (p *person) appendAnswer(b []byte, s shape, left int64) []byte {
	switch s {
	case odd:
		b = append(b, "\r\n{\n  \"request_id\": \"0000-odd\",\n  \"contact\":"...)
		b = p.appendMatch(b, "", oddMembers+`,"remaining_credits": `+strconv.FormatInt(left, 10))
		return append(b, ",\n  \"meta\" : { \"took_ms\" : 1.5e1, \"next\" : null }\n}\r\n\t "...)
	case inside:
		b = p.appendMatch(append(b, `{"contact":`...), "", `,"remaining_credits":`+strconv.FormatInt(left, 10))
		return append(b, '}')
	case errorTop:
		return remaining(append(b, `{"contact":{"credit_charged":false},"error":"No contact was found."`...), left)
	}
	return remaining(p.appendContact(append(b, `{"contact":`...), s), left)
}

// appendContact writes the contact of an answer, which is also an element of a job's results.
func (p *person) appendContact(b []byte, s shape) []byte {
	switch s {
	case large:
		return p.appendMatch(b, bigText(), "")
	case odd:
		return p.appendMatch(b, "", oddMembers)
	case errorNull:
		return p.appendMatch(b, "", `,"error":null`)
	case chargeMissing, chargeNull, chargeText, chargeOne:
		return append(b, bytes.Replace(p.appendMatch(nil, "", ""), []byte(`"credit_charged":true,`), []byte(charges[s]), 1)...)
	case missMissing:
		return append(b, `{"title":""}`...)
	case errorObject:
		return append(b, `{"credit_charged":false,"error":{"code":17,"message":"No contact was found."}}`...)
	case nothing:
		return append(b, `{"credit_charged":false,"first_name":null,"email":"","company":{"name":null}}`...)
	case noMatch, errorTop:
		return append(b, `{"credit_charged":false,"error":"No contact was found."}`...)
	}
	return p.appendMatch(b, "", "")
}

// remaining ends an answer after its contact.
func remaining(b []byte, left int64) []byte {
	return append(strconv.AppendInt(append(b, `,"remaining_credits":`...), left, 10), '}')
}

// appendMatch writes a contact with all documented fields. Fields of the request are repeated; the others depend on the contact's
// hash. description is added to the company's, more to the end of the contact.
func (p *person) appendMatch(b []byte, description, more string) []byte {
	q, h, made := &p.question, p.hash, &profiles[p.hash%8]
	b = append(b, `{"credit_charged":true,"first_name":`...)
	b = either(b, q.raw[firstName], made.first)
	b = either(append(b, `,"last_name":`...), q.raw[lastName], made.last)
	b = append(b, `,"email":`...)
	if address := q.address(); address != nil {
		b = append(b, address...)
	} else {
		b = number(append(b, `"contact.`...), h>>8, 6)
		b = append(b, `@example.com"`...)
	}
	b = number(append(b, `,"office_phone":"+1800555`...), h>>16, 4)
	b = number(append(b, `","mobile_phone":"+1415555`...), h>>24, 4)
	b = append(append(b, `","location":`...), made.location...)
	b = append(append(b, `,"title":`...), made.title...)
	b = append(b, `,"linkedin":`...)
	if raw := q.raw[linkedIn]; raw != nil {
		b = append(b, raw...)
	} else {
		b = number(append(b, `"https://www.linkedin.com/in/contact-`...), h>>32, 8)
		b = append(b, '"')
	}
	b = either(append(b, `,"company":{"name":`...), q.raw[companyName], made.company)
	b = append(append(append(b, `,"description":"Sells what its customers want.`...), description...), `","website":`...)
	b = either(b, q.raw[companyDomain], made.website)
	b = append(append(b, made.size...), `,"location":`...)
	b = append(append(b, made.location...), '}')
	return append(append(b, more...), '}')
}

// either appends a value of the request or, if it has none, a made-up one.
func either(b, sent []byte, made string) []byte {
	if sent != nil {
		return append(b, sent...)
	}
	return append(b, made...)
}

// number appends the last digits of n, with leading zeros.
func number(b []byte, n uint64, digits int) []byte {
	at := len(b)
	b = append(b, "00000000"[:digits]...)
	for i := at + digits - 1; i >= at; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}

// appendError appends an error in the API's documented format, on one line.
func appendError(b []byte, status int, message string) []byte {
	b = strconv.AppendInt(append(b, `{"status":`...), int64(status), 10)
	b = strconv.AppendQuote(append(b, `,"error":`...), http.StatusText(status))
	b = append(append(b, `,"message":"`...), bytes.ReplaceAll([]byte(message), []byte(`"`), []byte(`\"`))...)
	return append(b, `"}`...)
}

// bigSize is the size of the description in a big answer. A client reads up to 1 MiB.
const bigSize = 400 << 10

func bigText() string {
	const sentence = ` It was founded by \"Jürgen\" in a garage, and has grown since.`
	return strings.Repeat(sentence, bigSize/len(sentence))
}

// oddMembers are not documented: unknown members, nested ones too; numbers that do not fit a float64; a repeated name, of which
// the last counts; escapes, control characters and sequences that a terminal obeys.
const oddMembers = `,"id":9007199254740993,"score":1.10e-2,"account_ids":[12345678901234567890,-0.0],` +
	`"enrichment":{"deep":[[{"x":null}],{"y":{"":true}}]},"note":"\u001b[31mred\u001b[0m \u202egnp\u0000 \ud83d\ude00 \/",` +
	`"ünïcode":"é","tags":[],"title":"the second of two","error":null`
