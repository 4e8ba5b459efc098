package metrics

import (
	"bytes"
	"math"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// gauges are what a run writes in Prometheus' text format. Each series has the label input, so that the files of several jobs
// can be in one directory.
type gauges struct {
	input    string
	families []*dto.MetricFamily
}

// add adds a gauge with one series; labels are names and values in turn.
func (e *gauges) add(name, help string, value float64, labels ...string) {
	e.family(name, help)
	e.sample(value, labels...)
}

// addEach adds a gauge with one series for each value of a label.
func (e *gauges) addEach(name, help, label string, counts map[string]int64, values ...string) {
	e.family(name, help)
	for _, v := range values {
		e.sample(float64(counts[v]), label, v)
	}
}

func (e *gauges) family(name, help string) {
	e.families = append(e.families, &dto.MetricFamily{Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum()})
}

func (e *gauges) sample(value float64, labels ...string) {
	m := &dto.Metric{Gauge: &dto.Gauge{Value: &value}}
	labels = append([]string{"input", e.input}, labels...)
	for i := 0; i < len(labels); i += 2 {
		m.Label = append(m.Label, &dto.LabelPair{Name: &labels[i], Value: &labels[i+1]})
	}
	f := e.families[len(e.families)-1]
	f.Metric = append(f.Metric, m)
}

// text returns them in the text format.
func (e *gauges) text() ([]byte, error) {
	var b bytes.Buffer
	for _, f := range e.families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
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
