package main

import (
	"strings"
	"syscall"
	"testing"

	"enrich/client/fakeapi"
)

// TestAnInputInADirectoryThatCannotBeWritten: outputs go next to the input, so the run says before any call that --out names another
// directory.
func TestAnInputInADirectoryThatCannotBeWritten(t *testing.T) {
	s := newStage(t, fakeapi.Options{Match: 1})
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("nothing may be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	in := stage{t: t, dir: dir, api: s.api}
	in.list("l.csv", 3, "")
	if err := syscall.Mount("", dir, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=64k"); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"run", "write"} {
		c := s.run(exitUsage, command, in.path("l.csv"))
		if !strings.Contains(c.said.String(), "--out: ") || !strings.Contains(c.said.String(), dir) {
			t.Error(c.said.String())
		}
	}
	s.calls(0)
	s.absent("ledger.db")
	s.run(exitOK, "run", "--out", ".", in.path("l.csv"))
	s.run(exitOK, "run", "--results", "r.csv", "--failures", "f.csv", "--summary", "s.json", in.path("l.csv"))
	s.calls(3)
}
