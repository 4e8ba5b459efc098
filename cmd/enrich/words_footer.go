package main

import (
	"fmt"

	"enrich/cmd/enrich/internal/console"
	"enrich/reader"
)

// sayFooter reports the lines at the end of the input that are not rows.
func (j *job) sayFooter(s reader.Lines) {
	if s.Count == 0 {
		return
	}
	where := fmt.Sprint(s.First)
	if s.Last > s.First {
		where = fmt.Sprintf("%d to %d", s.First, s.Last)
	}
	j.printer.Info(fmt.Sprintf("skipped %s, %s", console.Count(s.Count, "footer line"), where), "event", "footer", "lines", s.Count, "first", s.First, "last", s.Last)
}
