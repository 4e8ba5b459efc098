//go:build unix

package daemon

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newDir returns a Dir that is removed at the end of the test.
func newDir(t *testing.T) *Dir {
	t.Helper()
	d, err := NewDir("")
	if err != nil {
		t.Skip(err) // as root, it needs the user postgres, who comes with the server; the tests of localpg install it
	}
	t.Cleanup(func() {
		if err := d.Remove(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// shell starts a script in the folder. It is running when the script has printed a line.
func shell(t *testing.T, d *Dir, script string) *Process {
	t.Helper()
	var p *Process
	err := d.Logged(func(log *os.File) (err error) {
		p, err = d.Start(log, "/bin/sh", "-c", script)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); !strings.Contains(d.Log(), "\n"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the script did not print a line")
		}
	}
	return p
}

// printed returns the numbers that a script printed.
func printed(t *testing.T, d *Dir) (numbers []int) {
	t.Helper()
	for _, field := range strings.Fields(d.Log()) {
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// No port is given twice, and each can be listened on, as often as its program restarts.
func TestPorts(t *testing.T) {
	seen := map[int]bool{}
	for range 300 {
		port, err := ReservePort()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = port.Release() }()
		if seen[port.Number] {
			t.Fatalf("port %d was given twice", port.Number)
		}
		seen[port.Number] = true
		for range 2 {
			l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port.Number)))
			if err != nil {
				t.Fatal(err)
			}
			_ = l.Close()
		}
	}
}

// Kill and the end of a context end a process and its children, also paused ones.
func TestKill(t *testing.T) {
	for name, kill := range map[string]func(p *Process) error{
		"kill":        (*Process).Kill,
		"after pause": func(p *Process) error { return errors.Join(p.Pause(), p.Kill()) },
		"the end of a context": func(p *Process) error {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if err := p.Wait(ctx); !errors.Is(err, context.Canceled) {
				return err
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDir(t)
			p := shell(t, d, `sleep 600 & echo $! $$; wait`)
			pids := printed(t, d)
			if err := kill(p); err != nil {
				t.Error(err)
			}
			for _, pid := range append(pids, p.PID()) {
				if isAlive(pid) {
					t.Errorf("process %d of %v is alive", pid, pids)
				}
			}
			if err := p.Kill(); err != nil {
				t.Errorf("the second kill: %v", err)
			}
		})
	}
}

// A process that its parent has left is killed with the folder.
func TestRemoveKillsWhatIsLeft(t *testing.T) {
	if _, err := os.Stat("/proc/self/cwd"); err != nil {
		t.Skip("this system does not show the folders of processes")
	}
	d := newDir(t)
	p := shell(t, d, `setsid sleep 600 >/dev/null 2>&1 & echo $!`)
	if err := p.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	left := printed(t, d)[0]
	if !isAlive(left) {
		t.Fatal("nothing was left")
	}
	if err := d.Remove(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); isAlive(left); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d is alive", left)
		}
	}
}

// A program does not get the user's settings for PostgreSQL, and its error has its output.
func TestTheEnvironmentAndTheLog(t *testing.T) {
	t.Setenv("PGPORT", "1")
	d := newDir(t)
	err := d.Logged(func(log *os.File) error {
		p, err := d.Start(log, "/bin/sh", "-c", `echo "port ${PGPORT-none} in $(pwd)"; exit 3`)
		if err != nil {
			return err
		}
		return p.Wait(t.Context())
	})
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "port none in "+d.path) {
		t.Errorf("error %v", err)
	}
}

// A copy has the same files, without those that are skipped.
func TestCopy(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "to")
	for name, contents := range map[string]string{"a": "1", "b/c": "2", "b/d": "3"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(from, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(from, name), []byte(contents), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := Copy(from, to, func(name string) bool { return name == "b/d" }); err != nil {
		t.Fatal(err)
	}
	for name, expected := range map[string]string{"a": "1", "b/c": "2", "b/d": ""} {
		if b, _ := os.ReadFile(filepath.Join(to, name)); string(b) != expected {
			t.Errorf("%s contains %q", name, b)
		}
	}
}
