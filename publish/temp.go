package publish

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"enrich/internal/durable"
)

// The temporary file of a target is named .TARGET.RANDOM.enrich-tmp in the same directory, so that it can be renamed and
// the next run recognises it. RANDOM is 16 hexadecimal digits. While it is written, its run has it locked.
const (
	tempSuffix = ".enrich-tmp"
	randomSize = 8
	// maxStem is how many bytes of the target's name are used: the whole name must stay below 255 bytes.
	maxStem = 180
)

// tempPrefix returns how the names of a target's temporary files begin.
func tempPrefix(target string) string {
	_, base := filepath.Split(target)
	if len(base) > maxStem {
		sum := sha256.Sum256([]byte(base))
		base = base[:maxStem] + hex.EncodeToString(sum[:4])
	}
	return "." + base + "."
}

// isTemp reports whether name is that of a temporary file with the prefix.
func isTemp(name, prefix string) bool {
	random, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return false
	}
	random, ok = strings.CutSuffix(random, tempSuffix)
	_, err := hex.DecodeString(random)
	return ok && err == nil && len(random) == 2*randomSize
}

// createTemp creates and locks the temporary file of a target. If another run removes the file before it is locked,
// createTemp tries another name. On a file system without locks the file is not locked, and no run ever removes it.
func createTemp(target string) (*os.File, error) {
	const tries = 100
	for range tries {
		random := make([]byte, randomSize)
		_, _ = rand.Read(random) // it never fails
		name := durable.Beside(target, tempPrefix(target)+hex.EncodeToString(random)+tempSuffix)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		switch {
		case errors.Is(err, fs.ErrExist):
			continue
		case err != nil:
			return nil, err
		case tryLock(f) != lockedByOther && hasItsName(f):
			return f, nil
		}
		_ = f.Close() // another run removed it; it is empty
	}
	return nil, fmt.Errorf("create a temporary file for %q: others keep removing it", target)
}

// A lockState is the result of trying to lock a file.
type lockState int

const (
	locked          lockState = iota
	lockedByOther             // another process has it
	lockUnsupported           // the file system has no locks
)

// hasItsName reports whether an open file still has the name under which it was opened.
func hasItsName(f *os.File) bool {
	open, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(open, named)
}

// removeStale removes the temporary files that killed runs left for a target. It leaves those that a living run has locked,
// and those that it cannot remove: they are in nobody's way.
func removeStale(target string) {
	dir, err := os.Open(durable.Dir(target))
	if err != nil {
		return
	}
	defer func() { _ = dir.Close() }() // it was only read
	prefix := tempPrefix(target)
	const batch = 1024
	for {
		names, err := dir.Readdirnames(batch)
		for _, name := range names {
			if isTemp(name, prefix) {
				removeUnlocked(durable.Beside(target, name))
			}
		}
		if err != nil { // io.EOF, or the rest stays
			return
		}
	}
}

func removeUnlocked(name string) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return
	}
	if tryLock(f) == locked && hasItsName(f) {
		_ = removeOpen(f) // see removeStale
		return
	}
	_ = f.Close() // nothing was written to it
}
