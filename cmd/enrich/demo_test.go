package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"enrich/samples"
)

// A directory is cleared only where the marker says that an earlier demo made it: anything else may be a user's.
func TestOnlyADemosOwnDirectoryIsCleared(t *testing.T) {
	for name, c := range map[string]struct {
		make    func() error
		refused bool
	}{
		"nothing there": {func() error { return nil }, false},
		"empty":         {func() error { return os.Mkdir(demoDir, 0o700) }, false},
		"an earlier demo's": {func() error {
			return errors.Join(makeDemo(), os.WriteFile(filepath.Join(demoDir, "old"), nil, 0o600))
		}, false},
		"a demo's that was killed": {func() error {
			return errors.Join(os.Mkdir(demoDir, 0o700), os.WriteFile(filepath.Join(demoDir, demoMarker), nil, 0o600))
		}, false},
		"a user's": {func() error {
			return errors.Join(os.Mkdir(demoDir, 0o700), os.WriteFile(filepath.Join(demoDir, "old"), nil, 0o600))
		}, true},
		"a user's, with a directory called like the marker": {func() error {
			return errors.Join(os.MkdirAll(filepath.Join(demoDir, demoMarker), 0o700), os.WriteFile(filepath.Join(demoDir, "old"), nil, 0o600))
		}, true},
		"a file": {func() error { return os.WriteFile(demoDir, []byte("mine"), 0o600) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := c.make(); err != nil {
				t.Fatal(err)
			}
			before := everything(t)
			err := clearDemo()
			if refused := exitCodeOf(err) == exitUsage; refused != c.refused || err != nil && !refused {
				t.Fatalf("refused %v, expected %v: %v", refused, c.refused, err)
			}
			after := everything(t)
			switch {
			case c.refused && !slices.Equal(before, after):
				t.Errorf("%q became %q", before, after)
			case !c.refused && (slices.Contains(after, "enrich-demo/old") || !slices.Contains(after, "enrich-demo/"+samples.CRMExport)):
				t.Errorf("there is %q", after)
			}
		})
	}
}

// everything lists all files and directories.
func everything(t *testing.T) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, _ fs.DirEntry, err error) error {
		names = append(names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
