package report

import "math"

// fewMoments are too few for a chart: a table says it better.
const fewMoments = 3

// A series is the moments as columns of numbers, for the charts: no text of the input is in it.
type series struct {
	// Seconds is where each moment begins, and at last where the last one ends.
	Seconds []float64 `json:"seconds"`
	// These are per second.
	Calls   []*float64 `json:"calls"`
	Retried []*float64 `json:"retried"`
	Matched []*float64 `json:"matched"`
	NoMatch []*float64 `json:"no_match"`
	Failed  []*float64 `json:"failed"`
	// These are milliseconds; null where no answer came.
	P50 []*float64 `json:"p50"`
	P90 []*float64 `json:"p90"`
	Max []*float64 `json:"max"`
	// Waited is in hundredths of the time.
	Waited []*float64 `json:"waited"`
}

func newSeries(moments []Moment) *series {
	if len(moments) < fewMoments {
		return nil
	}
	s := &series{}
	for i := range moments {
		s.add(&moments[i])
	}
	last := moments[len(moments)-1]
	s.add(&last) // a step ends where the next one begins
	s.Seconds[len(moments)] = round(last.Until.Seconds())
	return s
}

func (s *series) add(m *Moment) {
	seconds := max((m.Until - m.From).Seconds(), 0.001)
	rate := func(n int64) *float64 { return number(float64(n) / seconds) }
	s.Seconds = append(s.Seconds, round(m.From.Seconds()))
	s.Calls, s.Retried = append(s.Calls, rate(m.Calls)), append(s.Retried, rate(m.Retried))
	s.Matched, s.NoMatch, s.Failed = append(s.Matched, rate(m.Matched)), append(s.NoMatch, rate(m.NoMatch)), append(s.Failed, rate(m.Failed))
	s.P50, s.P90, s.Max = append(s.P50, latency(m.P50)), append(s.P90, latency(m.P90)), append(s.Max, latency(m.Max))
	s.Waited = append(s.Waited, number(min(100, 100*m.Waited.Seconds()/seconds)))
}

func latency(ms float64) *float64 {
	if ms <= 0 {
		return nil
	}
	return number(ms)
}

func number(x float64) *float64 {
	x = round(x)
	return &x
}

func round(x float64) float64 { return math.Round(x*1000) / 1000 }
