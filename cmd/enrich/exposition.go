package main

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// An exposition is gauges in Prometheus' text format. Each has the label input, so that the files of several jobs can lie beside
// one another.
type exposition struct {
	strings.Builder
	input string
}

// one adds a gauge of one series, with further labels as names and values.
func (e *exposition) one(name, help string, value float64, labels ...string) {
	e.head(name, help)
	e.sample(name, value, labels...)
}

// each adds a gauge with a series for each value that a label can have.
func (e *exposition) each(name, help, label string, values map[string]int64, all ...string) {
	e.head(name, help)
	for _, v := range all {
		e.sample(name, float64(values[v]), label, v)
	}
}

func (e *exposition) head(name, help string) {
	e.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " gauge\n")
}

func (e *exposition) sample(name string, value float64, labels ...string) {
	e.WriteString(name + `{input="` + labelEscapes.Replace(e.input) + `"`)
	for i := 0; i < len(labels); i += 2 {
		e.WriteString("," + labels[i] + `="` + labelEscapes.Replace(labels[i+1]) + `"`)
	}
	e.WriteString("} " + strconv.FormatFloat(value, 'g', -1, 64) + "\n")
}

// labelEscapes are the three of the format. What is no UTF-8 has no place in it.
var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// seconds are since 1970, to the millisecond.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func known(n *int64) float64 {
	if n == nil {
		return math.NaN()
	}
	return float64(*n)
}
