package report

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"enrich/internal/phrase"
)

// functions are what the template formats with. Those that return HTML are given only numbers and names from this package.
func functions() template.FuncMap {
	return template.FuncMap{
		"n": figure, "group": Group, "percent": percent, "share": share, "bar": bar, "ms": milliseconds, "span": span,
		"each": each, "credits": credits, "bytes": size, "chart": newChart,
		"plural": phrase.Plural[int64], "sub": func(a, b int64) int64 { return a - b }, "len64": func(f []field) int64 { return int64(len(f)) },
		"fields": func(list []field, matched int64) fieldTable { return fieldTable{list, matched} },
	}
}

// figure is a number with its name, so that a machine finds it.
func figure(name string, n int64) template.HTML {
	return template.HTML(fmt.Sprintf(`<data data-figure=%q value="%d">%s</data>`, template.HTMLEscapeString(name), n, Group(n)))
}

// Group is a number in groups of three digits.
func Group(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// share is a part of a whole, 0 to 1; of nothing it is 0.
func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// percent never rounds to 0 % or 100 %.
func percent(part, whole int64) string {
	p := 100 * share(part, whole)
	switch {
	case whole == 0:
		return "–"
	case part > 0 && p < 0.1:
		return "< 0.1 %"
	case part < whole && p > 99.9:
		return "> 99.9 %"
	case p == math.Trunc(p):
		return fmt.Sprintf("%.0f %%", p)
	}
	return fmt.Sprintf("%.1f %%", p)
}

// wholePercent is percent without decimals.
func wholePercent(part, whole int64) string {
	p := 100 * share(part, whole)
	switch {
	case part > 0 && p < 1:
		return "< 1 %"
	case part < whole && p > 99:
		return "> 99 %"
	}
	return fmt.Sprintf("%.0f %%", p)
}

// bar draws a part of a whole; the figures are beside it.
func bar(class string, part, whole int64) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">`+
		`<rect class="rest" width="100" height="10"/><rect class=%q width="%.2f" height="10"/></svg>`,
		template.HTMLEscapeString(class), 100*share(part, whole)))
}

// each is what one of something cost.
func each(credits, of int64) string {
	if of == 0 {
		return "–"
	}
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", float64(credits)/float64(of)), "0"), ".")
}

// credits is the unit after each.
func credits(credits, of int64) string {
	switch each(credits, of) {
	case "–":
		return "nothing to divide by"
	case "1":
		return "credit"
	}
	return "credits"
}

func milliseconds(ms float64) string {
	switch {
	case ms <= 0:
		return "–"
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 10_000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1000)
}

// span is a duration in words that stay short.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// clock is a point of time of the run, as the charts' axis has it.
func clock(d time.Duration) string {
	s := d.Seconds()
	switch {
	case s < 60:
		return strconv.FormatFloat(math.Round(s*100)/100, 'f', -1, 64) + " s"
	case s < 3600:
		return fmt.Sprintf("%d:%02d", int(s)/60, int(s)%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", int(s)/3600, int(s)/60%60, int(s)%60)
}

func size(n int64) string {
	switch {
	case n < 10_000:
		return Group(n) + " bytes"
	case n < 10_000_000:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
