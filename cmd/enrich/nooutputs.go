package main

import (
	"time"

	"enrich/pipeline"
	"enrich/writer"
)

// A discardSink drops the rows of a run that writes no outputs: they are only counted.
type discardSink[T any] struct{}

// Write implements [pipeline.Sink].
func (discardSink[T]) Write(*T) error { return nil }

// discardOutputs makes the write pass count rows without writing them.
func discardOutputs(w *pipeline.Write) {
	w.Results, w.Failures = discardSink[writer.Result]{}, discardSink[writer.Failure]{}
}

// completeWithoutOutputs completes the summary of a run without outputs. It is printed, and given to --metrics and --on-finish.
func (j *job) completeWithoutOutputs(s *pipeline.Summary) error {
	s.Fields, s.Outputs, s.Input.Path = map[string]int64{}, map[string]string{}, "-"
	if !j.input.Unnamed {
		s.Input.Path = j.name
	}
	s.StartedAt, s.FinishedAt = j.started, time.Now().UTC()
	return j.ledger.CheckUnchanged(j.shutdown.Deadline) // what the summary says must be in a ledger that lasts
}
