package report

import (
	"slices"
	"time"
)

// AnswersByDay counts answers by the day on which they came, in UTC. It has at most one entry a day.
type AnswersByDay struct {
	days map[int64]*Day // by the number of days since 1970
}

const secondsPerDay = 24 * 60 * 60

// Add counts an answer.
func (a *AnswersByDay) Add(at time.Time, matched bool) {
	n := at.Unix() / secondsPerDay
	d, ok := a.days[n]
	if !ok {
		d = &Day{}
		if a.days == nil {
			a.days = map[int64]*Day{}
		}
		a.days[n] = d
	}
	if matched {
		d.Matched++
	} else {
		d.NoMatch++
	}
}

// List returns the days in order; months if there are more than [MaxDays] days, years if there are more months than that.
func (a *AnswersByDay) List() []Day {
	for _, layout := range []string{"2006-01-02", "2006-01"} {
		if days := a.by(layout); len(days) <= MaxDays {
			return days
		}
	}
	return a.by("2006")
}

// by adds up the days that have the same name in a layout.
func (a *AnswersByDay) by(layout string) (list []Day) {
	order := make([]int64, 0, len(a.days))
	for n := range a.days {
		order = append(order, n)
	}
	slices.Sort(order)
	for _, n := range order {
		name := time.Unix(n*secondsPerDay, 0).UTC().Format(layout)
		if len(list) == 0 || list[len(list)-1].Name != name {
			list = append(list, Day{Name: name})
		}
		last := &list[len(list)-1]
		last.Matched += a.days[n].Matched
		last.NoMatch += a.days[n].NoMatch
	}
	return list
}
