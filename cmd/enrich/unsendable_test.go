package main

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"enrich/contact"
	"enrich/format"
	"enrich/reader"
)

// Rows that cannot be sent are counted by reason, each once, with bounded examples of bounded length, whatever the messages are.
func TestReasonsAreBounded(t *testing.T) {
	var u unsendable
	rows := int64(0)
	add := func(kind contact.Failure, message string) {
		rows++
		u.add(&reader.Row{Number: rows, Line: rows + 1}, kind, message)
	}
	for i := range 10 {
		add(contact.Ragged, fmt.Sprintf("line %d: %q is wrong", i, "cell "+string(rune('a'+i))))
	}
	for i := range 300 {
		add(contact.Invalid, fmt.Sprintf("reason %d: \x1b[31m\u202e%s\nsecond line", i, strings.Repeat("ä", i)))
	}
	for range 3 {
		add(contact.Invalid, "reason 1: always the same")
	}
	list, counted := u.list(), int64(0)
	for i, r := range list {
		counted += r.Rows
		if i > 0 && r.Rows > list[i-1].Rows {
			t.Errorf("%d is behind %d", r.Rows, list[i-1].Rows)
		}
		for _, e := range r.Examples {
			if len(r.Examples) > maxRowExamples || utf8.RuneCountInString(e.Message) > maxReasonLength+1 || strings.ContainsAny(e.Message+r.Reason, "\x1b\n\u202e") {
				t.Errorf("%d examples, %q of %q", len(r.Examples), e.Message, r.Reason)
			}
		}
	}
	if counted != rows || len(list) != maxReasons+2 {
		t.Errorf("%d reasons for %d of %d rows", len(list), counted, rows)
	}
	if list[0].Reason != otherReasons || list[1].Reason != `"…" is wrong` || list[1].Rows != 10 {
		t.Errorf("%+v", list[:2])
	}
}

// The text names each row, by what people see in the file, and does not repeat a message.
func TestReasonText(t *testing.T) {
	r := reason{Examples: []rowExample{{1, 2, "x"}, {2, 2, "x"}, {7, 9, "y"}}}
	for f, expected := range map[format.Format]string{
		format.CSV:  "of them: row 1 (line 2), row 2: x; row 7 (line 9): y",
		format.XLSX: "of them: row 1 (row 2 of the sheet), row 2: x; row 7 (row 9 of the sheet): y",
	} {
		if text := r.text(f); text != expected {
			t.Errorf("%s: %s", f, text)
		}
	}
	var u unsendable
	if u.add(&reader.Row{Number: 1}, contact.Invalid, "no"); !reflect.DeepEqual(u.list()[0].Examples, []rowExample{{1, 0, "no"}}) || (&unsendable{}).list() == nil {
		t.Errorf("%+v", u.list())
	}
}
