package main

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"enrich/client/fakeapi"
)

// metrics reads a file as Prometheus would, and checks it by Prometheus' own rules.
func (s *stage) metrics(name string) map[string]*dto.MetricFamily {
	s.t.Helper()
	text, err := os.ReadFile(s.path(name))
	if err != nil {
		s.t.Fatal(err)
	}
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		s.t.Errorf("promlint: %v, %v", problems, err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		s.t.Fatalf("%v:\n%s", err, text)
	}
	info, err := os.Stat(s.path(name))
	if err != nil || info.Mode().Perm() != 0o644 {
		s.t.Errorf("the collector, another user, cannot read it: %v, %v", info.Mode(), err)
	}
	return families
}

// series are the names and labels of all.
func series(families map[string]*dto.MetricFamily) (all []string) {
	for name, f := range families {
		for _, m := range f.GetMetric() {
			labels := ""
			for _, l := range m.GetLabel() {
				if l.GetName() != "version" && l.GetName() != "go_version" {
					labels += l.GetName() + "=" + l.GetValue() + ","
				}
			}
			all = append(all, name+"{"+labels+"}")
		}
	}
	return all
}

func gaugeOf(t *testing.T, families map[string]*dto.MetricFamily, name, value string) float64 {
	t.Helper()
	for _, m := range families[name].GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetValue() == value {
				return m.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("there is no %s of %s", name, value)
	return 0
}

// TestMetricsSayWhatTheSummarySays, however a run ends, with the same series each time.
func TestMetricsSayWhatTheSummarySays(t *testing.T) {
	s := newStage(t, fakeapi.Options{Match: 1, RevokeAfter: 30})
	s.list("l.csv", 20, "")
	s.run(exitOK, "run", "--metrics", "m.prom", "l.csv")
	first, sum := s.metrics("m.prom"), s.summary("l.summary.json")
	for name, want := range map[[2]string]float64{
		{"enrich_last_run_exit_code", "l.csv"}: 0, {"enrich_last_run_complete", "l.csv"}: 1, {"enrich_last_run_rows", "matched"}: 20,
		{"enrich_last_run_rows", "pending"}: 0, {"enrich_last_run_calls", "l.csv"}: 20, {"enrich_last_run_credits", "l.csv"}: 20,
		{"enrich_last_run_stopped", "unauthorized"}: 0, {"enrich_account_credits", "l.csv"}: float64(*sum.Credits.Remaining),
	} {
		if got := gaugeOf(t, first, name[0], name[1]); got != want {
			t.Errorf("%v: %v, expected %v", name, got, want)
		}
	}
	complete := gaugeOf(t, first, "enrich_last_complete_run_timestamp_seconds", "l.csv")
	if last := gaugeOf(t, first, "enrich_last_run_timestamp_seconds", "l.csv"); complete != last || last < float64(sum.FinishedAt.Unix()) {
		t.Errorf("it ended at %v, complete at %v", last, complete)
	}

	s.list("l.csv", 40, "x") // the key is revoked in the middle
	s.run(exitRefused, "run", "--workers", "1", "--metrics", "m.prom", "l.csv")
	stopped := s.metrics("m.prom")
	if gaugeOf(t, stopped, "enrich_last_complete_run_timestamp_seconds", "l.csv") != complete || gaugeOf(t, stopped, "enrich_last_run_timestamp_seconds", "l.csv") <= complete {
		t.Error("the last complete run is not the first one any more")
	}
	if n := gaugeOf(t, stopped, "enrich_last_run_rows", "pending"); n != 30 || gaugeOf(t, stopped, "enrich_last_run_stopped", "unauthorized") != 1 {
		t.Errorf("%v pending", n)
	}

	c := s.command("run", "--metrics", "m.prom", "--api-key-file", "none.txt", "l.csv")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	c.ends(exitUsage)
	broken := s.metrics("m.prom")
	if gaugeOf(t, broken, "enrich_last_run_exit_code", "l.csv") != exitUsage || gaugeOf(t, broken, "enrich_last_complete_run_timestamp_seconds", "l.csv") != complete {
		t.Error("a job that breaks is not seen")
	}
	if v := gaugeOf(t, broken, "enrich_account_credits", "l.csv"); !math.IsNaN(v) {
		t.Errorf("%v credits, and nobody told", v)
	}
	for _, later := range []map[string]*dto.MetricFamily{stopped, broken} {
		if got, want := len(series(later)), len(series(first)); got != want {
			t.Errorf("%d series, the first run had %d", got, want)
		}
	}
}

// TestMetricsOverwriteNothing that is something else, and a failure to write them is said.
func TestMetricsOverwriteNothing(t *testing.T) {
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("l.csv", 3, "")
	s.list("l.prom", 3, "")
	before, err := os.ReadFile(s.path("l.prom"))
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--metrics", "l.prom", "l.prom"},
		{"--metrics", "l.csv", "l.csv"},
		{"--metrics", "-", "l.csv"},
		{"--metrics", "none/m.prom", "l.csv"},
		{"--metrics", "m.prom", "--failures", "m.prom", "l.csv"},
		{"--metrics", "m.prom", "--ledger", "m.prom", "l.csv"},
	} {
		if c := s.run(exitUsage, append([]string{"run"}, args...)...); !strings.Contains(c.said.String(), "--metrics") {
			t.Errorf("%q: %s", args, &c.said)
		}
	}
	if after, err := os.ReadFile(s.path("l.prom")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the input was overwritten: %v", err)
	}
	s.absent("m.prom", "l.results.csv")
	if calls := s.api.Stats().Calls; calls > 0 {
		t.Errorf("%d calls", calls)
	}
}

