package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// nfpm makes the Debian package.
const nfpm = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2"

// deb makes the Debian package of what was staged.
func (r *release) deb(t target, stage string) error {
	err := errors.Join(
		compressMan(filepath.Join(stage, "man")),
		writeCompressed(filepath.Join(stage, "changelog.gz"), r.debianChangelog()),
		concatenate(filepath.Join(stage, "copyright"), filepath.Join(stage, "LICENSE"), filepath.Join(stage, "THIRD_PARTY_LICENSES")),
		setModes(stage),
	)
	if err != nil {
		return err
	}
	env := append(here().env(), "VERSION="+debianVersion(r.version), "ARCH="+t.arch, "STAGE="+stage, "MAINTAINER="+r.maintainer,
		"SOURCE_DATE_EPOCH="+r.seconds())
	return run(nil, env, "go", "run", nfpm, "package", "--config", filepath.Join("packaging", "nfpm.yaml"), "--packager", "deb", "--target", r.out)
}

// described is what git describe puts behind a tag: the commits since then, or changes.
var described = regexp.MustCompile(`^([0-9]+-g[0-9a-f]+(-dirty)?|dirty)$`)

// debianVersion is the version in the form that Debian accepts and orders: it begins with a digit. v1.2.3-rc.1 is before 1.2.3,
// and v1.2.3-4-gabcdef0 after it. A commit without a tag is before 0.
func debianVersion(version string) string {
	number, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), "-")
	joint := "~"
	switch {
	case number == "" || number[0] < '0' || number[0] > '9' || !strings.Contains(number, "."):
		number, rest, joint = "0", strings.TrimPrefix(version, "v"), "~"
	case rest == "":
		return number
	case described.MatchString(rest):
		joint = "+"
	}
	return number + joint + strings.ReplaceAll(rest, "-", "+") // a hyphen begins the revision of the package
}

// debianChangelog is the changelog that Debian requires of a package (Policy 4.4); CHANGELOG.md has the changes.
func (r *release) debianChangelog() []byte {
	return fmt.Appendf(nil, "enrich (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- %s  %s\n",
		debianVersion(r.version), r.maintainer, r.made.Format(time.RFC1123Z))
}

// concatenate writes the contents of files to another.
func concatenate(to string, files ...string) error {
	var content bytes.Buffer
	for _, name := range files {
		part, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		content.Write(part)
		content.WriteByte('\n')
	}
	return os.WriteFile(to, content.Bytes(), 0o644)
}

// setModes gives everything in a folder the modes that it has in archives: nfpm takes those on the disk, which the umask limits.
func setModes(folder string) error {
	return filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.Chmod(path, 0o755)
		}
		return os.Chmod(path, modeOf(filepath.Base(path)))
	})
}

// compressMan compresses the man pages in a folder, as Debian keeps them.
func compressMan(folder string) error {
	pages, err := filepath.Glob(filepath.Join(folder, "*.1"))
	if err != nil {
		return err
	}
	for _, page := range pages {
		content, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		if err := writeCompressed(page+".gz", content); err != nil {
			return err
		}
		if err := os.Remove(page); err != nil {
			return err
		}
	}
	return nil
}

func writeCompressed(name string, content []byte) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(content)
		err = errors.Join(err, z.Close())
	}
	return errors.Join(err, file.Close())
}
