package fakeapi

import (
	"bytes"
	"net/http"
	"strconv"
)

// A shape is what a 2xx says, and how.
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
	missMissing // no match that does not say whether it was charged
)

// shape is what the contact's hash says.
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

// succeed charges, and answers.
func (c *call) succeed(status int, s shape) {
	if c.build(s) {
		c.send(status)
		return
	}
	c.outOfCredits()
}

// build makes the answer, and charges for a match; false: there are no credits left, for a match or for the news that
// there is none.
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

// misses reports whether nothing was found, so that nothing is charged.
func (s shape) misses() bool {
	switch s {
	case noMatch, nothing, errorObject, errorTop, missMissing:
		return true
	}
	return false
}

// charges is how the shapes spell credit_charged that do not spell it as documented.
var charges = map[shape]string{
	chargeMissing: ``, chargeNull: `"credit_charged":null,`, chargeText: `"credit_charged":"true",`, chargeOne: `"credit_charged":1,`,
}

// outOfCredits answers in the form that the options ask for.
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

// remaining closes an answer whose contact is complete.
func remaining(b []byte, left int64) []byte {
	return append(strconv.AppendInt(append(b, `,"remaining_credits":`...), left, 10), '}')
}

// appendMatch writes an answer up to its contact's end, all documented fields filled: what was asked comes back, the
// rest follows from the contact's hash. description goes into the company's; more goes to the end of the contact.
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

// either is what was asked, or what is made up.
func either(b, asked []byte, made string) []byte {
	if asked != nil {
		return append(b, asked...)
	}
	return append(b, made...)
}

// number writes the last digits of n, zeros included.
func number(b []byte, n uint64, digits int) []byte {
	at := len(b)
	b = append(b, "00000000"[:digits]...)
	for i := at + digits - 1; i >= at; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}

// appendError writes an error as it is documented, on one line.
func appendError(b []byte, status int, message string) []byte {
	b = strconv.AppendInt(append(b, `{"status":`...), int64(status), 10)
	b = strconv.AppendQuote(append(b, `,"error":`...), http.StatusText(status))
	b = append(append(b, `,"message":"`...), bytes.ReplaceAll([]byte(message), []byte(`"`), []byte(`\"`))...)
	return append(b, `"}`...)
}
