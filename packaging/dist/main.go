// Command dist makes what a release consists of: for each system an archive with the program, its man pages, its completions and
// the licences of all that is compiled into it; a Debian package for each Linux; and the checksums of them all.
//
// It needs only Go. The same commit gives the same bytes: every time in the files is the commit's (or SOURCE_DATE_EPOCH), and the
// order of everything is fixed.
package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// A target is a system to build for, as Go names it.
type target struct{ system, arch string }

func (t target) String() string { return t.system + "/" + t.arch }

// env is the environment of a Go command for the target. Nothing that is set on this machine changes what is compiled: a program
// for newer processors only, or without the commit that `enrich version` prints.
func (t target) env() []string {
	return append(os.Environ(), "CGO_ENABLED=0", "GOOS="+t.system, "GOARCH="+t.arch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=-buildvcs=auto")
}

// here is this machine.
func here() target { return target{runtime.GOOS, runtime.GOARCH} }

// A release is what main was asked to make.
type release struct {
	version, out, pgo string
	maintainer        string
	targets           []target
	packages          bool
	made              time.Time // the time of every file
	shared            string    // a folder with what is the same on every system
}

func main() {
	r := release{}
	targets := ""
	flag.StringVar(&r.version, "version", "dev", "the `version`")
	flag.StringVar(&r.out, "out", "bin/dist", "the `folder` of the archives; what is in it is removed")
	flag.StringVar(&r.pgo, "pgo", "auto", "profile for the compiler, as go build -pgo takes it; auto is the program's own")
	flag.StringVar(&r.maintainer, "maintainer", "The authors of enrich <enrich@localhost>", "the maintainer of the Debian packages: `Name <address>`")
	flag.StringVar(&targets, "targets", "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64", "the systems to build for")
	flag.BoolVar(&r.packages, "deb", true, "make Debian packages")
	flag.Parse()
	for name := range strings.SplitSeq(targets, ",") {
		system, arch, _ := strings.Cut(name, "/")
		r.targets = append(r.targets, target{system, arch})
	}
	if err := r.make(); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func (r *release) make() (err error) {
	if r.made, err = commitTime(); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(r.out), os.MkdirAll(r.out, 0o755)); err != nil {
		return err
	}
	if r.shared, err = os.MkdirTemp("", "enrich-dist-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.shared)) }()
	if err := r.makeShared(); err != nil {
		return err
	}
	for _, t := range r.targets {
		if err := r.makeTarget(t); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	return r.sum()
}

// commitTime is the time of the commit that is checked out; SOURCE_DATE_EPOCH (reproducible-builds.org) replaces it.
func commitTime() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		out, err := exec.Command("git", "log", "-1", "--format=%ct").Output()
		if err != nil {
			return time.Time{}, fmt.Errorf("read the time of the commit: %w; set SOURCE_DATE_EPOCH", err)
		}
		text = strings.TrimSpace(string(out))
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(seconds, 0).UTC(), err
}

// seconds is the time of every file as SOURCE_DATE_EPOCH.
func (r *release) seconds() string { return strconv.FormatInt(r.made.Unix(), 10) }

// makeShared makes the man pages and completions, with a program for this machine.
func (r *release) makeShared() error {
	program := filepath.Join(r.shared, "enrich-here")
	env := append(here().env(), "SOURCE_DATE_EPOCH="+r.seconds()) // the date on the pages
	if err := run(nil, env, "go", r.build(program, "off")...); err != nil {
		return err
	}
	defer func() { _ = os.Remove(program) }()
	man, completions := filepath.Join(r.shared, "man"), filepath.Join(r.shared, "completions")
	if err := errors.Join(os.Mkdir(completions, 0o755), run(nil, env, program, "man", man)); err != nil {
		return err
	}
	for shell, name := range map[string]string{"bash": "enrich.bash", "zsh": "_enrich", "fish": "enrich.fish", "powershell": "enrich.ps1"} {
		var script bytes.Buffer
		if err := run(&script, env, program, "completion", shell); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(completions, name), script.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (r *release) build(program, pgo string) []string {
	return []string{"build", "-trimpath", "-pgo=" + pgo, "-ldflags", "-s -w -X main.release=" + r.version, "-o", program, "./cmd/enrich"}
}

// makeTarget makes the archive for one system and, for Linux, its package.
func (r *release) makeTarget(t target) error {
	fmt.Fprintln(os.Stderr, "building for", t)
	stage, err := os.MkdirTemp("", "enrich-dist-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(stage) }()
	program := "enrich"
	if t.system == "windows" {
		program += ".exe"
	}
	if err := run(nil, t.env(), "go", r.build(filepath.Join(stage, program), r.pgo)...); err != nil {
		return err
	}
	licences, err := thirdParty(t)
	if err != nil {
		return err
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(stage, "THIRD_PARTY_LICENSES"), licences, 0o644),
		os.CopyFS(stage, os.DirFS(r.shared)),
		copyFiles(stage, "README.md", "LICENSE", "CHANGELOG.md"),
		copyFolders(stage, "doc", "samples/schedule", "samples/team"),
	)
	if err != nil {
		return err
	}
	if err := r.archive(t, stage); err != nil {
		return err
	}
	if t.system != "linux" || !r.packages {
		return nil
	}
	return r.deb(t, stage)
}

func copyFiles(to string, names ...string) error {
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), content, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// copyFolders copies folders of the project, except code: the links in README.md then lead to a file.
func copyFolders(to string, folders ...string) error {
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) == ".go" {
				return err
			}
			if e.IsDir() {
				return os.MkdirAll(filepath.Join(to, path), 0o755)
			}
			return copyFiles(to, path)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sum writes the checksums of all files, as sha256sum -c reads them.
func (r *release) sum() error {
	entries, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(r.out, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), e.Name())
		fmt.Fprintf(os.Stderr, "%9d bytes  %s\n", len(content), e.Name())
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), sums.Bytes(), 0o644)
}

// run runs a command with its output on standard error or in out, and its messages on standard error.
func run(out *bytes.Buffer, env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, os.Stderr, os.Stderr
	if out != nil {
		cmd.Stdout = out
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", filepath.Base(name), args[0], err)
	}
	return nil
}
