package results

import (
	"bytes"
	"slices"
	"strconv"
)

// A Fault is a way in which results differ from the documents.
type Fault struct{ Name, What string }

type fault struct {
	Fault
	apply func(*body)
}

// some is which elements a fault of some of them means: each third, the first one included.
const some = 3

// Faults lists the faults.
func Faults() []Fault {
	var list []Fault
	for _, f := range faults() {
		list = append(list, f.Fault)
	}
	return list
}

func faults() []fault {
	return slices.Concat(listFaults(), fieldFaults(), typeFaults(), creditFaults())
}

// listFaults change which elements there are, and their order.
func listFaults() []fault {
	return []fault{
		{Fault{"shuffle", "the results in another order"}, func(b *body) {
			b.random.Shuffle(len(b.elements), func(i, k int) { b.elements[i], b.elements[k] = b.elements[k], b.elements[i] })
		}},
		{Fault{"missnomatch", "no element for a contact that was not found"}, func(b *body) {
			b.keep(func(_ int, e element) bool { return b.contacts.Matched(e.row) })
		}},
		{Fault{"missmatch", "no element for a contact that was found"}, func(b *body) {
			b.keep(func(_ int, e element) bool { return !b.contacts.Matched(e.row) })
		}},
		{Fault{"misssome", "no element for each third contact"}, func(b *body) {
			b.keep(func(i int, _ element) bool { return i%some != 0 })
		}},
		{Fault{"missall", "no elements"}, func(b *body) { b.elements = nil }},
		{Fault{"duplicate", "each element twice; the second one says that the contact was not found"}, (*body).duplicate},
		{Fault{"foreign", "elements with an id that is not the client's among the others"}, (*body).foreign},
		{Fault{"truncated", "JSON that ends in the middle, in a body that is complete"}, func(b *body) { b.truncated = true }},
	}
}

// duplicate adds an element with the same custom_fields and other content after each.
func (b *body) duplicate() {
	var all []element
	for _, e := range b.elements {
		again := append([]byte(`{"credit_charged":false,"error":"This is the second element.","custom_fields":`), b.contacts.Fields(e.row)...)
		all = append(all, e, element{text: string(again) + `}`})
	}
	b.elements = all
}

// foreign adds an element of a contact that is not in the job before each third.
func (b *body) foreign() {
	var all []element
	for i, e := range b.elements {
		if i%some == 0 {
			all = append(all, element{text: `{"credit_charged":true,"title":"Foreign","custom_fields":{"enrich_id":"` + b.id() + `"}}`})
		}
		all = append(all, e)
	}
	b.elements = all
}

// fieldFaults change custom_fields.
func fieldFaults() []fault {
	lost := func([]byte) []byte { return nil }
	return []fault{
		{Fault{"nofields", "elements without custom_fields"}, fields(1, lost)},
		{Fault{"nofieldssome", "each third element without custom_fields"}, fields(some, lost)},
		{Fault{"fieldsnull", "custom_fields that are null"}, fields(1, constant(`null`))},
		{Fault{"fieldsempty", "custom_fields that are an empty object"}, fields(1, constant(`{}`))},
		{Fault{"fieldsnumber", "custom_fields that are a number"}, fields(1, constant(`7`))},
		{Fault{"fieldstext", "custom_fields that are a string with the JSON of the object"}, fields(1, quoted)},
		{Fault{"fieldsarray", "custom_fields that are an array with the object"}, fields(1, listed)},
		{Fault{"fieldsmore", "custom_fields with members before and after the client's"}, fields(1, func(f []byte) []byte {
			f = bytes.TrimSpace(f)
			inside := bytes.TrimSpace(f[1 : len(f)-1])
			if len(inside) > 0 {
				inside = slices.Concat(inside, []byte(","))
			}
			return slices.Concat([]byte(`{"crm":{"enrich_id":7},`), inside, []byte(`"source":"api"}`))
		})},
		{Fault{"numberids", "an enrich_id that is a number"}, fields(1, constant(`{"enrich_id":12345678901234567890}`))},
		{Fault{"nullids", "an enrich_id that is null"}, fields(1, constant(`{"enrich_id":null}`))},
		{Fault{"upperids", "custom_fields in upper case"}, fields(1, func(f []byte) []byte {
			return bytes.Replace(bytes.ToUpper(f), []byte(`"ENRICH_ID"`), []byte(`"enrich_id"`), 1)
		})},
		{Fault{"otherids", "ids that are not the client's, in all elements"}, func(b *body) {
			b.each(1, func(e *element) { e.fields = constant(`{"enrich_id":"` + b.id() + `"}`) })
		}},
	}
}

