package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// A holder is another process that writes to a ledger.
type holder struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

func holding(t *testing.T, path string) *holder {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+path)
	cmd.Stderr = os.Stderr
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	h := &holder{cmd, stdin}
	t.Cleanup(h.kill)
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "held\n" {
		t.Fatal(line, err)
	}
	return h
}

// kill is kill -9.
func (h *holder) kill() {
	_ = h.cmd.Process.Kill()
	_ = h.cmd.Wait() // it was killed
}

func TestASecondRunIsToldWhichProcessHasTheLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	h := holding(t, path)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, link} { // two ways to one ledger have one lock
		_, err := sqlite.Open(context.Background(), p, sqlite.Options{})
		if !errors.Is(err, ledger.ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint("process ", h.cmd.Process.Pid)) || !strings.Contains(err.Error(), "--lock-wait") {
			t.Errorf("%s: %v", p, err)
		}
	}
	start := time.Now()
	_, err := sqlite.Open(context.Background(), path, sqlite.Options{LockWait: 150 * time.Millisecond})
	if waited := time.Since(start); !errors.Is(err, ledger.ErrLocked) || waited < 150*time.Millisecond {
		t.Errorf("after %s: %v", waited, err)
	}
}

func TestTheLockOfADeadProcessIsReleased(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	holding(t, path).kill()
	l := open(t, path, sqlite.Options{})
	if found := l.InterruptedCalls(); len(found) != 2 || found[0].Contact != person(1).Contact {
		t.Errorf("found %+v", found)
	}
}

func TestLockWaitWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	h := holding(t, path)
	var end sync.WaitGroup
	end.Go(func() {
		time.Sleep(100 * time.Millisecond) // the other process's time
		h.kill()
	})
	defer end.Wait()
	open(t, path, sqlite.Options{LockWait: time.Minute})
}

func TestWaitingForTheLockEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	holding(t, path)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := sqlite.Open(ctx, path, sqlite.Options{LockWait: time.Minute}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// TestAReaderBesideARun sees what is committed. It does not count a living run's calls as lost.
func TestAReaderBesideARun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path, sqlite.Options{})
	commit(t, l, begin(t, l), nil, outcome(9, contact.Matched))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	h := holding(t, path)
	read := func() *sqlite.Ledger {
		l := open(t, path, sqlite.Options{ReadOnly: true})
		if stateOf(l, person(9).Keys).Kind != contact.Matched {
			t.Error("an answer is missing")
		}
		return l
	}
	if l := read(); len(l.InterruptedCalls()) != 0 || stateOf(l, person(1).Keys).Kind != 0 {
		t.Errorf("a living run's call is lost: %+v", l.InterruptedCalls())
	}
	h.kill()
	l = read()
	if len(l.InterruptedCalls()) != 2 || stateOf(l, person(1).Keys).Kind != contact.Lost {
		t.Errorf("a dead run's call is not lost: %+v", l.InterruptedCalls())
	}
	if err := tryCommit(l, 1, []ledger.Intent{person(3)}, nil); err == nil {
		t.Error("a reader wrote")
	}
	out := make([]contact.Outcome, 1)
	if err := l.Outcomes(context.Background(), []ledger.Ref{stateOf(l, person(2).Keys).Ref}, out); err != nil || out[0].Kind != contact.Lost {
		t.Errorf("%+v, %v", out[0], err)
	}
}

// TestARunWaitsForAReaderThatIsLooking: also where it does not wait for another run. A reader may be slow to look.
func TestARunWaitsForAReaderThatIsLooking(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	makeSample(t, path, true)
	look := flock.New(path+".lock", flock.SetFlag(os.O_RDONLY))
	if ok, err := look.TryRLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	var looking sync.WaitGroup
	looking.Go(func() {
		time.Sleep(100 * time.Millisecond) // a reader's time
		if err := look.Close(); err != nil {
			t.Error(err)
		}
	})
	defer looking.Wait()
	open(t, path, sqlite.Options{})
}

// TestALookNeverStopsARun: many readers look for a run, while runs begin and end.
func TestALookNeverStopsARun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	makeSample(t, path, true)
	ctx, cancel := context.WithCancel(context.Background())
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				l, err := sqlite.Open(ctx, path, sqlite.Options{ReadOnly: true})
				if err != nil {
					t.Error("reader:", err)
					return
				}
				if wrong, err := read(l, true); wrong != "" || err != nil {
					t.Error("reader:", wrong, err)
				}
				if err := l.Close(); err != nil {
					t.Error("reader:", err)
				}
			}
		})
	}
	for n := range 30 {
		l, err := sqlite.Open(context.Background(), path, sqlite.Options{})
		if err != nil {
			t.Error("run:", err)
			break
		}
		run := begin(t, l)
		commit(t, l, run, []ledger.Intent{person(1000 + n)})
		commit(t, l, run, nil, outcome(1000+n, contact.Matched))
		if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.Close()); err != nil {
			t.Error("run:", err)
			break
		}
	}
	cancel()
	readers.Wait()
}
