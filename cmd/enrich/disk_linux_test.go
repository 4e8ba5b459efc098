package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// soakDisk makes the n-th of each operation fail for every n, instead of for a few that a seed picks.
const soakDisk = "TEST_ENRICH_SOAK_DISK"

// onlyTraced lets strace stop a process at the calls that it looks for, and not at all others.
const onlyTraced = "--seccomp-bpf"

// noProgram is the system's own code where it could not even load the program.
const noProgram = 127

// A diskFault is what strace makes fail from outside, in the real program: a system call, by its names, and the error.
// Where these calls are made for other things than files too (sockets, the runtime itself), that is as good as a kill.
type diskFault struct{ name, calls, err string }

var diskFaults = []diskFault{
	{"sync", "fsync,fdatasync", "EIO"},
	{"write at a place", "pwrite64", "ENOSPC"},
	{"read at a place", "pread64", "EIO"},
	{"write", "write", "ENOSPC"},
	{"open", "openat", "EIO"},
	{"rename", "rename,renameat,renameat2", "EIO"},
	{"close", "close", "EIO"},
	{"truncate", "ftruncate", "ENOSPC"},
	{"remove", "unlinkat,unlink", "EIO"},
	{"lock", "flock", "ENOLCK"},
	{"lock a part", "fcntl", "EIO"},
	{"look at", "newfstatat,fstat,statx", "EIO"},
}

// TestADiskThatFailsAtEachOperation: the n-th operation of each kind fails in a first run. It ends with 1, or as if nothing had
// been; what it publishes is whole; the ledger opens; the same command again finishes the job; and over both runs nothing
// that was answered is called again, and nothing is called twice that was not named as lost.
func TestADiskThatFailsAtEachOperation(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the faults of another program, strace: the race detector sees the same runs in other tests")
	}
	t.Parallel()
	strace := workingStrace(t)
	seed := number64(t, killSeed, time.Now().UnixNano())
	t.Logf("to have these again: %s=%d", killSeed, seed)
	for i, fault := range diskFaults {
		random := rand.New(rand.NewPCG(uint64(seed), uint64(i)))
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			all := fault.count(t, strace)
			t.Logf("a run makes %d of these calls", all)
			for _, n := range picked(all, random) {
				fault.happens(t, strace, n)
				if t.Failed() {
					t.Fatalf("call %d of %d", n, all)
				}
			}
		})
	}
}

// picked are the numbers of the calls that fail: all of them in a soak, else the first, the last and one between.
func picked(all int, random *rand.Rand) (ns []int) {
	if os.Getenv(soakDisk) != "" {
		for n := range all {
			ns = append(ns, n+1)
		}
		return ns
	}
	for _, n := range []int{1, 2 + random.IntN(max(all-2, 1)), all} {
		if n <= all && (len(ns) == 0 || n != ns[len(ns)-1]) {
			ns = append(ns, n)
		}
	}
	return ns
}

// workingStrace skips the test where there is none, or it may not look at processes.
func workingStrace(t *testing.T) string {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("there is no strace to make a disk fail with")
	}
	if out, err := exec.Command(strace, "-f", onlyTraced, "-e", "trace=fsync", "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not look at processes here: %v: %s", err, out)
	}
	return strace
}

// happens makes the n-th call fail in a first run, and checks the result.
func (f diskFault) happens(t *testing.T, strace string, n int) {
	t.Helper()
	v := newDiskVictim(t)
	code, said := v.under(t, strace, "inject="+f.calls+":error="+f.err+":when="+strconv.Itoa(n), filepath.Join(v.dir, "trace"))
	crashed := strings.Contains(said, "fatal error: ") || strings.Contains(said, "runtime: ")
	called := len(v.quiet(t)) > 0
	switch {
	case code == exitFailedRows:
		v.judge(t)
	case code == exitBrokenInput: // the input is on that disk too: the next run is judged
	case code == exitInternal || crashed, (code == exitUsage || code == exitLocked || code == noProgram) && !called:
		v.published(t)
	default:
		t.Errorf("exit code %d, called %v: %s", code, called, said)
	}
	if doubts := v.inDoubt(t); doubts > 2*v.workers {
		t.Errorf("%d contacts are in doubt", doubts)
	}
	if killed, _ := v.run(t, 24*time.Hour); killed {
		t.Fatal("killed, though it was not")
	}
	if v.judge(t); t.Failed() {
		t.Logf("the first run ended with %d: %s", code, said)
	}
}

