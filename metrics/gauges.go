package metrics

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// gauges are what a run writes in Prometheus' text format, version 0.0.4. Each series has the label input, so that the files of
// several jobs can be in one directory.
//
// Prometheus' own package for the format is a parser for all of its forms and brings Protocol Buffers. Gauges need a few lines; the
// tests compare them with what that package writes.
type gauges struct {
	input string
	out   bytes.Buffer
}

// add adds a gauge with one series; labels are names and values in turn.
func (e *gauges) add(name, help string, value float64, labels ...string) {
	e.family(name, help)
	e.sample(name, value, labels...)
}

// addEach adds a gauge with one series for each value of a label.
func (e *gauges) addEach(name, help, label string, counts map[string]int64, values ...string) {
	e.family(name, help)
	for _, v := range values {
		e.sample(name, float64(counts[v]), label, v)
	}
}

func (e *gauges) family(name, help string) {
	help = strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(help)
	fmt.Fprintf(&e.out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
}

// sample adds a series. The values of labels are valid UTF-8.
func (e *gauges) sample(name string, value float64, labels ...string) {
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace
	fmt.Fprintf(&e.out, `%s{input="%s"`, name, escape(e.input))
	for i := 0; i < len(labels); i += 2 {
		fmt.Fprintf(&e.out, `,%s="%s"`, labels[i], escape(labels[i+1]))
	}
	if value == 0 {
		value = 0 // not -0
	}
	fmt.Fprintf(&e.out, "} %s\n", strconv.FormatFloat(value, 'g', -1, 64))
}

// valueOf returns the value of a gauge's first series in a text that was written by gauges; false if there is none.
func valueOf(name, text string) (float64, bool) {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, name+"{") {
			continue
		}
		// A label may contain any character, a value no bracket.
		value, err := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndexByte(line, '}')+1:]), 64)
		return value, err == nil
	}
	return 0, false
}

// oneIf returns 1 for true and 0 for false.
func oneIf(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// orNaN returns NaN for nil.
func orNaN(n *int64) float64 {
	if n == nil {
		return math.NaN()
	}
	return float64(*n)
}
