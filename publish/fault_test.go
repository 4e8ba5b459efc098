package publish_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"enrich/publish"
)

var errDisk = errors.New("disk failure")

// runSet publishes a set in dir, with an operation at which inject is called.
func runSet(dir, tag string, inject func(operation, path string) error) error {
	s := publish.NewSet()
	s.Inject(inject)
	for _, name := range outputs {
		if err := add(s, filepath.Join(dir, name), name+" "+tag); err != nil {
			return errors.Join(err, s.Discard())
		}
	}
	return s.Publish(context.Background())
}

// steps returns the operations of a set in order.
func steps(t *testing.T) (list []string) {
	check(t, runSet(t.TempDir(), "", func(operation, path string) error {
		list = append(list, operation+" "+filepath.Base(path))
		return nil
	}))
	return list
}

func TestTheSummaryIsRenamedLastAndAllIsSyncedBefore(t *testing.T) {
	var operations []string
	for _, s := range steps(t) {
		operation, _, _ := strings.Cut(s, " ")
		operations = append(operations, operation)
	}
	const expected = "create create create sync sync sync lock lock lock rename rename rename sync" // the last one syncs the directory
	if got := strings.Join(operations, " "); got != expected {
		t.Errorf("operations: %s\nexpected:   %s", got, expected)
	}
	if all := steps(t); all[len(all)-2] != "rename summary" {
		t.Errorf("before the directory is synced: %s", all[len(all)-2])
	}
}

// TestAFailureAtEachStep: before the first rename the old set stays whole. After it, the files that were renamed are new,
// the others are old, and the summary is new only if all are. No temporary file or lock is left.
func TestAFailureAtEachStep(t *testing.T) {
	for fail, step := range steps(t) {
		t.Run(strconv.Itoa(fail)+" "+strings.Fields(step)[0], func(t *testing.T) {
			dir := t.TempDir()
			check(t, runSet(dir, "old", nil))
			n := 0
			err := runSet(dir, "new", func(string, string) error {
				if n++; n-1 == fail {
					return errDisk
				}
				return nil
			})
			if !errors.Is(err, errDisk) {
				t.Errorf("the error is %v", err)
			}
			if got := files(t, dir); got != "failures results summary" {
				t.Errorf("files: %s", got)
			}
			checkWhole(t, dir, renamesBefore(steps(t), fail))
		})
	}
}

// TestADirectoryThatCannotBeReadIsNotSynced: with the permissions of a letter box, files can be put into it, and no more.
func TestADirectoryThatCannotBeReadIsNotSynced(t *testing.T) {
	dir := t.TempDir()
	check(t, runSet(dir, "new", func(operation, _ string) error {
		if operation == "sync directory" {
			return fs.ErrPermission
		}
		return nil
	}))
	if got := read(t, filepath.Join(dir, "summary")); got != "summary new" {
		t.Errorf("the summary is %q", got)
	}
	if os.Getuid() == 0 {
		return // root may read everything
	}
	check(t, os.Chmod(dir, 0o300))
	check(t, errors.Join(publish.CheckTarget(filepath.Join(dir, "summary")), runSet(dir, "newer", nil), os.Chmod(dir, 0o700)))
	if got := files(t, dir); got != "failures results summary" {
		t.Errorf("files: %s", got)
	}
}

// renamesBefore counts the renames before a step.
func renamesBefore(steps []string, step int) (n int) {
	for _, s := range steps[:step] {
		if strings.HasPrefix(s, "rename ") {
			n++
		}
	}
	return n
}

// checkWhole checks that the first outputs of a set are new and the others old.
func checkWhole(t *testing.T, dir string, renamed int) {
	t.Helper()
	for i, name := range outputs {
		tag := "old"
		if i < renamed {
			tag = "new"
		}
		if got := read(t, filepath.Join(dir, name)); got != name+" "+tag {
			t.Errorf("%s contains %q, expected %q", name, got, name+" "+tag)
		}
	}
}

// killAtStep is a process that ends itself at a step, with SIGKILL where there is one.
func killAtStep(args []string) error {
	at, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	n := 0
	return runSet(args[0], "new", func(string, string) error {
		if n++; n-1 == at {
			self, err := os.FindProcess(os.Getpid())
			return errors.Join(err, self.Kill())
		}
		return nil
	})
}

// child starts the test binary as one of its child processes.
func child(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), childVariable+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

// TestAKillAtEachStep: each name has the old file or the new one, whole, and the next run removes what is left.
func TestAKillAtEachStep(t *testing.T) {
	all := steps(t)
	for at := range all {
		dir := t.TempDir()
		check(t, runSet(dir, "old", nil))
		if err := child("kill", dir, strconv.Itoa(at)).Run(); err == nil {
			t.Fatal("the process was not killed")
		}
		checkWhole(t, dir, renamesBefore(all, at))
		check(t, runSet(dir, "next", nil))
		if got := files(t, dir); got != "failures results summary" {
			t.Errorf("killed at step %d (%s): the next run leaves %s", at, all[at], got)
		}
	}
}

const publications = 10

// publishOften is a process that publishes sets again and again, and checks after each that no file of another process is
// mixed with its own.
func publishOften(args []string) error {
	for n := range publications {
		if err := runSet(args[0], args[1]+" "+strconv.Itoa(n), nil); err != nil {
			return err
		}
	}
	return nil
}

// TestTwoProcessesPublishTheSameFiles: all files are those of one run, whenever nobody is renaming.
func TestTwoProcessesPublishTheSameFiles(t *testing.T) {
	dir := t.TempDir()
	var running []*exec.Cmd
	for _, tag := range []string{"a", "b"} {
		cmd := child("publish", dir, tag)
		check(t, cmd.Start())
		running = append(running, cmd)
	}
	check(t, publishOften([]string{dir, "c"}))
	for _, cmd := range running {
		check(t, cmd.Wait())
	}
	if got := files(t, dir); got != "failures results summary" {
		t.Errorf("files: %s", got)
	}
	tag := strings.TrimPrefix(read(t, filepath.Join(dir, "summary")), "summary ")
	for _, name := range outputs {
		if got := read(t, filepath.Join(dir, name)); got != name+" "+tag {
			t.Errorf("%s contains %q, and the summary is that of %s", name, got, tag)
		}
	}
}

// TestFilesOfTwoRunsDoNotMix: a set waits while another is between its first rename and its last.
func TestFilesOfTwoRunsDoNotMix(t *testing.T) {
	dir := t.TempDir()
	renaming, other := make(chan struct{}), make(chan error, 1)
	go func() {
		<-renaming
		other <- runSet(dir, "second", nil)
	}()
	check(t, runSet(dir, "first", func(operation, path string) error {
		if operation == "rename" && filepath.Base(path) == "failures" {
			close(renaming)
			for range 100 { // the other has every chance to rename in between
				runtime.Gosched()
			}
			select {
			case err := <-other:
				return fmt.Errorf("the other set did not wait: %w", err)
			default:
			}
		}
		return nil
	}))
	check(t, <-other)
	for _, name := range outputs {
		if got := read(t, filepath.Join(dir, name)); got != name+" second" {
			t.Errorf("%s contains %q", name, got)
		}
	}
}
