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
func dist(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	inProject(t, nil, "go", "run", "-pgo=off", "./packaging/dist",
		"-version", "v1.2.3-test", "-targets", "linux/"+runtime.GOARCH, "-pgo", "off", "-out", folder)
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
	folder := dist(t)
	cmd := exec.Command("sha256sum", "-c", "SHA256SUMS")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil || strings.Count(string(out), ": OK") != 2 {
		t.Errorf("%v\n%s", err, out)
	}
	name := "enrich_1.2.3-test_linux_" + runtime.GOARCH
	t.Run("archive", func(t *testing.T) {
		root := open(t, t.TempDir())
		inProject(t, nil, "tar", "-xzf", filepath.Join(folder, name+".tar.gz"), "-C", root)
		if v := inRoot(t, root, "/"+name+"/enrich", "version"); !strings.Contains(v, "v1.2.3-test") {
			t.Errorf("it says %s", v)
		}
		hasFiles(t, filepath.Join(root, name), "LICENSE", "README.md", "man/enrich-run.1", "completions/enrich.bash", "samples/enrich.service")
		licences, err := os.ReadFile(filepath.Join(root, name, "THIRD_PARTY_LICENSES"))
		for _, module := range []string{"\nGo go1.", "\ngithub.com/spf13/cobra v", "\ngithub.com/ncruces/go-sqlite3 v"} {
			if err != nil || !bytes.Contains(licences, []byte(module)) {
				t.Errorf("no licence of%s: %v", strings.TrimSpace(module), err)
			}
		}
	})
	t.Run("package", func(t *testing.T) { testPackage(t, filepath.Join(folder, "enrich_1.2.3+test_"+runtime.GOARCH+".deb")) })
	t.Run("reproducible", func(t *testing.T) {
		first, err := os.ReadFile(filepath.Join(folder, "SHA256SUMS"))
		again, errAgain := os.ReadFile(filepath.Join(dist(t), "SHA256SUMS"))
		if err != nil || errAgain != nil || !bytes.Equal(first, again) {
			t.Errorf("%v, %v\n%s\n%s", err, errAgain, first, again)
		}
	})
}

// testPackage installs the package into a root folder of its own, runs the program, and removes it.
func testPackage(t *testing.T, file string) {
	if os.Getuid() != 0 {
		debian.Unavailable(t, "installing a package needs root")
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
	if v := inRoot(t, root, "/usr/bin/enrich", "version"); !strings.Contains(v, "v1.2.3-test") {
		t.Errorf("it says %s", v)
	}
	hasFiles(t, root, "usr/share/man/man1/enrich-run.1.gz", "usr/share/bash-completion/completions/enrich", "usr/share/doc/enrich/copyright",
		"usr/share/doc/enrich/examples/enrich.timer")
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

// make install puts the program, its manual and its completions where the system looks for them.
func TestMakeInstall(t *testing.T) {
	debian.SkipIfShort(t)
	root := filepath.Join(open(t, t.TempDir()), "a root")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	inProject(t, nil, "make", "install", "DESTDIR="+root, "PREFIX=/opt/enrich", "VERSION=v1.2.3-test")
	if v := inRoot(t, root, "/opt/enrich/bin/enrich", "version"); !strings.Contains(v, "v1.2.3-test") {
		t.Errorf("it says %s", v)
	}
	share := filepath.Join(root, "opt/enrich/share")
	hasFiles(t, share, "man/man1/enrich.1", "man/man1/enrich-run.1", "bash-completion/completions/enrich", "zsh/site-functions/_enrich",
		"fish/vendor_completions.d/enrich.fish")
	inProject(t, nil, "make", "uninstall", "DESTDIR="+root, "PREFIX=/opt/enrich")
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			t.Errorf("%s is left", path)
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
		"v1.2.3": "1.2.3", "v1.2.3-4-gabcdef0": "1.2.3+4+gabcdef0", "511ded3": "0~511ded3", "dev": "0~dev", "": "0~",
		"511ded3-dirty": "0~511ded3+dirty",
	} {
		if got := debianVersion(version); got != expected || !valid.MatchString(got) {
			t.Errorf("%s: %s, expected %s", version, got, expected)
		}
	}
}
