package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"enrich/reader"
)

// A faultyFile keeps at most room bytes, as a full disk does, and can fail to give them back.
type faultyFile struct {
	kept  []byte
	room  int
	quiet bool // a short write without an error
	lost  int  // so many bytes at its end are gone when it is read
	err   error
}

func (f *faultyFile) WriteAt(b []byte, at int64) (int, error) {
	n := min(len(b), f.room-int(at))
	f.kept = append(f.kept[:at], b[:n]...)
	if n < len(b) && !f.quiet {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (f *faultyFile) ReadAt(b []byte, at int64) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return bytes.NewReader(f.kept[:len(f.kept)-f.lost]).ReadAt(b, at)
}

func (f *faultyFile) Close() error { return nil }

const unlimited = 1 << 30

// A spool gives the stream, byte for byte, or an error: never the beginning of it as if that were all.
func TestASpoolNeverEndsEarly(t *testing.T) {
	text := []byte(strings.Repeat("name,ann@x.example\n", 20_000))
	broken := errors.New("the other side is gone")
	for name, test := range map[string]struct {
		file *faultyFile
		in   io.Reader
		read int
		want error
	}{
		"whole":            {&faultyFile{room: unlimited}, bytes.NewReader(text), len(text), nil},
		"disk full":        {&faultyFile{room: 100_001}, bytes.NewReader(text), 100_001, reader.ErrStorage},
		"no room at all":   {&faultyFile{}, bytes.NewReader(text), 0, reader.ErrStorage},
		"short write":      {&faultyFile{room: 100_001, quiet: true}, bytes.NewReader(text), 100_001, io.ErrShortWrite},
		"lost bytes":       {&faultyFile{room: unlimited, lost: 5}, bytes.NewReader(text), len(text) - 5, reader.ErrStorage},
		"lost all":         {&faultyFile{room: unlimited, lost: len(text)}, bytes.NewReader(text), 0, reader.ErrStorage},
		"read error":       {&faultyFile{room: unlimited, err: syscall.EIO}, bytes.NewReader(text), 0, reader.ErrStorage},
		"stream broke off": {&faultyFile{room: unlimited}, io.MultiReader(bytes.NewReader(text[:1000]), iotest.ErrReader(broken)), 1000, broken},
		"error with bytes": {&faultyFile{room: unlimited}, iotest.DataErrReader(io.MultiReader(bytes.NewReader(text[:1000]), iotest.ErrReader(broken))), 1000, broken},
		"full, then ended": {&faultyFile{room: len(text) - 1}, iotest.DataErrReader(bytes.NewReader(text)), len(text) - 1, reader.ErrStorage},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSpool(test.file, "standard input", nil)
			s.fill(test.in)
			for range 2 { // both passes
				got, err := io.ReadAll(s.reader())
				if !errors.Is(err, test.want) || test.want == nil && err != nil {
					t.Errorf("%v, expected %v", err, test.want)
				}
				if !bytes.Equal(got, text[:test.read]) {
					t.Errorf("%d bytes, expected the first %d", len(got), test.read)
				}
			}
			if err := s.close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// An error of the temporary file says what to do about it.
func TestAFullTemporaryDiskNamesTMPDIR(t *testing.T) {
	s := newSpool(&faultyFile{room: 10}, "standard input", nil)
	s.fill(strings.NewReader("email\nann@x.example\n"))
	_, err := reader.Open(s.reader(), reader.Options{})
	if err == nil || !strings.Contains(err.Error(), "TMPDIR") || !strings.Contains(err.Error(), "no space left") || errors.Is(err, reader.ErrBroken) {
		t.Error(err)
	}
	if code := codeOf(err); code != exitInternal {
		t.Errorf("exit code %d", code)
	}
}

// A temporary file is gone after it was closed, also if an open file cannot be removed, as on Windows.
func TestATemporaryFileIsRemoved(t *testing.T) {
	for name, refusals := range map[string]int{"at once": 0, "when it is closed": 1} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			f, err := openTemp(func(name string) error {
				if refusals--; refusals >= 0 {
					return syscall.EBUSY
				}
				return os.Remove(name)
			})
			if err != nil {
				t.Fatal(err)
			}
			s := newSpool(f, "standard input", nil)
			s.fill(strings.NewReader("email\nann@x.example\n"))
			got, err := io.ReadAll(s.reader())
			if err != nil || string(got) != "email\nann@x.example\n" {
				t.Errorf("%q, %v", got, err)
			}
			if err := s.close(); err != nil {
				t.Error(err)
			}
			if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
				t.Errorf("%v, %v", left, err)
			}
		})
	}
}

// Outputs are named after what the user named, and "stdin" if that has no name.
func TestWhatHasNoNameIsStdin(t *testing.T) {
	dir := t.TempDir()
	regular := dir + "/leads.csv.gz"
	if err := os.WriteFile(regular, []byte("email\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(regular)
	if err != nil {
		t.Fatal(err)
	}
	device, err := os.Stat(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		regular: "leads", "/dev/stdin": "stdin", "/dev/fd/63": "stdin", "/dev/fd/0": "stdin", "/proc/self/fd/12": "stdin",
		"/proc/77/fd/5": "stdin", "/dev/../dev/fd/7": "stdin", "fd/63": "63", "/tmp/fd/63.csv": "63",
	} {
		if got := stemOf(name, info); got != want {
			t.Errorf("%s: %q, expected %q", name, got, want)
		}
	}
	if got := stemOf("/dev/tape0", device); got != "stdin" {
		t.Errorf("a device: %q", got)
	}
}