// published looks that there are no outputs, or that they are whole: the summary comes last.
func (v *diskVictim) published(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(v.path("leads.summary.json")); err == nil {
		v.judge(t)
	}
}

// count is how many of these calls a run makes to which nothing happens.
func (f diskFault) count(t *testing.T, strace string) int {
	t.Helper()
	v := newDiskVictim(t)
	trace := v.path("trace")
	if code, said := v.under(t, strace, "trace="+f.calls, trace); code != exitFailedRows {
		t.Fatalf("exit code %d: %s", code, said)
	}
	lines, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(lines, []byte("(")) - bytes.Count(lines, []byte("resumed>"))
}

type diskVictim struct{ victim }

func newDiskVictim(t *testing.T) *diskVictim {
	t.Helper()
	api, err := fakeapi.Listen(context.Background(), "127.0.0.1:0", fakeapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	v := &diskVictim{victim{dir: t.TempDir(), api: api, workers: 4, exit: exitFailedRows, answered: map[string]int64{}}}
	v.makeInput(t, 60, rand.New(rand.NewPCG(1, 1)))
	return v
}

// under runs the command under strace, which looks at it or makes a call fail.
func (v *diskVictim) under(t *testing.T, strace, expression, trace string) (code int, said string) {
	t.Helper()
	cmd := v.command()
	ctx, cancel := context.WithTimeout(t.Context(), patienceForChild)
	defer cancel()
	args := []string{
		"-f", onlyTraced, "-q", "-o", trace, "-e", expression, "enrich", "run", "--url", v.api.URL, "--workers", strconv.Itoa(v.workers),
		"--lost-retries", "14", "--ledger", v.path("ledger.db"), "--out", v.dir, v.path("leads.csv"),
	}
	traced := exec.CommandContext(ctx, strace, args...)
	traced.Env = cmd.Env
	out, err := traced.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return traced.ProcessState.ExitCode(), string(out)
}

// TestAFullFileSystemEndsARun: ledger and outputs are on a small file system of their own, which fills up at different moments.
// The run ends with 1 and says so; with more space the same command goes on from there.
func TestAFullFileSystemEndsARun(t *testing.T) {
	for _, size := range []int{64, 150, 300, 600, 1100} { // KiB
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			v := newDiskVictim(t)
			if err := syscall.Mount("tmpfs", v.dir, "tmpfs", 0, fmt.Sprintf("size=%dk", size)); err != nil {
				t.Skipf("nothing may be mounted here: %v", err)
			}
			t.Cleanup(func() { _ = syscall.Unmount(v.dir, syscall.MNT_DETACH) })
			v.makeInput(t, 600, rand.New(rand.NewPCG(1, 1)))
			cmd := v.command("run", "--url", v.api.URL, "--workers", "4", "--lost-retries", "14", "--ledger", v.path("ledger.db"),
				"--out", v.dir, v.path("leads.csv"))
			said, _ := cmd.CombinedOutput() // its exit code is looked at
			if code := cmd.ProcessState.ExitCode(); code != exitInternal || !strings.Contains(string(said), "free some space") {
				t.Errorf("exit code %d: %s", code, said)
			}
			v.published(t)
			doubts := v.inDoubt(t)
			t.Logf("%d answers were kept, %d contacts in doubt: %s", len(v.answered), doubts, said)
			if err := syscall.Mount("", v.dir, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
				t.Fatal(err)
			}
			if killed, _ := v.run(t, 24*time.Hour); killed {
				t.Fatal("killed, though it was not")
			}
			v.judge(t)
		})
	}
}
