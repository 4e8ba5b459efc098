package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// The first signal ends a command that is still opening its input, which may take minutes: here a sheet of 16 GiB is searched for its
// columns, or a Parquet file of 1 TiB is hashed. Nothing is sent or written.
func TestASignalEndsTheOpeningOfAnInput(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"long.xlsx", "long.parquet"} {
		for command, sig := range map[string]syscall.Signal{"run": syscall.SIGINT, "plan": syscall.SIGTERM, "write": syscall.SIGHUP, "read": syscall.SIGINT} {
			t.Run(command+" "+name, func(t *testing.T) {
				t.Parallel()
				s := newStage(t, fakeapi.Options{})
				size := int64(1 << 20) // this much is hashed after the command has begun
				if name == "long.xlsx" {
					size = longWorkbook(t, s.path(name))
				} else if err := os.WriteFile(s.path(name), []byte("PAR1"), 0o600); err != nil {
					t.Fatal(err)
				} else if err := os.Truncate(s.path(name), 1<<40); err != nil {
					t.Skipf("no sparse files here: %v", err)
				}
				c := s.start(command, name)
				c.hasRead(size)
				c.signal(sig)
				signaled := time.Now()
				c.ends(128 + int(sig))
				if c.says("interrupted by"); strings.Contains(c.said.String(), "still running") || time.Since(signaled) > 20*time.Second {
					t.Errorf("after %s: %s", time.Since(signaled), &c.said)
				}
				s.calls(0)
				s.absent("long.results.csv", "long.summary.json", "ledger.db")
			})
		}
	}
}

// hasRead waits until a child has read so many bytes.
func (c *child) hasRead(bytes int64) {
	c.t.Helper()
	for began := time.Now(); ; time.Sleep(2 * time.Millisecond) { // another process has no clock that could be passed in
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", c.Process.Pid))
		if err != nil {
			c.t.Fatal(err)
		}
		rest, _ := strings.CutPrefix(string(text), "rchar: ")
		line, _, _ := strings.Cut(rest, "\n")
		if n, err := strconv.ParseInt(line, 10, 64); err != nil || n >= bytes {
			return
		}
		if time.Since(began) > patienceForChild {
			c.t.Fatalf("it has read only %s", text)
		}
	}
}

// longWorkbook writes a workbook of one row that is followed by 16 GiB of white space. It returns the size of its file.
func longWorkbook(t *testing.T, path string) int64 {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // the last write was checked
	z := zip.NewWriter(f)
	for _, p := range [][2]string{
		{"xl/workbook.xml", `<workbook><sheets><sheet name="S" r:id="a"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="a" Type="x/worksheet" Target="s.xml"/></Relationships>`},
	} {
		w, err := z.Create(p[0])
		if err == nil {
			_, err = io.WriteString(w, p[1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	const mib, pieces = 1 << 20, 16 << 10
	rows := deflated(t, `<worksheet><sheetData><row><c t="str"><v>email</v></c></row><row><c t="str"><v>a@x.example</v></c></row>`)
	space := deflated(t, strings.Repeat(" ", mib))
	w, err := z.CreateRaw(&zip.FileHeader{
		Name: "xl/s.xml", Method: zip.Deflate, CompressedSize64: uint64(len(rows) + pieces*len(space)), UncompressedSize64: pieces * mib,
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1 + pieces {
		piece := space
		if i == 0 {
			piece = rows
		}
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// deflated returns a text as blocks of DEFLATE that others may follow.
func deflated(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
