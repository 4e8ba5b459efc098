package main

import (
	"context"
	"fmt"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/shutdown"
	"enrich/pipeline"
	"enrich/publish"
)

// previousOutputs returns the outputs that this run would replace, or nil.
func (j *job) previousOutputs() (*publish.Previous, error) {
	return publish.Find(publish.Location{Summary: j.paths.summary, Usual: j.outputPath("summary.json"), Results: j.paths.results})
}

// refuseOtherInput returns an error if the outputs in place are those of another input, unless --replace is given.
func (j *job) refuseOtherInput() error {
	if j.settings.Replace {
		return nil
	}
	flag := "out"
	if j.settings.Summary != "" {
		flag = "summary"
	}
	p, err := j.previousOutputs()
	if err != nil {
		return usage(fmt.Errorf("--%s: the summary in place cannot be read: %w; move it away, or use --replace", flag, err))
	}
	if p == nil {
		return nil
	}
	same, err := j.isOfThisInput(j.shutdown.Interrupted, p)
	if sig := j.shutdown.Signal(); err != nil && sig != nil {
		return shutdown.Interruption{Signal: sig}
	}
	if err != nil || same {
		return err
	}
	return usageOf("other_input", fmt.Errorf("--%s: %q and its results are of another input (%s): name another directory with --out, or use --replace",
		flag, p.Summary, console.Quote(p.InputPath, maxQuoted)))
}

// isOfThisInput reports whether the outputs in place are those of this command's input.
func (j *job) isOfThisInput(ctx context.Context, p *publish.Previous) (same bool, err error) {
	in := publish.Input{Path: j.inputPath()}
	if f := j.input.File; f != nil {
		in.Content = j.input.Reader()
		if in.Info, err = f.Stat(); err != nil {
			return false, err
		}
	}
	if same, err = p.IsOf(ctx, in); err != nil {
		return false, fmt.Errorf("read %s: %w", j.input.Name, err)
	}
	return same, nil
}

// refuseNewOutputs returns an error if the outputs in place are those of another input. They were not when this command began, so another
// one has published them since.
func (j *job) refuseNewOutputs(p *publish.Previous) error {
	same, err := j.isOfThisInput(j.shutdown.Deadline, p)
	if err != nil || same {
		return err
	}
	return problem.New(problem.Problem{
		Code: "other_input", Flag: "out",
		Message: fmt.Sprintf("%q and its results are now of another input (%s): nothing was published", p.Summary, console.Quote(p.InputPath, maxQuoted)),
		Advice:  "the answers are in the ledger: run enrich write with another --out, or with --replace",
	})
}

// keeps reports whether the outputs in place are kept instead of this run's. inPlace is their number of answered rows, or -1
// if no summary says it.
func (j *job) keeps(s *pipeline.Summary) (keep bool, inPlace int64, err error) {
	if j.settings.Replace {
		return false, 0, nil
	}
	p, err := j.previousOutputs()
	if err != nil {
		return false, 0, fmt.Errorf("the summary in place cannot be read: %w", err)
	}
	if p != nil {
		if err := j.refuseNewOutputs(p); err != nil {
			return false, 0, err
		}
	}
	keep = p.Keeps(publish.Run{
		InputSHA256: s.Input.SHA256, Cut: j.input.IsCut(), Answered: s.Rows.Matched + s.Rows.NoMatch,
		Refused: s.ExitCode == exitRefused || s.ExitCode == exitAPIDown,
		Results: j.paths.results, LastErased: j.ledger.LastErased(),
	})
	if p == nil {
		return keep, -1, nil
	}
	return keep, p.Answered, nil
}
