package main

import (
	"bytes"
	"fmt"
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
