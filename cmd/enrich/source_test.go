package main

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"enrich/internal/tempfile"
	"enrich/reader"
)

// TestAFailedCopyIsNotABrokenInput: a full temporary disk ends a command with 1, not with 8, and names TMPDIR.
func TestAFailedCopyIsNotABrokenInput(t *testing.T) {
	full := tempfile.Failed("copy standard input", syscall.ENOSPC)
	text := io.MultiReader(strings.NewReader("email\nann@x.example\n"), iotest.ErrReader(full))
	_, err := reader.Open(testStream{text}, 0, reader.Options{})
	if !errors.Is(err, reader.ErrStorage) || errors.Is(err, reader.ErrBroken) || !strings.Contains(err.Error(), "TMPDIR") {
		t.Error(err)
	}
	if code := exitCodeOf(err); code != exitInternal {
		t.Errorf("exit code %d", code)
	}
}

// A testStream is an input of which a part can be read.
type testStream struct{ in io.Reader }

func (s testStream) Reader() io.Reader                 { return s.in }
func (s testStream) ReadAt([]byte, int64) (int, error) { return 0, errors.ErrUnsupported }
