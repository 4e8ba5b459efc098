package main

import (
	"fmt"

	"enrich/reader"
)

// sayFooter reports the lines at the end of the input that are not rows.
func (j *job) sayFooter(s reader.Skipped) {
	if s.Lines == 0 {
		return
	}
	where := fmt.Sprint(s.First)
	if s.Last > s.First {
		where = fmt.Sprintf("%d to %d", s.First, s.Last)
	}
	j.printer.Info(fmt.Sprintf("skipped %s, %s", many(s.Lines, "footer line"), where), "event", "footer", "lines", s.Lines, "first", s.First, "last", s.Last)
}
