package input

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"enrich/internal/tempfile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestAFileIsReadTwice: every reader starts at the beginning, and a rename between two reads does no harm.
func TestAFileIsReadTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "leads.csv.gz")
	write(t, path, "email\nann@x.example\n")
	in, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }() // it was only read
	if in.Name != path || in.Stem != "leads" || in.Size != 20 || in.Unnamed || in.File == nil {
		t.Errorf("%+v", in)
	}
	first := in.Reader()
	if _, err := first.Read(make([]byte, 7)); err != nil {
		t.Fatal(err)
	}
	write(t, path+".new", "other\n")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got, err := io.ReadAll(in.Reader()); string(got) != "email\nann@x.example\n" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if got, err := io.ReadAll(first); string(got) != "nn@x.example\n" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestAStreamIsReadTwice while it is being copied: short reads, and several readers at once.
func TestAStreamIsReadTwice(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	text := []byte(strings.Repeat("ann@x.example\n", 5000))
	in, err := Open("-", iotest.OneByteReader(bytes.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	if in.Name != "standard input" || in.Stem != "stdin" || !in.Unnamed || in.File != nil || in.Size != 0 {
		t.Errorf("%+v", in)
	}
	for range 2 {
		if err := iotest.TestReader(in.Reader(), text); err != nil {
			t.Error(err)
		}
	}
	at := make([]byte, 100)
	if n, err := in.ReadAt(at, 14_000); n != 100 || err != nil || !bytes.Equal(at, text[14_000:14_100]) {
		t.Errorf("%d, %v, %q", n, err, at)
	}
	if n, err := in.ReadAt(at, int64(len(text))-10); n != 10 || !errors.Is(err, io.EOF) {
		t.Errorf("%d, %v: expected the last 10 bytes and io.EOF", n, err)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
		t.Errorf("left in the temporary directory: %v, %v", left, err)
	}
}

// TestTheFirstBytesDoNotWaitForTheLast: a reader gets what has been copied so far; Cut ends the wait for the rest.
func TestTheFirstBytesDoNotWaitForTheLast(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	r, w := io.Pipe()
	in, err := Open("-", r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("email\n")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1000)
	rows := in.Reader()
	if n, err := rows.Read(b); string(b[:n]) != "email\n" || err != nil {
		t.Errorf("%q, %v", b[:n], err)
	}
	stopped := errors.New("stopped")
	if in.IsCut() {
		t.Error("it is cut before it was aborted")
	}
	in.Abort(stopped)
	if !in.IsCut() {
		t.Error("it is not cut")
	}
	if n, err := rows.Read(b); n != 0 || !errors.Is(err, stopped) {
		t.Errorf("%d, %v", n, err)
	}
	if err := errors.Join(w.Close(), in.Close()); err != nil {
		t.Error(err)
	}
}

// TestNoTemporaryDirectory: the error says what to set.
func TestNoTemporaryDirectory(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	_, err := Open("-", strings.NewReader("email\n"))
	var failed *tempfile.Error
	if !errors.As(err, &failed) || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "TMPDIR") {
		t.Error(err)
	}
}

// TestUnusableNames are refused with what is wrong.
func TestUnusableNames(t *testing.T) {
	dir := t.TempDir()
	empty, numbers := filepath.Join(dir, "empty.csv"), filepath.Join(dir, "Leads.numbers")
	write(t, empty, "")
	if err := os.Mkdir(numbers, 0o700); err != nil { // Numbers may save a folder
		t.Fatal(err)
	}
	for name, expected := range map[string]string{
		"": "name is empty", dir: "is a directory", numbers: "Export To", numbers + "/": "Export To", empty: "is empty", filepath.Join(dir, "none.csv"): "no such file",
	} {
		if _, err := Open(name, nil); err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("%q: %v, expected %q", name, err, expected)
		}
	}
}

// TestStems: outputs are named after what the user named, and "stdin" if that has no name.
func TestStems(t *testing.T) {
	regular := filepath.Join(t.TempDir(), "x")
	write(t, regular, "email\n")
	info, err := os.Stat(regular)
	if err != nil {
		t.Fatal(err)
	}
	device, err := os.Stat(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	for name, expected := range map[string]string{
		"a/leads.csv.gz": "leads", "leads": "leads", ".gz": ".gz", ".csv": ".csv", "a.b.csv": "a.b",
		"/dev/stdin": "stdin", "/dev/fd/63": "stdin", "/dev/fd/0": "stdin", "/proc/self/fd/12": "stdin",
		"/proc/77/fd/5": "stdin", "/dev/../dev/fd/7": "stdin", "fd/63": "63", "/tmp/fd/63.csv": "63",
	} {
		if got := describe(name, info); got.Stem != expected || got.Unnamed != (expected == "stdin") {
			t.Errorf("%s: %q, %v, expected %q", name, got.Stem, got.Unnamed, expected)
		}
	}
	if got := describe("/dev/tape0", device); got.Stem != "stdin" || !got.Unnamed {
		t.Errorf("a device: %+v", got)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
