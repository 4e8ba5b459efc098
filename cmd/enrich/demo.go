package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gocarina/gocsv"
	"github.com/spf13/cobra"

	"enrich/client/fakeapi"
	"enrich/cmd/enrich/internal/console"
	"enrich/internal/phrase"
	"enrich/samples"
	"enrich/writer"
)

const (
	demoKey = "demo-key"
	// demoReport is the page about the run on the CRM's export.
	demoReport = "crm-export.report.html"
	// revokedAfter is how many calls the key of the third run is good for.
	revokedAfter = 6

	longDemo = `Runs on two small samples against a stand-in for the API on a loopback port: no key, no network.
All it writes, the ledger included, is in ./` + demoDir + `, which is cleared first if an earlier demo made it.`
)

func demoCommand(w world) *cobra.Command {
	return &cobra.Command{
		Use: "demo", Short: "Try it: samples against a stand-in API, no key, no network",
		Long: longDemo, Example: "  enrich demo\n  column -s, -t < enrich-demo/crm-export.results.csv | less -S", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return demonstrate(w) },
	}
}

// A demo runs the parts of `enrich demo`. Its world has an environment of its own, so that nothing of the user's is used.
type demo struct {
	world world
	api   *fakeapi.Server
}

// demonstrate runs all parts. It returns an error if one did not end as expected.
func demonstrate(w world) error {
	if err := clearDemo(); err != nil {
		return err
	}
	api, err := fakeapi.Listen(context.Background(), "127.0.0.1:0", demoOptions())
	if err != nil {
		return err
	}
	defer api.Close()
	w.lookupEnv = demoEnv
	d := demo{w, api}
	for _, part := range []func() error{d.csv, d.jsonl, d.revoked, d.again} {
		if err := part(); err != nil {
			return err
		}
	}
	d.say("done: no answer was paid for twice, and every row is accounted for")
	d.note("everything is in ./%s: look at %s beside %s", demoDir, "crm-export.results.csv", samples.CRMExport)
	d.note("the report of the first run: open %s in a browser", filepath.Join(demoDir, demoReport))
	d.note("with your own key: SELLING_API_KEY=… enrich run leads.csv")
	return nil
}

// demoEnv is an environment with nothing but the key in it.
func demoEnv(name string) (string, bool) {
	if name == "SELLING_API_KEY" {
		return demoKey, true
	}
	return "", false
}

// demoOptions make an API that takes long enough for its calls to be watched.
func demoOptions() fakeapi.Options {
	return fakeapi.Options{
		Keys: []string{demoKey}, Credits: 100, Latency: 60 * time.Millisecond, LatencyJitter: 60 * time.Millisecond,
	}
}

func (d *demo) csv() error {
	d.say("1. a CRM export, as it is: quotes, umlauts, a duplicate, rows that cannot be sent")
	if err := d.run(d.api, ".", samples.CRMExport, demoReport, exitFailedRows); err != nil {
		return err
	}
	d.note("every row is in one of two files, with all its columns; some of the fields filled:")
	if err := showRows[demoResult](d, "crm-export.results.csv", demoResults); err != nil {
		return err
	}
	d.note("and why rows failed:")
	return showRows[demoFailure](d, "crm-export.failures.csv", demoFailures)
}

// demoResults and demoFailures are how many rows are shown; the sample has fewer failures. demoLine is how many characters of a
// row are shown.
const (
	demoResults  = 5
	demoFailures = 10
	demoLine     = 110
)

func (d *demo) jsonl() error {
	d.say("2. JSONL: objects stay as they are; one answer is cut off, and counts as lost, because it may have been charged")
	return d.run(d.api, ".", samples.Leads, "leads.report.html", exitFailedRows)
}

// revoked runs against an API of its own, from which the ledger has no answers.
func (d *demo) revoked() error {
	d.say("3. the key is revoked in the middle of a run: it stops, keeps what it has, and leaves the other rows pending")
	o := demoOptions()
	o.RevokeAfter = revokedAfter
	api, err := fakeapi.Listen(context.Background(), "127.0.0.1:0", o)
	if err != nil {
		return err
	}
	defer api.Close()
	return d.run(api, demoRevoked, samples.CRMExport, demoReport, exitRefused)
}

// again repeats the first run: no contact that was answered is sent again.
func (d *demo) again() error {
	results := filepath.Join(demoDir, "crm-export.results.csv")
	first, err := os.ReadFile(results)
	if err != nil {
		return err
	}
	before := d.api.Stats()
	d.say("4. the first command again: answered contacts are in the ledger and cost nothing; only what the API refused is sent again")
	if err := d.run(d.api, ".", samples.CRMExport, "again.report.html", exitFailedRows); err != nil {
		return err
	}
	after := d.api.Stats()
	second, err := os.ReadFile(results)
	if err != nil {
		return err
	}
	d.note("the API's own count: %s before and %d after, %s charged before and %d after",
		console.Count(before.Calls, "call"), after.Calls, console.Count(before.Charged, "credit"), after.Charged)
	switch {
	case after.Charged != before.Charged:
		return errors.New("internal error, please report: the second run of the demo was charged")
	case !bytes.Equal(first, second):
		return errors.New("internal error, please report: the second run of the demo wrote other results")
	}
	d.note("the results are the same, byte for byte")
	return nil
}

