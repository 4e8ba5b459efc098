// Package debian installs, from Debian's packages, the programs that tests need: a browser, an office suite, a database
// server. A package's services are not started.
//
// A test that needs a program calls [Program]. If the program is missing, it is installed once, which needs root and
// apt-get. If that is not possible, the test is skipped with the reason or, if TEST_ENRICH_TOOLS=require is set, as in
// .ci/run, it fails. Only tests import this package.
package debian

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// env says what a test does without a program that it needs: "require" makes it fail, anything else lets it be skipped.
const env = "TEST_ENRICH_TOOLS"

// IsRequired reports whether a test must fail if a program that it needs is missing.
func IsRequired() bool { return os.Getenv(env) == "require" }

// Unavailable ends a test that lacks what it needs: it skips the test, or fails it if [IsRequired].
func Unavailable(t testing.TB, why string) {
	t.Helper()
	if IsRequired() {
		t.Fatalf("%s, and %s=require", why, env)
	}
	t.Skip(why)
}

// UntilDeadline returns a context that ends shortly before the test binary does (-timeout), or with the test. Nothing here
// depends on the machine's speed: a slow program passes, and one that hangs fails with a message instead of a dump of
// goroutines.
func UntilDeadline(t testing.TB) (context.Context, context.CancelFunc) {
	t.Helper()
	if d, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if deadline, ok := d.Deadline(); ok {
			return context.WithDeadline(t.Context(), deadline.Add(-time.Until(deadline)/20))
		}
	}
	return context.WithCancel(t.Context())
}

// Program returns the path of a program, which has one of the names. If there is none, it installs a package first. Under -short the
// test is skipped.
func Program(t testing.TB, pkg string, names ...string) string {
	t.Helper()
	SkipIfShort(t)
	return Need(t, pkg, names[0], func() string { return find(names) })
}

// Python returns the path of a Python that has a module. If there is none, it installs a package first. Under -short the test is skipped.
func Python(t testing.TB, pkg, module string) string {
	t.Helper()
	SkipIfShort(t)
	return Need(t, pkg, "Python module "+module, func() string {
		const python = "/usr/bin/python3" // packages install modules for this one, which may not be the first in the path
		if exec.Command(python, "-c", "import "+module).Run() != nil {
			return ""
		}
		return python
	})
}

// SkipIfShort skips a test of another program's work under -short. make race sets it: the race detector sees nothing in another
// program, and make test runs the same tests.
func SkipIfShort(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out tests with other programs")
	}
}

// Need returns what find finds, "" if it is missing: then it installs a package first. what is its name in messages.
func Need(t testing.TB, pkg, what string, find func() string) string {
	t.Helper()
	if path := find(); path != "" {
		return path
	}
	if os.Geteuid() != 0 {
		Unavailable(t, "no "+what+" here, and only root can install it: apt-get install "+pkg)
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		Unavailable(t, "no "+what+" here, and no apt-get to install it")
	}
	ctx, cancel := UntilDeadline(t)
	defer cancel()
	path, err := install(ctx, pkg, what, find)
	if err != nil {
		Unavailable(t, pkg+" cannot be installed: "+err.Error())
	}
	return path
}

// install installs a package. The tests of other packages may be doing the same: one waits for the other.
func install(ctx context.Context, pkg, what string, find func() string) (string, error) {
	lock := flock.New(filepath.Join(os.TempDir(), "enrich-test-apt.lock"))
	if _, err := lock.TryLockContext(ctx, time.Second); err != nil {
		return "", fmt.Errorf("wait for another installation: %w", err)
	}
	defer func() { _ = lock.Close() }() // the end of the process unlocks it, too
	if path := find(); path != "" {
		return path, nil
	}
	if apt(ctx, "install", pkg) != nil { // the lists of packages may be missing or old
		if err := errors.Join(apt(ctx, "update"), apt(ctx, "install", pkg)); err != nil {
			return "", err
		}
	}
	path := find()
	if path == "" {
		return "", fmt.Errorf("it was installed, and %s is still missing", what)
	}
	return path, nil
}

func find(names []string) string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// services are the programs by which packages start their services, now and at each start of the system, and make their databases.
// During an installation they do nothing: the tests start what they need.
var services = []string{"invoke-rc.d", "deb-systemd-invoke", "deb-systemd-helper", "update-rc.d", "pg_createcluster"}

func apt(ctx context.Context, args ...string) error {
	inert, err := os.MkdirTemp("", "enrich-test-apt-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(inert) }()
	for _, name := range services {
		if err := os.Symlink("/bin/true", filepath.Join(inert, name)); err != nil {
			return err
		}
	}
	args = append([]string{
		"-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=600", "-o", "DPkg::Path=" + inert + ":/usr/sbin:/usr/bin:/sbin:/bin",
	}, args...)
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %v: %w: %s", args, err, out[max(0, len(out)-300):])
	}
	return nil
}
