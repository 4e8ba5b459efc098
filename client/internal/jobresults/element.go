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

// element parses a valid value. If a member is repeated, the last one counts, as in a single answer.
func (r *Reader) element(raw []byte) Element {
	if !utf8.Valid(raw) { // JSON is always UTF-8
		raw = bytes.ToValidUTF8(raw, []byte("\uFFFD"))
	}
	e := Element{Raw: raw}
	if raw[0] == '{' {
		e.parse(raw)
		r.credits.observe(e.Answer.Remaining)
	}
	e.OutOfCredits = r.credits.failed || r.credits.areOut()
	e.NotDone = r.credits.areOut() && !e.Answer.Charged && e.Answer.Error != ""
	return e
}

// parse reads an object.
func (e *Element) parse(object []byte) {
	var s jsonscan.Scanner[[]byte]
	s.Reset(object, elementDepth)
	s.Object()
	answer := append(make([]byte, 0, len(object)+len(`{"contact":{}}`)), `{"contact":{`...)
	start := len(answer)
	for name, ok := s.Member(); ok; name, ok = s.Member() {
		isCustom := string(name) == "custom_fields"
		from := s.RawName()
		value := s.Value()
		if isCustom {
			e.Key, e.HasKey = keyOf(value)
			continue
		}
		if len(answer) > start {
			answer = append(answer, ',')
		}
		answer = append(append(append(answer, from...), ':'), value...)
	}
	answer = append(answer, "}}"...)
	e.Answer, _ = contact.ParseAnswer(answer) // it is valid
}

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
