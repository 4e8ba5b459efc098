package report

import (
	"fmt"
	"testing"
	"time"
)

// TestDaysAreBounded: if there are too many days they become months, and months become years.
func TestDaysAreBounded(t *testing.T) {
	a := AnswersByDay{}
	at := time.Date(2020, 1, 31, 23, 59, 59, 0, time.UTC)
	for i, expected := range []struct{ first, days string }{{"2020-01-31", "1"}, {"2020-01-31", "59"}, {"2020-01", "23"}, {"2020", "8"}} {
		for range []int{1, 58, 600, 2000}[i] {
			a.Add(at, true)
			at = at.AddDate(0, 0, 1)
		}
		shown := a.List()
		total := int64(0)
		for _, d := range shown {
			total += d.Matched
		}
		if shown[0].Name != expected.first || fmt.Sprint(len(shown)) != expected.days || total != int64(len(a.days)) {
			t.Errorf("%d days are %d from %s, expected %s from %s", len(a.days), len(shown), shown[0].Name, expected.days, expected.first)
		}
	}
}
