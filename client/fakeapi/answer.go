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
	match shape = iota
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

// shape returns the shape that the contact's hash chooses.
func (c *call) shape() shape {
	o := &c.options
	chance := o.Match
	if chance == 0 {
		chance = DefaultMatch
	}
	if share(c.hash) >= chance {
		return noMatch
	}
	switch extra := share(mix(c.hash)); {
	case extra < o.Big:
		return large
	case extra < o.Big+o.Odd:
		return odd
	}
	return match
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
		c.tally.charged.Add(1)
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

func (c *call) appendAnswer(b []byte, s shape, left int64) []byte {
	switch s {
	case match:
		return remaining(c.appendMatch(b, "", ""), left)
	case large:
		return remaining(c.appendMatch(b, bigText(), ""), left)
	case odd:
		return c.appendOdd(b, left)
	case inside:
		b = c.appendMatch(b, "", `,"remaining_credits":`+strconv.FormatInt(left, 10))
		return append(b, '}')
	case chargeMissing, chargeNull, chargeText, chargeOne:
		b = append(b, c.appendMatch(nil, "", "")...)
		return remaining(bytes.Replace(b, []byte(`"credit_charged":true,`), []byte(charges[s]), 1), left)
	case missMissing:
		return remaining(append(b, `{"contact":{"title":""}`...), left)
	case errorNull:
		return remaining(c.appendMatch(b, "", `,"error":null`), left)
	case errorObject:
		return remaining(append(b, `{"contact":{"credit_charged":false,"error":{"code":17,"message":"No contact was found."}}`...), left)
	case errorTop:
		return remaining(append(b, `{"contact":{"credit_charged":false},"error":"No contact was found."`...), left)
	case nothing:
		return remaining(append(b, `{"contact":{"credit_charged":false,"first_name":null,"email":"","company":{"name":null}}`...), left)
	}
	return remaining(append(b, `{"contact":{"credit_charged":false,"error":"No contact was found."}`...), left)
}

// remaining ends an answer after its contact.
func remaining(b []byte, left int64) []byte {
	return append(strconv.AppendInt(append(b, `,"remaining_credits":`...), left, 10), '}')
}

// appendMatch writes an answer up to the end of its contact, with all documented fields. Fields of the request are repeated; the
// others depend on the contact's hash. description is added to the company's, more to the end of the contact.
func (c *call) appendMatch(b []byte, description, more string) []byte {
	q, h, p := &c.question, c.hash, &profiles[c.hash%8]
	b = append(b, `{"contact":{"credit_charged":true,"first_name":`...)
	b = either(b, q.raw[firstName], p.first)
	b = either(append(b, `,"last_name":`...), q.raw[lastName], p.last)
	b = append(b, `,"email":`...)
	if address := q.address(); address != nil {
		b = append(b, address...)
	} else {
		b = number(append(b, `"contact.`...), h>>8, 6)
		b = append(b, `@example.com"`...)
	}
	b = number(append(b, `,"office_phone":"+1800555`...), h>>16, 4)
	b = number(append(b, `","mobile_phone":"+1415555`...), h>>24, 4)
	b = append(append(b, `","location":`...), p.location...)
	b = append(append(b, `,"title":`...), p.title...)
	b = append(b, `,"linkedin":`...)
	if raw := q.raw[linkedIn]; raw != nil {
		b = append(b, raw...)
	} else {
		b = number(append(b, `"https://www.linkedin.com/in/contact-`...), h>>32, 8)
		b = append(b, '"')
	}
	b = either(append(b, `,"company":{"name":`...), q.raw[companyName], p.company)
	b = append(append(append(b, `,"description":"Sells what its customers want.`...), description...), `","website":`...)
	b = either(b, q.raw[companyDomain], p.website)
	b = append(append(b, p.size...), `,"location":`...)
	b = append(append(b, p.location...), '}')
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

// appendOdd writes a match that is not as documented: indented, with remaining_credits inside contact and unknown members.
func (c *call) appendOdd(b []byte, left int64) []byte {
	b = append(b, "\r\n{\n  \"request_id\": \"0000-odd\",\n  "...)
	start := len(b)
	b = c.appendMatch(b, "", oddMembers+`,"remaining_credits": `+strconv.FormatInt(left, 10))
	b = append(b[:start], b[start+1:]...) // the brace is written
	return append(b, ",\n  \"meta\" : { \"took_ms\" : 1.5e1, \"next\" : null }\n}\r\n\t "...)
}
