package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"enrich/client/fakeapi"
)

// smallDisk mounts a file system of its own with so many KiB.
func smallDisk(t *testing.T, kib int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dk", kib)); err != nil {
		t.Skipf("nothing may be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// A stream that the temporary file has no room for ends every command with 1 and the reason. Nothing is published, and
// no row that was cut is sent: the stand-in knows none of its addresses.
func TestAStreamLargerThanTheTemporaryDisk(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	for _, from := range []string{`cat l.csv | enrich "$@" -`, `cat l.csv | enrich "$@" /dev/stdin`, `enrich "$@" <(cat l.csv)`, `gzip -1 < l.csv | enrich "$@" -`} {
		for _, command := range []string{"run", "plan", "read", "write"} {
			t.Run(command+" "+from, func(t *testing.T) {
				t.Parallel()
				size := 1024
				if strings.HasPrefix(from, "gzip") {
					size = 64
				}
				s := newStage(t, fakeapi.Options{Match: 1})
				var list bytes.Buffer
				list.WriteString("name,email,note\n")
				whole := map[string]bool{}
				for i := range 30_000 {
					address := fmt.Sprintf("person-%05d@company.example", i)
					whole[address] = true
					fmt.Fprintf(&list, "Ann,%s,%s\n", address, strings.Repeat("x", i%40))
				}
				if err := os.WriteFile(s.path("l.csv"), list.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
				if command == "write" {
					s.list("one.csv", 1, "")
					s.run(exitOK, "run", "one.csv")
				}
				args := []string{command}
				if command == "run" {
					args = append(args, "--max-calls", "300")
				}
				c := s.command(args...)
				c.Path, c.Args = shell, append([]string{"bash", "-c", from, "bash"}, args...)
				c.Env = append(c.Env, "TMPDIR="+smallDisk(t, size))
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				c.ends(exitInternal)
				said := c.said.String()
				if !strings.Contains(said, "TMPDIR") || !strings.Contains(said, "no space left on device") {
					t.Errorf("the reason is missing: %s", said[max(0, len(said)-400):])
				}
				s.absent("stdin.results.csv", "stdin.summary.json", "stdin.failures.csv")
				for address := range s.api.Stats().Contacts {
					if !whole[address] && !strings.HasPrefix(address, "p0") {
						t.Errorf("a row was cut and sent: %q", address)
					}
				}
			})
		}
	}
}

// The outputs of the shell's <(…) are called stdin, and both passes read it.
func TestProcessSubstitution(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash")
	}
	for _, from := range []string{`enrich run --out . <(cat l.csv)`, `enrich run --out . /dev/stdin < l.csv`, `enrich run --out . /dev/fd/7 7< l.csv`, `cat l.csv | enrich run --out . /proc/self/fd/0`} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, fakeapi.Options{Match: 1})
			s.list("l.csv", 7, "")
			c := s.command()
			c.Path, c.Args = shell, []string{"bash", "-c", from}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			c.ends(exitOK)
			if sum := s.summary("stdin.summary.json"); sum.Rows.Matched != 7 {
				t.Errorf("%+v", sum.Rows)
			}
			s.calls(7)
		})
	}
}

// Wherever a temporary file is needed, a disk without room for it ends a command with 1, one code and one sentence: the copy of
// standard input, the texts of a workbook, the pages of a Parquet file.
func TestAFullTemporaryDiskHasOneMessage(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	s.write("stdin.csv", "email\n"+strings.Repeat("a@x.example\n", 100_000))
	s.write("texts.xlsx", string(workbookOfTexts(t, 24_000, 1000)))
	s.parquet("pages.parquet", "SELECT 'a' || i || '@x.example' AS email, repeat(md5(i::VARCHAR), 8) AS note FROM range(60000) t(i)")
	for file, purpose := range map[string]string{"stdin.csv": "copy standard input", "texts.xlsx": "unpack the texts of the workbook", "pages.parquet": "unpack pages"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			disk := smallDisk(t, 64)
			c := s.command("plan", "--log-format", "json", "--ledger", file+".db", file)
			if file == "stdin.csv" {
				c = s.command("plan", "--log-format", "json", "-")
				in, err := os.Open(s.path(file))
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = in.Close() }() // it was only read
				c.Stdin = struct{ io.Reader }{in}
			}
			c.Env = append(c.Env, "TMPDIR="+disk)
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			c.ends(exitInternal)
			c.says(`"code":"disk_full"`, purpose+" to a temporary file in "+disk+": no space left on device; free space there, or set TMPDIR to another directory")
		})
	}
}

// workbookOfTexts returns a workbook of addresses and notes, all of them shared texts.
func workbookOfTexts(t *testing.T, rows, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	part := func(name string, write func(w *bufio.Writer)) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		buffered := bufio.NewWriter(w)
		write(buffered)
		if err := buffered.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	part("xl/workbook.xml", func(w *bufio.Writer) {
		_, _ = w.WriteString(`<workbook><sheets><sheet name="S" r:id="a"/></sheets></workbook>`)
	})
	part("xl/_rels/workbook.xml.rels", func(w *bufio.Writer) {
		_, _ = w.WriteString(`<Relationships><Relationship Id="a" Type="x/worksheet" Target="s.xml"/><Relationship Id="b" Type="x/sharedStrings" Target="t.xml"/></Relationships>`)
	})
	part("xl/s.xml", func(w *bufio.Writer) {
		_, _ = w.WriteString(`<worksheet><sheetData>`)
		for i := range rows + 1 {
			_, _ = fmt.Fprintf(w, `<row><c t="s"><v>%d</v></c><c t="s"><v>%d</v></c></row>`, 2*i, 2*i+1)
		}
		_, _ = w.WriteString(`</sheetData></worksheet>`)
	})
	part("xl/t.xml", func(w *bufio.Writer) {
		_, _ = w.WriteString(`<sst><si><t>email</t></si><si><t>note</t></si>`)
		for i := range rows {
			_, _ = fmt.Fprintf(w, `<si><t>p%d@x.example</t></si><si><t>%*d</t></si>`, i, size, i)
		}
		_, _ = w.WriteString(`</sst>`)
	})
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
