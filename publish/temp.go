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

// A temporary file is called .TARGET.RANDOM.enrich-tmp: hidden, in the target's directory, so that it can be renamed;
// recognisable, so that the next run finds it. RANDOM is 16 hexadecimal digits.
const (
	tempSuffix = ".enrich-tmp"
	randomSize = 8
	// maxStem is how much of the target's name is used, so that the whole stays below the 255 bytes of a name.
	maxStem = 180
)

// tempPrefix is what the names of a target's temporary files begin with.
func tempPrefix(target string) string {
	_, base := filepath.Split(target)
	if len(base) > maxStem {
		sum := sha256.Sum256([]byte(base))
		base = base[:maxStem] + hex.EncodeToString(sum[:4])
	}
	return "." + base + "."
}

// isTemp says whether name is that of a temporary file with the prefix.
func isTemp(name, prefix string) bool {
	random, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return false
	}
	random, ok = strings.CutSuffix(random, tempSuffix)
	_, err := hex.DecodeString(random)
	return ok && err == nil && len(random) == 2*randomSize
}

// createTemp creates a temporary file for a target and holds it: while it is open, no other run sweeps it away. A
// sweep may come between creating and holding, and then another name is tried. Where the file system has no locks, the
// file is not held, and never swept away either.
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
		case hold(f) != taken && stillThere(f):
			return f, nil
		}
		_ = f.Close() // it was swept away, and is empty
	}
	return nil, fmt.Errorf("create a temporary file for %q: others keep removing it", target)
}

// A holding is what came of trying to hold a file.
type holding int

const (
	held   holding = iota
	taken          // another has it
	noLock         // the file system has no locks
)

// stillThere says whether a file's name still is the file.
func stillThere(f *os.File) bool {
	open, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(open, named)
}

// sweep removes the temporary files that killed runs left for a target. One that a living run holds stays; so does
// one that cannot be removed, which is no reason to stop: it is in nobody's way.
func sweep(target string) {
	dir, err := os.Open(durable.Dir(target))
	if err != nil {
		return
	}
	defer func() { _ = dir.Close() }() // it was only read
	prefix := tempPrefix(target)
	for {
		names, err := dir.Readdirnames(sweepBatch)
		for _, name := range names {
			if isTemp(name, prefix) {
				sweepOne(durable.Beside(target, name))
			}
		}
		if err != nil { // io.EOF, or what is left is left
			return
		}
	}
}

// sweepBatch is how many names of a directory are looked at together.
const sweepBatch = 1024

func sweepOne(name string) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return
	}
	if hold(f) == held && stillThere(f) {
		_ = removeOpen(f) // see sweep
		return
	}
	_ = f.Close() // it was not written
}
