package publish_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"enrich/publish"
)

// TestAMountedFileIsRefusedBefore: the rename would fail at the end of the run.
func TestAMountedFileIsRefusedBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results")
	write(t, path, "old")
	check(t, publish.CheckTarget(path))
	if err := syscall.Mount(path, path, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("nothing may be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(path, syscall.MNT_DETACH) })
	if err := publish.CheckTarget(path); err == nil || !strings.Contains(err.Error(), "is a mount point") {
		t.Errorf("the error is %v", err)
	}
	check(t, publish.CheckTarget(filepath.Join(filepath.Dir(path), "other")))
}
