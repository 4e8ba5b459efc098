package metrics

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ended = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// parse reads a file as Prometheus does, and checks it against Prometheus' own rules.
func parse(t *testing.T, path string) map[string]*dto.MetricFamily {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if problems, err := promlint.New(bytes.NewReader(text)).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v, %v", problems, err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	return families
}

// value returns a gauge; label is the value of any label.
func value(t *testing.T, families map[string]*dto.MetricFamily, name, label string) float64 {
	t.Helper()
	for _, m := range families[name].GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetValue() == label {
				return m.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("no series %s of %q", name, label)
	return 0
}

// TestWhatIsWrittenIsWhatPrometheusReads.
func TestWhatIsWrittenIsWhatPrometheusReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.prom")
	remaining := int64(71)
	run := &Run{
		Input: "leads.csv", Version: "v1", Started: ended.Add(-90 * time.Second), Ended: ended, ExitCode: 4, Stopped: "unauthorized",
		Matched: 1, NoMatch: 2, Failed: 3, Pending: 4, Stale: 5, Failures: map[string]int64{"invalid": 2, "ragged": 1},
		Calls: 6, Retried: 7, Lost: 8, FromLedger: 9, Deduplicated: 10, CreditsCharged: 11, CreditsRemaining: &remaining,
		JobsSubmitted: 12, JobsResumed: 13,
		MedianLatency: 120 * time.Millisecond, P99: 2 * time.Second, Waited: 3 * time.Second,
	}
	if err := Write(path, run); err != nil {
		t.Fatal(err)
	}
	families := parse(t, path)
	for name, expected := range map[[2]string]float64{
		{"enrich_build_info", "v1"}: 1, {"enrich_last_run_timestamp_seconds", "leads.csv"}: float64(ended.Unix()), {completeMetric, "leads.csv"}: 0,
		{"enrich_last_run_duration_seconds", "leads.csv"}: 90, {"enrich_last_run_exit_code", "leads.csv"}: 4, {"enrich_last_run_complete", "leads.csv"}: 0,
		{"enrich_last_run_stopped", "unauthorized"}: 1, {"enrich_last_run_stopped", "cap"}: 0,
		{"enrich_last_run_rows", "matched"}: 1, {"enrich_last_run_rows", "no_match"}: 2, {"enrich_last_run_rows", "failed"}: 3, {"enrich_last_run_rows", "pending"}: 4,
		{"enrich_last_run_stale_rows", "leads.csv"}: 5, {"enrich_last_run_failed_rows", "invalid"}: 2, {"enrich_last_run_failed_rows", "uncertain"}: 0,
		{"enrich_last_run_calls", "leads.csv"}: 6, {"enrich_last_run_retried_calls", "leads.csv"}: 7, {"enrich_last_run_lost_calls", "leads.csv"}: 8,
		{"enrich_last_run_jobs", "submitted"}: 12, {"enrich_last_run_jobs", "resumed"}: 13, {"enrich_last_run_jobs", "expired"}: 0,
		{"enrich_last_run_ledger_rows", "leads.csv"}: 9, {"enrich_last_run_duplicate_rows", "leads.csv"}: 10, {"enrich_last_run_credits", "leads.csv"}: 11,
		{"enrich_account_credits", "leads.csv"}: 71, {"enrich_last_run_median_latency_seconds", "leads.csv"}: 0.12,
		{"enrich_last_run_high_latency_seconds", "leads.csv"}: 2, {"enrich_last_run_waiting_seconds", "leads.csv"}: 3,
	} {
		if got := value(t, families, name[0], name[1]); got != expected {
			t.Errorf("%v: %v, expected %v", name, got, expected)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v: the collector, another user, cannot read it", info.Mode(), err)
	}
}

// TestTheLastCompleteRunIsRemembered by runs that are not complete; a file that cannot be read as metrics has none.
func TestTheLastCompleteRunIsRemembered(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "m.prom"), filepath.Join(dir, "link.prom")
	if err := os.WriteFile(path, []byte("not { metrics\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("m.prom", link); err != nil {
		t.Skip(err)
	}
	for i, step := range []struct {
		complete bool
		expected float64
	}{{false, 0}, {true, float64(ended.Unix()) + 1}, {false, float64(ended.Unix()) + 1}, {false, float64(ended.Unix()) + 1}, {true, float64(ended.Unix()) + 4}} {
		if err := Write(link, &Run{Input: "a.csv", Ended: ended.Add(time.Duration(i) * time.Second), Complete: step.complete}); err != nil {
			t.Fatal(err)
		}
		if got := value(t, parse(t, path), completeMetric, "a.csv"); got != step.expected {
			t.Errorf("step %d: %v, expected %v", i, got, step.expected)
		}
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info.Mode(), err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 2 {
		t.Errorf("%v, %v: a temporary file was left", names, err)
	}
}

// TestEveryRunHasTheSameSeries, also one that failed before its first call, and any file name is a label.
func TestEveryRunHasTheSameSeries(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.prom")
	count := func(r *Run) (n int) {
		t.Helper()
		if err := Write(path, r); err != nil {
			t.Fatal(err)
		}
		for _, f := range parse(t, path) {
			n += len(f.GetMetric())
		}
		return n
	}
	all := count(&Run{Input: "a", Stopped: "cap", Failures: map[string]int64{"invalid": 1}})
	for _, name := range []string{"", `a"b\c`, "line\nbreak", "caf\xe9.csv", strings.Repeat("x", 5000)} {
		if n := count(&Run{Input: name}); n != all {
			t.Errorf("%.20q: %d series, expected %d", name, n, all)
		}
		if v := value(t, parse(t, path), "enrich_account_credits", strings.ToValidUTF8(name, "?")); !math.IsNaN(v) {
			t.Errorf("%.20q: %v credits, expected NaN", name, v)
		}
	}
}

// TestAFailedWriteLeavesTheOldFile.
func TestAFailedWriteLeavesTheOldFile(t *testing.T) {
	if err := Write(filepath.Join(t.TempDir(), "none", "m.prom"), &Run{}); err == nil {
		t.Error("expected an error: the directory does not exist")
	}
}

// TestTheTextIsWhatPrometheusWrites for any value, help and label, and is read back.
func TestTheTextIsWhatPrometheusWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name, label := rapid.StringMatching(`[a-z_]{1,20}`).Draw(t, "name"), rapid.StringMatching(`[a-hj-z_]{1,10}`).Draw(t, "label")
		texts := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a"\\\n{}=, ]*`))
		input, help, labelled := texts.Draw(t, "input"), texts.Draw(t, "help"), texts.Draw(t, "value of the label")
		value := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, 1, -1, math.NaN(), math.Inf(1), math.Inf(-1)})).Draw(t, "value")
		e := gauges{input: strings.ToValidUTF8(input, "?")}
		labelled = strings.ToValidUTF8(labelled, "?")
		e.add(name, help, value, label, labelled)
		inputName := "input"
		var expected bytes.Buffer
		if _, err := expfmt.MetricFamilyToText(&expected, &dto.MetricFamily{
			Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum(),
			Metric: []*dto.Metric{{Gauge: &dto.Gauge{Value: &value}, Label: []*dto.LabelPair{{Name: &inputName, Value: &e.input}, {Name: &label, Value: &labelled}}}},
		}); err != nil {
			t.Fatal(err)
		}
		if e.out.String() != expected.String() {
			t.Fatalf("%q\nexpected %q", e.out.String(), expected.String())
		}
		if got, ok := valueOf(name, e.out.String()); !ok || got != value && !(math.IsNaN(got) && math.IsNaN(value)) {
			t.Fatalf("%v, %v read from %q, expected %v", got, ok, e.out.String(), value)
		}
	})
}
