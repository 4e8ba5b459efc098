//go:build unix

package daemon

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// A Dir has all files of a server, and is the working folder of all its processes. However this process ends, nothing remains of
// it: a guard waits for that.
type Dir struct {
	path  string
	owner *syscall.Credential // nil for the user of this process
	guard *exec.Cmd
	stdin io.WriteCloser // the guard reads from it until this process ends; nil after Remove
}

// cleanup is the guard: a shell that reads a line. It gets one when the folder was removed; the end of its input means that this
// process has ended. Then it kills what runs in the folder $1 (a stopped backend would not notice that its server is gone), removes
// the server's block of shared memory, and the folder. It does so again for a process that was just being made.
const cleanup = `
if read -r _; then exit; fi
for again in 1 2; do
	ls -ld /proc/[0-9]*/cwd 2>/dev/null | while read -r line; do
		case $line in *" -> $1"|*" -> $1/"*) pid=${line##*/proc/}; kill -9 "${pid%%/*}";; esac
	done
	if [ -f "$1/data/postmaster.pid" ]; then
		kill -9 "$(sed -n 1p "$1/data/postmaster.pid")"
		ipcrm -m "$(sed -n '7s/.* //p' "$1/data/postmaster.pid")"
	fi
	rm -rf "$1"
done
`

// NewDir makes a folder below parent, "" for that of temporary files.
func NewDir(parent string) (*Dir, error) {
	user, err := owner()
	if err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(parent, "enrich-postgres-*")
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path, owner: user}
	if d.path, err = filepath.EvalSymlinks(path); err == nil { // as the system shows the working folder of a process
		err = d.own(d.path)
	}
	if err == nil {
		err = d.startGuard()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	return d, nil
}

func (d *Dir) startGuard() (err error) {
	d.guard = exec.Command("/bin/sh", "-c", cleanup, "sh", d.path)
	d.guard.Dir = "/"
	d.guard.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what ends this process must not end the guard
	if d.stdin, err = d.guard.StdinPipe(); err != nil {
		return err
	}
	return d.guard.Start()
}

// own gives a file to the server's user.
func (d *Dir) own(path string) error {
	if d.owner == nil {
		return nil
	}
	return os.Chown(path, int(d.owner.Uid), int(d.owner.Gid))
}

// Path returns the path of a file in the folder.
func (d *Dir) Path(name string) string { return filepath.Join(d.path, name) }

// Start starts a program in the folder, with its output in a file. Nothing of the environment that concerns PostgreSQL reaches it.
func (d *Dir) Start(output *os.File, program string, args ...string) (*Process, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = d.path, []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}, attributes(d.owner)
	cmd.Stdout, cmd.Stderr = output, output
	return start(cmd)
}

// Write writes a file that only the server's user can read, and returns its path.
func (d *Dir) Write(name, contents string) (path string, err error) {
	path = filepath.Join(d.path, name)
	if err := os.WriteFile(path, []byte(contents), 0o600); err != nil {
		return "", err
	}
	return path, d.own(path)
}

// CopyIn copies a folder of files and folders into this one, for the server's user.
func (d *Dir) CopyIn(from, name string) error {
	to := d.Path(name)
	if err := Copy(from, to, func(string) bool { return false }); err != nil {
		return err
	}
	return filepath.WalkDir(to, func(path string, _ fs.DirEntry, err error) error { return errors.Join(err, d.own(path)) })
}

// Remove removes the folder, and kills what still runs in it. The second call does nothing.
func (d *Dir) Remove() error {
	if d.stdin == nil {
		return nil
	}
	var err error
	for _, pid := range inFolder(d.path) {
		err = errors.Join(err, kill(pid, syscall.SIGKILL))
	}
	d.removeSharedMemory()
	if os.RemoveAll(d.path) == nil { // otherwise the guard does it: a process was still making files
		_, _ = io.WriteString(d.stdin, "\n")
	}
	err = errors.Join(err, d.stdin.Close(), d.guard.Wait())
	d.stdin = nil
	if _, failed := os.Lstat(d.path); !errors.Is(failed, os.ErrNotExist) {
		err = errors.Join(err, fmt.Errorf("%s was not removed", d.path))
	}
	return err
}

// removeSharedMemory removes the block of a server that was killed. Its number is at the end of line 7 of postmaster.pid.
func (d *Dir) removeSharedMemory() {
	b, err := os.ReadFile(filepath.Join(d.path, "data", "postmaster.pid"))
	lines := strings.Split(string(b), "\n")
	if err != nil || len(lines) < 7 {
		return
	}
	if fields := strings.Fields(lines[6]); len(fields) == 2 {
		_ = exec.Command("ipcrm", "-m", fields[1]).Run() // it is removed already if all processes ended in order
	}
}
