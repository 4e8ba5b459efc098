package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/settings"
	"enrich/format"
	"enrich/publish"
	"enrich/reader"
)

// outputPaths are where the outputs go; "" if one is not written.
type outputPaths struct{ results, failures, summary, pending, report string }

// namedOutputs returns the outputs that flags name.
func namedOutputs(s *settings.Settings) outputPaths {
	return outputPaths{results: s.Results, failures: s.Failures, summary: s.Summary, pending: s.Pending, report: s.Report}
}

// A target is an output: the flag that names it, without dashes, and its path; "" if there is none.
type target struct{ flag, path string }

// all lists the outputs, the summary last.
func (o *outputPaths) all() []target {
	return []target{{"results", o.results}, {"failures", o.failures}, {"pending", o.pending}, {"report", o.report}, {"summary", o.summary}}
}

// chooseOutputs names the outputs and checks that they can be written, before anything is called or created.
func (j *job) chooseOutputs(info reader.Info) error {
	s := j.settings
	j.info = info
	if err := j.chooseFormats(); err != nil {
		return usage(err)
	}
	if s.NoOutputs {
		return nil
	}
	j.paths = namedOutputs(s)
	for _, o := range []struct {
		path *string
		what string
	}{
		{&j.paths.results, "results." + string(j.format)}, {&j.paths.failures, "failures." + string(j.format)}, {&j.paths.summary, "summary.json"},
	} {
		if *o.path == "" {
			*o.path = j.outputPath(o.what)
			if err := publish.CheckTarget(*o.path); err != nil {
				return usage(j.outError(err))
			}
		}
	}
	protected, named := protectedFiles(s, j.place, j.world.lookupEnv), map[string]string{}
	for _, t := range j.paths.all() {
		if err := j.checkTarget(t.flag, t.path, protected, named); err != nil {
			return usage(problem.Wrap(err, "output", t.flag, ""))
		}
	}
	if err := j.checkRedirection(named["-"]); err != nil {
		return usage(err)
	}
	return j.refuseOtherInput()
}

// checkTarget checks that an output can be written to a path, and that nothing else is there: another output, a file of protected, or
// the input. named has the flags of the outputs so far, by their paths.
func (j *job) checkTarget(flag, path string, protected []publish.Protected, named map[string]string) error {
	if path == "" {
		return nil
	}
	place := publish.Canonical(path)
	if other, twice := named[place]; twice && place != os.DevNull {
		return fmt.Errorf("%q is also the path of --%s", path, other)
	}
	named[place] = flag
	if path == "-" {
		return j.checkStandardOutput(protected)
	}
	if err := publish.CheckTarget(path); err != nil {
		return err
	}
	for _, p := range protected {
		if p.Is(path) {
			return fmt.Errorf("%q is %s: name another file", path, p.What)
		}
	}
	if in := j.openedInput(); in != nil {
		same, err := publish.SameFile(in, path)
		if err != nil {
			return err
		}
		if same {
			return fmt.Errorf("%q is the input: name another file", path)
		}
	}
	return nil
}

// openedInput returns the open file that a command reads; nil if it is none. Standard input is one if it is redirected from a file.
func (j *job) openedInput() *os.File {
	if j.input.File != nil {
		return j.input.File
	}
	return j.world.redirectedInput(j.name)
}

// checkStandardOutput checks that standard output is not redirected to the input or to a file of protected, as by the shell's >>: what
// is appended to the input would be read as its rows.
func (j *job) checkStandardOutput(protected []publish.Protected) error {
	out := j.world.out.File()
	if out == nil {
		return nil
	}
	if publish.SameOpenFile(j.openedInput(), out) {
		return errStdoutIsInput
	}
	for _, p := range protected {
		if p.IsOpen(out) {
			return fmt.Errorf("standard output is %s: redirect it to another file", p.What)
		}
	}
	return nil
}

// checkRedirection checks that the file to which standard output is redirected is not replaced by another output. flag names the output
// that goes to standard output; "" if none does.
func (j *job) checkRedirection(flag string) error {
	out := j.world.out.File()
	if out == nil || flag == "" {
		return nil
	}
	for _, t := range j.paths.all() {
		if t.path == "" || publish.Canonical(t.path) == "-" {
			continue
		}
		if same, err := publish.SameFile(out, t.path); err == nil && same {
			return problem.Wrap(fmt.Errorf("--%s: %q is also where standard output goes, and with it --%s", t.flag, t.path, flag), "output", t.flag, "")
		}
	}
	return nil
}

// errStdoutIsInput is the error of `enrich read leads.csv >> leads.csv`.
var errStdoutIsInput = errors.New("standard output is the input: redirect it to another file")

// outputPath returns where an output goes that no flag names: --out, or the directory of the input as it was typed. That is not
// cleaned, because the parent of a linked directory is another.
func (j *job) outputPath(what string) string {
	name := j.input.Stem + "." + what
	if j.settings.Out != "" {
		return filepath.Join(j.settings.Out, name)
	}
	if j.input.Unnamed {
		return name
	}
	dir, _ := filepath.Split(j.name)
	return dir + name
}

// outError returns the error of a directory for the outputs that cannot be used. If --out looks like a file, the advice is
// the flag that names one.
func (j *job) outError(err error) error {
	out := j.settings.Out
	info, statErr := os.Stat(out)
	if out == "-" || statErr == nil && !info.IsDir() || statErr != nil && slices.Contains(format.Names(format.Outputs()), strings.TrimPrefix(filepath.Ext(out), ".")) {
		err = fmt.Errorf("%q is not a directory", out)
		return problem.Wrap(err, "output_directory", "out", "to name the results file, use --results "+console.Name(out))
	}
	return problem.Wrap(err, "output_directory", "out", "")
}

// inputPath returns the input's path relative to the directory of the summary, or "-" for standard input and devices.
func (j *job) inputPath() string {
	if j.input.Unnamed {
		return "-"
	}
	return publish.Relative(publish.Dir(j.paths.summary), j.name)
}

// protectedFiles are those that a command reads or writes besides its input and outputs: an output in place of the ledger would
// throw away what was paid for.
func protectedFiles(s *settings.Settings, place settings.LedgerPlace, lookup settings.Lookup) []publish.Protected {
	var files []publish.Protected
	if ledger := place.File; ledger != "" {
		files = append(files, publish.Protected{Path: ledger, What: "the ledger"})
		for _, suffix := range [...]string{"-wal", "-shm", "-journal", ".lock", ".lock.pid"} { // beside the file that a link leads to
			files = append(files, publish.Protected{Path: publish.Canonical(ledger) + suffix, What: "a part of the ledger"})
		}
	}
	if f := s.KeyFile(lookup); f != "" {
		files = append(files, publish.Protected{Path: f, What: "the file with the API key"})
	}
	if f := s.CAFile; f != "" {
		files = append(files, publish.Protected{Path: f, What: "the file with the certificates"})
	}
	if f := s.Config; f != "" {
		files = append(files, publish.Protected{Path: f, What: "the config file"})
	}
	return files
}

// files are the paths of the outputs relative to the summary's folder, so that they are found from any other.
func (j *job) files() map[string]string {
	files := map[string]string{}
	for _, t := range j.paths.all() {
		switch {
		case t.path == "" || t.flag == "summary":
		case publish.Canonical(t.path) == "-":
			files[t.flag] = "-"
		default:
			files[t.flag] = publish.Relative(publish.Dir(j.paths.summary), t.path)
		}
	}
	return files
}
