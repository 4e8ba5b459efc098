package report

// A chart is a drawing with its table.
type chart struct {
	Name, Title string
	Drawn       bool
	Columns     []string
	Lines       [][]string
}

// newChart makes the table of one chart.
func newChart(name, title string, v *view) chart {
	c := chart{Name: name, Title: title, Drawn: v.Series != nil}
	var cells func(*Moment) []string
	switch name {
	case "rates":
		c.Columns = []string{"calls", "retries", "matched", "no match", "failed", "lost"}
		cells = func(m *Moment) []string {
			return []string{Group(m.Calls), Group(m.Retried), Group(m.Matched), Group(m.NoMatch), Group(m.Failed), Group(m.Lost)}
		}
	case "latency":
		c.Columns = []string{"median", "p90", "maximum"}
		cells = func(m *Moment) []string {
			return []string{milliseconds(m.P50), milliseconds(m.P90), milliseconds(m.Max)}
		}
	default:
		c.Columns = []string{"waiting"}
		cells = func(m *Moment) []string { return []string{span(m.Waited)} }
	}
	for i := range v.Moments {
		m := &v.Moments[i]
		c.Lines = append(c.Lines, append([]string{clock(m.From), clock(m.Until)}, cells(m)...))
	}
	return c
}
