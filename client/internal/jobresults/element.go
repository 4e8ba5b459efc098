package jobresults

import (
	"bytes"
	"encoding/hex"
	"unicode/utf8"

	"enrich/contact"
	"enrich/internal/jsonscan"
)

// IDField is the member of custom_fields that has a contact's request key, in hexadecimal.
const IDField = "enrich_id"

// An Element is an element of the results. It is valid until the next call of [Reader.Next].
type Element struct {
	// Raw is the element as it came.
	Raw []byte
	// Key is what custom_fields.enrich_id has; HasKey is false if that is not a key.
	Key    contact.Key
	HasKey bool
	// Answer is what {"contact": the element without custom_fields} says. It is zero if the element is not an object.
	Answer contact.Answer
	// OutOfCredits: the results, as far as they were read, say that no credits are left, or may say so.
	OutOfCredits bool
	// NotDone: the element says that it failed and was not charged, and the results that no credits are left. It is not an
	// answer.
	NotDone bool
}

// parts are an element's, as they were scanned.
type parts struct {
	isObject bool
	answer   []byte // {"contact": the element without custom_fields}
	custom   []byte // the value of custom_fields; nil: there are none
}

// scan steps over an element. If a member is repeated, the last one counts, as in a single answer.
func (p *parts) scan(s *jsonscan.Scanner[[]byte]) {
	p.custom = nil
	p.answer = append(p.answer[:0], `{"contact":{`...)
	if p.isObject = s.Object(); !p.isObject {
		s.Value()
		return
	}
	start := len(p.answer)
	for name, ok := s.Member(); ok; name, ok = s.Member() {
		isCustom := string(name) == "custom_fields"
		from := s.RawName()
		value := s.Value()
		if isCustom {
			p.custom = value
			continue
		}
		if len(p.answer) > start {
			p.answer = append(p.answer, ',')
		}
		p.answer = append(append(append(p.answer, from...), ':'), value...)
	}
	p.answer = append(p.answer, "}}"...)
}

// element returns the element that was scanned last.
func (r *Reader) element(raw []byte) Element {
	e := Element{Raw: raw}
	p := &r.parts
	if !utf8.Valid(raw) { // JSON is always UTF-8
		e.Raw, p.answer = validUTF8(raw), validUTF8(p.answer)
	}
	if p.isObject {
		e.Key, e.HasKey = keyOf(p.custom)
		e.Answer, _ = contact.ParseAnswer(p.answer) // it is valid
		r.credits.observe(e.Answer.Remaining)
	}
	e.OutOfCredits = r.credits.failed || r.credits.areOut()
	e.NotDone = r.credits.areOut() && !e.Answer.Charged && e.Answer.Error != ""
	return e
}

func validUTF8(b []byte) []byte { return bytes.ToValidUTF8(b, []byte("\uFFFD")) }

// keyOf returns the key in custom_fields: a string of 32 hexadecimal digits.
func keyOf(customFields []byte) (key contact.Key, ok bool) {
	id := jsonscan.Get(customFields, IDField)
	if len(id) != len(`""`)+hex.EncodedLen(len(key)) || id[0] != '"' || customFields[0] != '{' {
		return contact.Key{}, false
	}
	if _, err := hex.Decode(key[:], id[1:len(id)-1]); err != nil {
		return contact.Key{}, false
	}
	return key, true
}
