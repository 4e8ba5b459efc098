package main

import (
	"fmt"
	"testing"
	"time"

	"enrich/contact"
	"enrich/report"
	"enrich/writer"
)

// Days become months, and months years, where there are too many.
func TestDaysAreBounded(t *testing.T) {
	c := came{next: resultsTo(func(*writer.Result) error { return nil }), days: map[int64]*report.Day{}}
	at := time.Date(2020, 1, 31, 23, 59, 59, 0, time.UTC)
	for i, want := range []struct{ first, days string }{{"2020-01-31", "1"}, {"2020-01-31", "59"}, {"2020-01", "23"}, {"2020", "8"}} {
		for range []int{1, 58, 600, 2000}[i] {
			if err := c.Write(&writer.Result{At: at, Kind: contact.Matched}); err != nil {
				t.Fatal(err)
			}
			at = at.Add(day)
		}
		shown := c.shown()
		total := int64(0)
		for _, d := range shown {
			total += d.Matched
		}
		if shown[0].Name != want.first || fmt.Sprint(len(shown)) != want.days || total != int64(len(c.days)) {
			t.Errorf("%d days are %d from %s, want %s from %s", len(c.days), len(shown), shown[0].Name, want.days, want.first)
		}
	}
}

type resultsTo func(*writer.Result) error

func (f resultsTo) Write(x *writer.Result) error { return f(x) }