// run is `enrich run` on a sample, with a command line that can be tried by hand.
func (d *demo) run(api *fakeapi.Server, out, sample, report string, want int) error {
	args := []string{
		"run", "--url", api.URL, "--ledger", filepath.Join(demoDir, "ledger.db"), "--workers", "4",
		"--out", filepath.Join(demoDir, out), "--report", filepath.Join(demoDir, out, report), filepath.Join(demoDir, sample),
	}
	d.tell("$ enrich %s\n", strings.Join(args, " "))
	switch code := execute(args, d.world); code {
	case want:
		return nil
	case exitSIGHUP, exitSIGINT, exitSIGTERM:
		return exitStatus(code)
	default:
		return fmt.Errorf("demo: the run ended with exit code %d, expected %d", code, want)
	}
}

// say prints the heading of a part.
func (d *demo) say(format string, args ...any) {
	d.tell("\n"+format+"\n", args...)
}

// note prints a line of a part.
func (d *demo) note(format string, args ...any) {
	d.tell("   "+format+"\n", args...)
}

func (d *demo) tell(format string, args ...any) {
	_, _ = fmt.Fprintf(d.world.stderr, format, args...) // there is nobody to tell
}

const (
	demoDir = "enrich-demo"
	// demoMarker is the file by which a directory is known to be a demo's: only such a one is ever cleared.
	demoMarker = ".made-by-enrich-demo"
	// demoRevoked is the directory for the outputs of the run whose key is revoked.
	demoRevoked = "revoked"
)

// clearDemo makes the directory, with the samples in it. A former demo's is removed; any other is left alone.
func clearDemo() error {
	entries, err := os.ReadDir(demoDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return usage(fmt.Errorf("./%s is in the way: %w", demoDir, err))
	case len(entries) > 0:
		if info, err := os.Lstat(filepath.Join(demoDir, demoMarker)); err != nil || !info.Mode().IsRegular() {
			return usage(fmt.Errorf("./%s was not made by an earlier demo: move it away, or run the demo elsewhere", demoDir))
		}
		if err := os.RemoveAll(demoDir); err != nil {
			return fmt.Errorf("clear ./%s: %w", demoDir, err)
		}
	}
	return makeDemo()
}

func makeDemo() error {
	if err := os.MkdirAll(demoDir, 0o700); err != nil {
		return fmt.Errorf("make ./%s: %w", demoDir, err)
	}
	// The marker comes first: what a demo that was killed leaves behind can be cleared by the next one.
	if err := os.WriteFile(filepath.Join(demoDir, demoMarker), nil, 0o600); err != nil {
		return fmt.Errorf("make ./%s: %w", demoDir, err)
	}
	if err := os.Mkdir(filepath.Join(demoDir, demoRevoked), 0o700); err != nil {
		return fmt.Errorf("make ./%s: %w", demoDir, err)
	}
	for _, name := range []string{samples.CRMExport, samples.Leads} {
		text, err := fs.ReadFile(samples.Files(), name)
		if err == nil {
			err = os.WriteFile(filepath.Join(demoDir, name), text, 0o600)
		}
		if err != nil {
			return fmt.Errorf("copy a sample to ./%s: %w", demoDir, err)
		}
	}
	return nil
}

// A demoResult and a demoFailure are rows of the demo's outputs.
type (
	demoResult struct {
		ID string `csv:"Record ID"`
		writer.ResultRecord
	}
	demoFailure struct {
		ID string `csv:"Record ID"`
		writer.FailureRecord
	}
)

// cells returns what the demo shows of a row.
func (r demoResult) cells() []string {
	return []string{r.ID, r.Status, r.Title, r.CompanyName, strconv.FormatBool(r.Credit)}
}

func (r demoFailure) cells() []string { return []string{r.ID, string(r.Kind), r.Message} }

// showRows prints the first rows of one of the demo's outputs.
func showRows[T interface{ cells() []string }](d *demo, name string, limit int) error {
	f, err := os.Open(filepath.Join(demoDir, name))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	var rows []T
	if err := gocsv.UnmarshalFile(f, &rows); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	for _, row := range rows[:min(len(rows), limit)] {
		d.note("  %s", console.Plain(phrase.Shorten(strings.Join(row.cells(), " | "), demoLine)))
	}
	return nil
}
