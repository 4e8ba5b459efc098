package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"enrich/cmd/enrich/internal/console"
	"enrich/contact"
	"enrich/format"
	"enrich/internal/phrase"
	"enrich/reader"
	"enrich/report"
)

// Bounds of what plan shows of the rows that cannot be sent.
const (
	maxReasons      = 20 // of each kind; rows with further reasons are counted together
	maxRowExamples  = 3  // of each reason
	maxReasonLength = 160
)

// otherReasons is the reason of the rows beyond maxReasons.
const otherReasons = "other reasons"

// A reason is why some rows cannot be sent.
type reason struct {
	Kind contact.Failure `json:"kind"`
	// Reason is the message of these rows; what differs between them is left out.
	Reason   string       `json:"reason"`
	Rows     int64        `json:"rows"`
	Examples []rowExample `json:"examples"`

	common string // the pattern of the messages
}

// A rowExample is a row that cannot be sent: its number among the rows, where it is in the file, and what is wrong.
type rowExample struct {
	Row     int64  `json:"row"`
	Line    int64  `json:"line"`
	Message string `json:"message"`
}

// unsendable collects why rows cannot be sent. Its memory is bounded, and its zero value is empty.
type unsendable struct{ reasons []reason }

// add counts a row.
func (u *unsendable) add(row *reader.Row, kind contact.Failure, message string) {
	text, common := report.Reason(message)
	text, common = reasonText(text), reasonText(common)
	r := u.find(kind, common)
	if r == nil && u.count(kind) >= maxReasons {
		text, common = otherReasons, otherReasons
		r = u.find(kind, common)
	}
	if r == nil {
		u.reasons = append(u.reasons, reason{Kind: kind, Reason: text, common: common})
		r = &u.reasons[len(u.reasons)-1]
	}
	if r.Reason != text {
		r.Reason = r.common
	}
	if r.Rows++; len(r.Examples) < maxRowExamples {
		message, _ = report.Reason(message)
		r.Examples = append(r.Examples, rowExample{row.Number, row.Line, reasonText(message)})
	}
}

func (u *unsendable) find(kind contact.Failure, common string) *reason {
	i := slices.IndexFunc(u.reasons, func(r reason) bool { return r.Kind == kind && r.common == common })
	if i < 0 {
		return nil
	}
	return &u.reasons[i]
}

func (u *unsendable) count(kind contact.Failure) (n int) {
	for i := range u.reasons {
		if u.reasons[i].Kind == kind {
			n++
		}
	}
	return n
}

// list returns the reasons, the most frequent first.
func (u *unsendable) list() []reason {
	list := append([]reason{}, u.reasons...)
	slices.SortStableFunc(list, func(a, b reason) int { return cmp.Compare(b.Rows, a.Rows) })
	return list
}

// reasonText bounds a message and keeps it on one line. The result does not share memory with a row.
func reasonText(s string) string {
	return strings.Clone(phrase.Shorten(strings.ReplaceAll(console.Plain(s), "\n", " "), maxReasonLength))
}

// text shows the examples of a reason, each with its row. Rows with the same message share it.
func (r *reason) text(f format.Format) string {
	var parts []string
	for i := 0; i < len(r.Examples); {
		message := r.Examples[i].Message
		var rows []string
		for ; i < len(r.Examples) && r.Examples[i].Message == message; i++ {
			rows = append(rows, r.Examples[i].place(f))
		}
		parts = append(parts, strings.Join(rows, ", ")+": "+message)
	}
	return "of them: " + strings.Join(parts, "; ")
}

// place names the row by its number and, if that is another, by the line of the file or the row of the sheet.
func (e *rowExample) place(f format.Format) string {
	switch {
	case e.Line == e.Row || e.Line == 0:
		return fmt.Sprintf("row %d", e.Row)
	case f == format.XLSX:
		return fmt.Sprintf("row %d (row %d of the sheet)", e.Row, e.Line)
	}
	return fmt.Sprintf("row %d (line %d)", e.Row, e.Line)
}
