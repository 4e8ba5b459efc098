package localpg

import (
	"errors"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
)

// ErrMissing means that there is no PostgreSQL server on this machine. Debian's package is named postgresql.
var ErrMissing = errors.New("no PostgreSQL server is installed: its programs initdb and postgres are neither in the path nor in /usr/lib/postgresql")

// Find returns the folder of the server's programs: the newest version that Debian's packages installed, otherwise that of the
// initdb in the path. The error is ErrMissing.
func Find() (bin string, err error) {
	// Debian has a folder for each version, and none of them is in the path.
	versions, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	sort.Slice(versions, func(i, j int) bool { return version(versions[i]) > version(versions[j]) })
	if initdb, err := exec.LookPath("initdb"); err == nil {
		versions = append(versions, initdb)
	}
	for _, initdb := range versions {
		bin := filepath.Dir(initdb)
		if _, err := exec.LookPath(filepath.Join(bin, "postgres")); err == nil {
			return bin, nil
		}
	}
	return "", ErrMissing
}

// version returns the version in the path of Debian's initdb, 0 if there is none.
func version(initdb string) float64 {
	v, _ := strconv.ParseFloat(filepath.Base(filepath.Dir(filepath.Dir(initdb))), 64)
	return v
}
