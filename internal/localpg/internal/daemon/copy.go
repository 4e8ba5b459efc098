package daemon

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Copy copies a folder of files and folders to a new one, without the files for which skip is true. Only the user of this process can
// read the copy.
func Copy(from, to string, skip func(name string) bool) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch target := filepath.Join(to, name); {
		case entry.IsDir():
			return os.Mkdir(target, 0o700)
		case skip(name):
			return nil
		default:
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(target, b, 0o600)
		}
	})
}