func fields(each int, change func([]byte) []byte) func(*body) {
	return func(b *body) { b.each(each, func(e *element) { e.fields = change }) }
}

func constant(text string) func([]byte) []byte { return func([]byte) []byte { return []byte(text) } }

// quoted returns a string with JSON as its text.
func quoted(b []byte) []byte {
	b = bytes.ReplaceAll(bytes.ReplaceAll(b, []byte(`\`), []byte(`\\`)), []byte(`"`), []byte(`\"`))
	for _, control := range []string{"\n", "\r", "\t"} { // between tokens
		b = bytes.ReplaceAll(b, []byte(control), []byte(" "))
	}
	return slices.Concat([]byte(`"`), b, []byte(`"`))
}

func listed(b []byte) []byte { return slices.Concat([]byte(`[`), b, []byte(`]`)) }

// typeFaults change the types of contacts and of its elements.
func typeFaults() []fault {
	return []fault{
		{Fault{"contactsobject", "contacts that is an object of the elements"}, func(b *body) {
			b.head, b.tail = `{"contacts":{`, `}}`
			for i := range b.elements {
				name := `"` + strconv.Itoa(i) + `":`
				b.elements[i].wrap = func(e []byte) []byte { return slices.Concat([]byte(name), e) }
			}
		}},
		{Fault{"contactsnull", "contacts that is null"}, whole(`{"contacts":null}`)},
		{Fault{"contactstext", "contacts that is a string"}, whole(`{"contacts":"done"}`)},
		{Fault{"contactsnumber", "contacts that is a number"}, whole(`{"contacts":17}`)},
		{Fault{"contactsmissing", "the elements in another member than contacts"}, func(b *body) { b.head = `{"results":[` }},
		{Fault{"contactstwice", "contacts twice, the first time empty"}, func(b *body) { b.head = `{"contacts":[],"contacts":[` }},
		{Fault{"contactslist", "an array of the elements instead of an object"}, func(b *body) { b.head, b.tail = `[`, `]` }},
		{Fault{"elementstext", "elements that are strings with the JSON of the object"}, wrapped(1, quoted)},
		{Fault{"elementsnumber", "elements that are numbers"}, wrapped(1, constant(`17`))},
		{Fault{"elementsnull", "elements that are null"}, wrapped(1, constant(`null`))},
		{Fault{"elementslist", "elements that are arrays with the object"}, wrapped(1, listed)},
		{Fault{"elementssome", "each third element is a string"}, wrapped(some, quoted)},
		{Fault{"elementswrapped", "elements that are objects with the member contact, as the single answer is"}, wrapped(1, func(e []byte) []byte {
			return slices.Concat([]byte(`{"contact":`), e, []byte(`}`))
		})},
	}
}

// whole replaces the results.
func whole(text string) func(*body) {
	return func(b *body) { b.head, b.elements, b.tail = text, nil, "" }
}

func wrapped(each int, change func([]byte) []byte) func(*body) {
	return func(b *body) { b.each(each, func(e *element) { e.wrap = change }) }
}

// creditFaults change what the results say about credits.
func creditFaults() []fault {
	return []fault{
		{Fault{"remaining", "remaining_credits after contacts"}, func(b *body) {
			b.tail = `],"remaining_credits":` + b.left() + `}`
		}},
		{Fault{"remainingfirst", "remaining_credits before contacts"}, func(b *body) {
			b.head = `{"remaining_credits":` + b.left() + `,"contacts":[`
		}},
		{Fault{"remaininginside", "remaining_credits in each element"}, func(b *body) {
			b.each(1, func(e *element) { e.more = `,"remaining_credits":` + b.left() })
		}},
		{Fault{Unpaid, "the credits run out in the middle of the job: elements with an error"}, func(*body) {}},
		{Fault{UnpaidMissing, "the same, without these elements"}, (*body).skipUnpaid},
		{Fault{UnpaidTop, "the same, and an error beside contacts"}, func(b *body) {
			b.skipUnpaid()
			b.tail = `],"error":"You are out of credits.","remaining_credits":0}`
		}},
	}
}

// The faults for which a job must leave the second half of its contacts unpaid.
const (
	Unpaid        = "unpaid"
	UnpaidMissing = "unpaidmissing"
	UnpaidTop     = "unpaidtop"
)

func (b *body) skipUnpaid() {
	b.keep(func(_ int, e element) bool { return !b.contacts.Unpaid(e.row) })
}

func (b *body) left() string { return strconv.FormatInt(b.contacts.Left(), 10) }
