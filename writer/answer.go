package writer

import (
	"math"
	"reflect"
	"strings"

	"enrich/internal/jsonscan"
)

// An answer reads bodies into the cells of one result, again and again.
type answer struct {
	cells  []string // in the order of ResultColumns
	root   node
	fields []field
	scan   jsonscan.Scanner[string]
	rest   []byte // reused
}

// A field is a documented one: where its value goes, and how often it was filled.
type field struct {
	name   string // its column without enrich_
	value  *string
	filled int64
}

func newAnswer() *answer {
	columns, paths := ResultColumns(), tags(reflect.TypeFor[ResultRecord](), "api")
	a := &answer{cells: make([]string, len(columns))}
	for i, path := range paths {
		if path != "" {
			a.root.at(path).leaf = &a.cells[i]
			a.fields = append(a.fields, field{name: strings.TrimPrefix(columns[i], "enrich_"), value: &a.cells[i]})
		}
	}
	a.root.at("remaining_credits").told = everything
	a.root.at("contact.remaining_credits").told = everything
	a.root.at("contact.credit_charged").told = boolean
	a.root.at("contact.error").told = text
	return a
}

// read fills the row's fields and Extra from a body, and counts what was filled.
func (a *answer) read(body []byte) error {
	a.root.reset()
	a.scan.Reset(string(body), math.MaxInt)
	a.scan.Object()
	a.root.read(&a.scan)
	if !a.scan.End() {
		return errNoObject
	}
	for i := range a.fields {
		if f := &a.fields[i]; strings.TrimSpace(*f.value) != "" {
			f.filled++
		}
	}
	extra := ""
	if a.rest = a.root.appendRest(append(a.rest[:0], '{')); len(a.rest) > 1 {
		extra = string(append(a.rest, '}'))
	}
	a.cells[len(a.cells)-1] = extra
	return nil
}

// Shapes of members that are told elsewhere: enrich_credit, enrich_message, or on purpose nowhere.
func everything(string) bool    { return true }
func boolean(value string) bool { return value == "true" || value == "false" }
func text(value string) bool    { return value[0] == '"' }