// TestAFailureOfTheMetricsAloneIsAWarning: the exit code is the run's. 1 would say that nothing was published.
func TestAFailureOfTheMetricsAloneIsAWarning(t *testing.T) {
	for name, tt := range map[string]struct {
		options fakeapi.Options
		want    int
	}{
		"all is answered":  {fakeapi.Options{Match: 1, Latency: 20 * time.Millisecond}, exitOK},
		"the key is wrong": {fakeapi.Options{RevokeAfter: 10, Match: 1, Latency: 20 * time.Millisecond}, exitRefused},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, tt.options)
			s.list("l.csv", 40, "")
			if err := os.Mkdir(s.path("metrics"), 0o700); err != nil {
				t.Fatal(err)
			}
			c := s.start("run", "--workers", "2", "--metrics", "metrics/m.prom", "--quiet", "l.csv")
			s.heard(4)
			if err := os.RemoveAll(s.path("metrics")); err != nil {
				t.Fatal(err)
			}
			c.ends(tt.want)
			if !strings.Contains(c.said.String(), `--metrics: "metrics/m.prom" was not written`) {
				t.Error(c.said.String())
			}
			if sum := s.summary("l.summary.json"); sum.ExitCode != tt.want {
				t.Errorf("the summary says %d, the run ended with %d", sum.ExitCode, tt.want)
			}
		})
	}
}

// TestTheMetricsTargetIsCheckedBeforeAnyCall, and a link to it is followed.
func TestTheMetricsTargetIsCheckedBeforeAnyCall(t *testing.T) {
	s := newStage(t, fakeapi.Options{Match: 1})
	s.list("l.csv", 3, "")
	if err := os.Mkdir(s.path("dir.prom"), 0o700); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"null.prom": os.DevNull, "nowhere.prom": "none/m.prom", "loop.prom": "loop.prom", "linked.prom": "m.prom"} {
		if err := os.Symlink(to, s.path(link)); err != nil {
			t.Skip(err)
		}
	}
	for _, target := range []string{"dir.prom", "null.prom", "nowhere.prom", "loop.prom"} {
		if c := s.run(exitUsage, "run", "--metrics", target, "l.csv"); !strings.Contains(c.said.String(), "--metrics") {
			t.Errorf("%s: %s", target, &c.said)
		}
	}
	s.calls(0)
	s.run(exitOK, "run", "--metrics", "linked.prom", "l.csv")
	s.metrics("m.prom")
	if info, err := os.Lstat(s.path("linked.prom")); err != nil || info.Mode().IsRegular() {
		t.Errorf("the link was replaced: %v", err)
	}
}
