package main

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"enrich/report"
)

// A figure is a number and what it counts, as plan and ledger stats print it.
type figure struct {
	n         int64
	one, more string // more "": as one
	when      when
}

// A when says when a figure is printed.
type when uint8

const (
	always when = iota
	ifAny       // unless n is 0
)

// printFigures prints one figure a line, the number first. Programs read these numbers: they have no separators.
func printFigures(w io.Writer, width int, figures []figure) error {
	for _, f := range figures {
		what := f.one
		if f.n != 1 && f.more != "" {
			what = f.more
		}
		if f.n == 0 && f.when == ifAny {
			continue
		}
		if _, err := fmt.Fprintf(w, "%*d %s\n", width, f.n, what); err != nil {
			return err
		}
	}
	return nil
}

// countsText lists a map in order: "3 invalid, 1 rejected".
func countsText(m map[string]int64) string {
	names := byCount(m)
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %s", report.Group(m[name]), name)
	}
	return strings.Join(names, ", ")
}

// byCount are the names of a map, the most frequent first.
func byCount(m map[string]int64) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Slice(names, func(a, b int) bool {
		return m[names[a]] > m[names[b]] || m[names[a]] == m[names[b]] && names[a] < names[b]
	})
	return names
}

// times returns how often: "once", "twice", "3 times".
func times(n int64) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}
