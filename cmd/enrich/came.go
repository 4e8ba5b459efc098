package main

import (
	"slices"
	"time"

	"enrich/contact"
	"enrich/report"
	"enrich/writer"
)

// came counts the answers of a run's rows by the day they came. The calendar bounds it.
type came struct {
	next interface {
		Write(*writer.Result) error
	}
	days map[int64]*report.Day // by days since 1970
}

const secondsOfDay = int64(day / time.Second)

// Write counts an answer on its way to the file.
func (c *came) Write(r *writer.Result) error {
	at := r.At.Unix() / secondsOfDay
	d, ok := c.days[at]
	if !ok {
		d = &report.Day{}
		c.days[at] = d
	}
	if r.Kind == contact.Matched {
		d.Matched++
	} else {
		d.NoMatch++
	}
	return c.next.Write(r)
}

// shown are the days in order; where there are too many, the months, and at last the years.
func (c *came) shown() []report.Day {
	for _, layout := range []string{"2006-01-02", "2006-01"} {
		if days := c.by(layout); len(days) <= report.MaxDays {
			return days
		}
	}
	return c.by("2006")
}

func (c *came) by(layout string) (list []report.Day) {
	order := make([]int64, 0, len(c.days))
	for at := range c.days {
		order = append(order, at)
	}
	slices.Sort(order)
	for _, at := range order {
		name := time.Unix(at*secondsOfDay, 0).UTC().Format(layout)
		if len(list) == 0 || list[len(list)-1].Name != name {
			list = append(list, report.Day{Name: name})
		}
		last := &list[len(list)-1]
		last.Matched += c.days[at].Matched
		last.NoMatch += c.days[at].NoMatch
	}
	return list
}
