package main

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"enrich/input"
	"enrich/reader"
)

// TestAFailedCopyIsNotABrokenInput: a full temporary disk ends a command with 1, not with 8, and names TMPDIR.
func TestAFailedCopyIsNotABrokenInput(t *testing.T) {
	full := &input.CopyError{Name: "standard input", Err: syscall.ENOSPC}
	text := io.MultiReader(strings.NewReader("email\nann@x.example\n"), iotest.ErrReader(full))
	_, err := reader.Open(testStream{text}, 0, reader.Options{})
	if !errors.Is(err, reader.ErrStorage) || errors.Is(err, reader.ErrBroken) || !strings.Contains(err.Error(), "TMPDIR") {
		t.Error(err)
	}
	if code := codeOf(err); code != exitInternal {
		t.Errorf("exit code %d", code)
	}
}

// A testStream is read as the program reads its input.
type testStream struct{ in io.Reader }

func (s testStream) Reader() io.Reader                 { return streamReader{s.in} }
func (s testStream) ReadAt([]byte, int64) (int, error) { return 0, errors.ErrUnsupported }
