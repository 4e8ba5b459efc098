package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"enrich/internal/debian"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inProject runs a command in the project's folder and returns its output.
func inProject(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	ctx, cancel := debian.UntilDeadline(t)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = filepath.Join("..", ".."), append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// dist makes a release for this machine, without the profile, which takes a minute.
func dist(t *testing.T, umask string, env ...string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	program := filepath.Join(t.TempDir(), "dist") // compiled without env
	inProject(t, nil, "go", "build", "-trimpath", "-pgo=off", "-o", program, "./packaging/dist")
	const command = `umask "$0" && exec "$@"`
	inProject(t, env, "sh", "-c", command, umask, program, "-version", "v1.2.3-rc.1", "-pgo", "off",
		"-maintainer", "A Person <person@debian.org>", "-targets", "linux/"+runtime.GOARCH, "-out", folder)
	return folder
}

// inRoot runs a program in a root folder that has nothing else, as a user without rights. If the tests are not root, it runs
// without an environment only.
func inRoot(t *testing.T, root, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = "/", []string{}
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	} else {
		cmd.Path = filepath.Join(root, program)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s in a clean root folder: %v\n%s", program, err, out)
	}
	return string(out)
}

// open lets any user enter the folders of the test.
func open(t *testing.T, folder string) string {
	t.Helper()
	for dir := folder; strings.HasPrefix(dir, os.TempDir()+"/"); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// The archive and the Debian package contain a program that runs on a system with nothing else, with its manual and completions.
func TestAReleaseRunsInACleanRootFolder(t *testing.T) {
	debian.SkipIfShort(t)
	folder := dist(t, "022")
	cmd := exec.Command("sha256sum", "-c", "SHA256SUMS")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil || strings.Count(string(out), ": OK") != 2 {
		t.Errorf("%v\n%s", err, out)
	}
	t.Run("archive", func(t *testing.T) { testArchive(t, folder) })
	t.Run("package", func(t *testing.T) { testPackage(t, filepath.Join(folder, "enrich_1.2.3~rc.1_"+runtime.GOARCH+".deb")) })
	t.Run("reproducible", func(t *testing.T) {
		first, err := os.ReadFile(filepath.Join(folder, "SHA256SUMS"))
		// Another machine, with other settings.
		again, errAgain := os.ReadFile(filepath.Join(dist(t, "077", "GOAMD64=v3", "GOARM64=v8.1", "GOFLAGS=-buildvcs=false", "TZ=Asia/Tokyo"), "SHA256SUMS"))
		if err != nil || errAgain != nil || !bytes.Equal(first, again) {
			t.Errorf("%v, %v\n%s\n%s", err, errAgain, first, again)
		}
	})
}

func testArchive(t *testing.T, folder string) {
	name := "enrich_1.2.3-rc.1_linux_" + runtime.GOARCH
	root := open(t, t.TempDir())
	inProject(t, nil, "tar", "-xzf", filepath.Join(folder, name+".tar.gz"), "-C", root)
	if v := inRoot(t, root, "/"+name+"/enrich", "version"); !strings.Contains(v, "v1.2.3-rc.1") {
		t.Errorf("it says %s", v)
	}
	unpacked := filepath.Join(root, name)
	hasFiles(t, unpacked, "LICENSE", "README.md", "man/enrich-run.1", "completions/enrich.bash", "samples/schedule/enrich.service")
	hasLicences(t, filepath.Join(unpacked, "THIRD_PARTY_LICENSES"), filepath.Join(unpacked, "enrich"))
	for _, link := range regexp.MustCompile(`\]\(((?:doc|samples)/[^)#]+|[A-Z]+\.md)`).FindAllStringSubmatch(read(t, filepath.Join(unpacked, "README.md")), -1) {
		if link[1] != "CONTRIBUTING.md" { // for those who have the source
			hasFiles(t, unpacked, link[1])
		}
	}
	page := read(t, filepath.Join(unpacked, "man", "enrich.1"))
	if strings.Contains(page, "1970") {
		t.Error("the man pages have no date")
	}
	here, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil || strings.Contains(read(t, filepath.Join(unpacked, "enrich")), here) {
		t.Errorf("the program contains a path of this machine: %s, %v", here, err)
	}
}

// hasLicences fails if a file lacks the licence of a module that a program says is compiled into it, of Go, or of code that a module
// has copied from another project.
func hasLicences(t *testing.T, file, program string) {
	t.Helper()
	licences := read(t, file)
	modules := regexp.MustCompile(`(?m)^\tdep\t(\S+)\t(\S+)`).FindAllStringSubmatch(inProject(t, nil, "go", "version", "-m", program), -1)
	if len(modules) < 10 {
		t.Errorf("only %d modules are compiled in", len(modules))
	}
	expected := []string{"Go " + runtime.Version() + ", LICENSE", "zstd/internal/xxhash/LICENSE.txt", "enrich, report/uplot/LICENSE"}
	for _, m := range modules {
		expected = append(expected, "\n"+m[1]+" "+m[2]+", ")
	}
	for _, e := range expected {
		if !strings.Contains(licences, e) {
			t.Errorf("%s: no licence of %q", file, e)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// testPackage installs the package into a root folder of its own, runs the program, and removes it.
func testPackage(t *testing.T, file string) {
	if os.Getuid() != 0 {
		debian.Unavailable(t, "installing a package needs root")
	}
	lintian := debian.Program(t, "lintian", "lintian")
	if out, err := exec.Command(lintian, "--allow-root", "--no-cfg", "--fail-on", "error,warning", file).CombinedOutput(); err != nil {
		t.Errorf("lintian: %v\n%s", err, out)
	}
	root := open(t, t.TempDir())
	admin := filepath.Join(root, "var/lib/dpkg")
	for _, dir := range []string{"info", "updates", "triggers"} {
		if err := os.MkdirAll(filepath.Join(admin, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"status", "available"} {
		if err := os.WriteFile(filepath.Join(admin, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	dpkg := func(args ...string) string {
		return inProject(t, nil, "dpkg", append([]string{"--root=" + root}, args...)...)
	}
	dpkg("--install", file)
	if v := inRoot(t, root, "/usr/bin/enrich", "version"); !strings.Contains(v, "v1.2.3-rc.1") {
		t.Errorf("it says %s", v)
	}
	hasFiles(t, root, "usr/share/man/man1/enrich-run.1.gz", "usr/share/bash-completion/completions/enrich", "usr/share/doc/enrich/changelog.gz",
		"usr/share/doc/enrich/examples/schedule/enrich.timer", "usr/share/doc/enrich/samples/schedule/README.md", "usr/share/doc/enrich/doc/files.md")
	hasLicences(t, filepath.Join(root, "usr/share/doc/enrich/copyright"), filepath.Join(root, "usr/bin/enrich"))
	if problems := dpkg("--verify", "enrich"); problems != "" {
		t.Errorf("dpkg --verify: %s", problems)
	}
	dpkg("--purge", "enrich")
	if _, err := os.Stat(filepath.Join(root, "usr")); !os.IsNotExist(err) {
		t.Errorf("something is left after the package was removed: %v", err)
	}
}

// Where nothing is compiled yet, make demo says that it compiles, before it does.
func TestMakeDemoSaysThatItCompiles(t *testing.T) {
	commands := strings.Split(inProject(t, nil, "make", "--no-print-directory", "-n", "demo"), "\n")
	if out := inProject(t, []string{"GOCACHE=" + t.TempDir()}, "sh", "-c", commands[0]); !strings.Contains(out, "compiling enrich") {
		t.Errorf("it says %q", out)
	}
	if !strings.Contains(commands[1], "./ledger/sqlite ./cmd/enrich") {
		t.Errorf("SQLite is not compiled first: %s", commands[1])
	}
}

// make install puts the program, its manual and its completions where the system looks for them, for all users. After make man
// it needs no Go: root may not have it, and must not leave files that the next build cannot replace.
func TestMakeInstall(t *testing.T) {
	debian.SkipIfShort(t)
	root := filepath.Join(open(t, t.TempDir()), "a root")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	inProject(t, nil, "make", "man", "VERSION=v1.2.3-test")
	at := []string{"DESTDIR=" + root, "PREFIX=/opt/enrich", "VERSION=v1.2.3-test", "GO=false"}
	inProject(t, nil, "sh", append([]string{"-c", `umask 077 && exec make install "$@"`, "sh"}, at...)...)
	if v := inRoot(t, root, "/opt/enrich/bin/enrich", "version"); !strings.Contains(v, "v1.2.3-test") {
		t.Errorf("it says %s", v)
	}
	share := filepath.Join(root, "opt/enrich/share")
	hasFiles(t, share, "man/man1/enrich.1", "man/man1/enrich-run.1", "bash-completion/completions/enrich", "zsh/site-functions/_enrich",
		"fish/vendor_completions.d/enrich.fish")
	forEach(t, root, func(path string, info os.FileInfo) {
		if info.Mode().Perm()&0o044 != 0o044 {
			t.Errorf("%s: users cannot read it: %s", path, info.Mode())
		}
	})
	inProject(t, nil, "make", append([]string{"uninstall"}, at...)...)
	forEach(t, root, func(path string, info os.FileInfo) {
		if !info.IsDir() {
			t.Errorf("%s is left", path)
		}
	})
}

// make install compiles if what is in bin is another version, or older than the source.
func TestMakeInstallCompilesWhatChanged(t *testing.T) {
	debian.SkipIfShort(t)
	inProject(t, nil, "make", "man", "VERSION=v1.2.3-test")
	compiles := func(version string) bool {
		out := inProject(t, nil, "sh", "-c", `make install GO=false DESTDIR="$0" VERSION="$1" 2>&1 || true`, t.TempDir(), version)
		return strings.Contains(out, "false build")
	}
	if compiles("v1.2.3-test") {
		t.Error("it compiles again what has not changed")
	}
	if !compiles("v1.2.4-test") {
		t.Error("it installs another version than it is told")
	}
	inProject(t, nil, "make", "man", "VERSION=v1.2.3-test")
	source := filepath.Join("..", "..", "go.mod")
	before, err := os.Stat(source)
	if err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Minute)
	t.Cleanup(func() { _ = os.Chtimes(source, before.ModTime(), before.ModTime()) })
	if err := os.Chtimes(source, later, later); err != nil {
		t.Fatal(err)
	}
	if !compiles("v1.2.3-test") {
		t.Error("it installs what is older than the source")
	}
}

// forEach calls a function for everything in a folder.
func forEach(t *testing.T, folder string, see func(path string, info os.FileInfo)) {
	t.Helper()
	err := filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err == nil {
			see(path, info)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func hasFiles(t *testing.T, folder string, names ...string) {
	t.Helper()
	for _, name := range names {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDebianVersions(t *testing.T) {
	valid := regexp.MustCompile(`^[0-9][A-Za-z0-9.+~]*$`) // Debian Policy 5.6.12, without an epoch and a revision
	for version, expected := range map[string]string{
		"v1.2.3": "1.2.3", "v1.2.3-4-gabcdef0": "1.2.3+4+gabcdef0", "v1.2.3-4-gabcdef0-dirty": "1.2.3+4+gabcdef0+dirty", "v1.2.3-dirty": "1.2.3+dirty",
		"v1.2.3-rc.1": "1.2.3~rc.1", "v1.2.3-rc.1-4-gabcdef0": "1.2.3~rc.1+4+gabcdef0", "v1.2": "1.2", "7": "0~7", "511ded3": "0~511ded3", "dev": "0~dev", "": "0~",
		"511ded3-dirty": "0~511ded3+dirty",
	} {
		if got := debianVersion(version); got != expected || !valid.MatchString(got) {
			t.Errorf("%s: %s, expected %s", version, got, expected)
		}
	}
}
