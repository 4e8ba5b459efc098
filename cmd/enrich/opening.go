package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/shutdown"
	"enrich/input"
	"enrich/reader"
)

// open begins to read the input from its start. A signal ends it: nothing has been sent yet.
func (j *job) open() (*reader.Reader, error) {
	j.shutdown.Begin()
	r, err := j.openUntil(j.shutdown.Interrupted, j.reading)
	if sig := j.shutdown.Signal(); err != nil && sig != nil {
		return nil, shutdown.Interruption{Signal: sig}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", console.Name(j.input.Name), err)
	}
	return r, nil
}

// openUntil begins to read the input. That may take long: all of a workbook is read before its first row, and so are the bytes of a
// Parquet file. When ctx is done, it returns an error. Once the input is open ctx has no effect: the pipeline decides how a pass ends.
func (j *job) openUntil(ctx context.Context, o reader.Options) (*reader.Reader, error) {
	if j.input.Size == 0 { // a pipe: the signal ends it, and what came before is accounted for
		return reader.Open(j.input, j.input.Size, o)
	}
	cut, end := context.WithCancelCause(context.Background())
	stopWatching := context.AfterFunc(ctx, func() { end(context.Cause(ctx)) })
	r, err := reader.Open(&opening{j.input, cut}, j.input.Size, o)
	if stopWatching() || err != nil {
		return r, err
	}
	return nil, errors.Join(context.Cause(ctx), r.Close())
}

// opening is an input whose reads fail when a context is done.
type opening struct {
	*input.Input
	cut context.Context
}

// Reader implements [reader.Stream].
func (o *opening) Reader() io.Reader { return openingReader{o.cut, o.Input.Reader()} }

// ReadAt implements [io.ReaderAt].
func (o *opening) ReadAt(b []byte, at int64) (int, error) {
	if o.cut.Err() != nil {
		return 0, context.Cause(o.cut)
	}
	return o.Input.ReadAt(b, at)
}

type openingReader struct {
	cut context.Context
	in  io.Reader
}

// Read implements [io.Reader].
func (r openingReader) Read(b []byte) (int, error) {
	if r.cut.Err() != nil {
		return 0, context.Cause(r.cut)
	}
	return r.in.Read(b)
}
