//go:build unix

package hook

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ran runs a command line and returns its output.
func ran(ctx context.Context, line, stdin string, limit time.Duration, env ...string) (said []string, err error) {
	c := Command{Line: line, Env: append(env, "PATH="+os.Getenv("PATH")), Limit: limit, Say: func(line string) { said = append(said, line) }}
	err = c.Run(ctx, []byte(stdin))
	return said, err
}

const patience = time.Minute

// TestACommand gets the text and the environment, and both of its streams are passed on, line by line.
func TestACommand(t *testing.T) {
	said, err := ran(t.Context(), `cat; echo "$A.$HOME"; printf 'no end\r\n' >&2; printf last`, "{}\nx\n", patience, "A=b")
	if want := []string{"{}", "x", "b.", "no end", "last"}; err != nil || !slices.Equal(said, want) {
		t.Errorf("%q, %v, expected %q", said, err, want)
	}
	if err := Check(); err != nil {
		t.Error(err)
	}
}

// TestACommandThatFails returns its exit status.
func TestACommandThatFails(t *testing.T) {
	_, err := ran(t.Context(), "exit 7", "", patience)
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Error(err)
	}
	if said, err := ran(t.Context(), "no-such-command-here", "", patience); err == nil || len(said) != 1 {
		t.Errorf("%q, %v", said, err)
	}
}

// TestACommandThatReadsNothing is not a failure, even if the text does not fit a pipe.
func TestACommandThatReadsNothing(t *testing.T) {
	if _, err := ran(t.Context(), "exec <&-; true", strings.Repeat("x", 1<<20), patience); err != nil {
		t.Error(err)
	}
	if said, err := ran(t.Context(), "head -c 3", strings.Repeat("x", 1<<20), patience); err != nil || !slices.Equal(said, []string{"xxx"}) {
		t.Errorf("%q, %v", said, err)
	}
}

// alive reports whether the process whose number is in a file is still there; a zombie is not.
func alive(t *testing.T, file string) bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err == nil {
		return !strings.Contains(string(stat), ") Z ")
	}
	return syscall.Kill(pid, 0) == nil
}

func gone(t *testing.T, file string) {
	t.Helper()
	for began := time.Now(); alive(t, file); time.Sleep(5 * time.Millisecond) { // another process has no clock to inject
		if time.Since(began) > patience {
			t.Fatal("a process of the command is still there")
		}
	}
}

// TestTheLimit kills the command and its children, also those that ignore signals and keep the output open.
func TestTheLimit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	began := time.Now()
	said, err := ran(t.Context(), `echo begun; trap '' TERM INT HUP; (trap '' TERM; sleep 600) & echo $! > '`+file+`'; wait`, "", 2*time.Second)
	if err == nil || !strings.Contains(err.Error(), "not done after 2s") || !slices.Equal(said, []string{"begun"}) || time.Since(began) > patience {
		t.Errorf("%q, %v after %s", said, err, time.Since(began))
	}
	gone(t, file)
}

// TestWhatIsLeftBehind in the background is killed if it keeps the output open.
func TestWhatIsLeftBehind(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	said, err := ran(t.Context(), `sleep 600 & echo $! > '`+file+`'; echo done`, "", patience)
	if err == nil || !strings.Contains(err.Error(), "left processes behind") || !slices.Equal(said, []string{"done"}) {
		t.Errorf("%q, %v", said, err)
	}
	gone(t, file)
	if _, err := ran(t.Context(), `(sleep 0.05; echo late) & :`, "", patience); err != nil {
		t.Errorf("a process in the background that ends in time: %v", err)
	}
}

// TestTheContext kills the command, and Kill does from another goroutine.
func TestTheContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	c := Command{Line: "echo begun; exec sleep 600", Env: []string{"PATH=" + os.Getenv("PATH")}, Limit: patience}
	c.Say = func(string) { cancel(errors.New("interrupted")) }
	if err := c.Run(ctx, nil); err == nil || err.Error() != "interrupted: it was killed" {
		t.Error(err)
	}
	if _, err := ran(ctx, "true", "", patience); err == nil {
		t.Error("it ran although its context was done")
	}
	k := Command{Line: "echo begun; exec sleep 600", Env: []string{"PATH=" + os.Getenv("PATH")}, Limit: patience}
	k.Say = func(string) { k.Kill() }
	if err := k.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Error(err)
	}
	k.Kill() // it has ended
}

// TestTheOutputIsBounded, and the command does not wait for a reader.
func TestTheOutputIsBounded(t *testing.T) {
	said, err := ran(t.Context(), "head -c 3000000 /dev/zero | tr '\\0' x; echo; seq 100000", "", patience)
	size := 0
	for _, line := range said {
		size += len(line) + 1
		if len(line) > maxLine {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	if err != nil || size > maxOutput+100 || !strings.Contains(said[len(said)-1], "the rest is dropped") {
		t.Errorf("%d bytes, %v", size, err)
	}
}

// TestPipesOfTheCommandEndAsUsual: a command whose reader has gone is ended by SIGPIPE, whatever this program does with it.
func TestPipesOfTheCommandEndAsUsual(t *testing.T) {
	said, err := ran(t.Context(), "yes | head -n 1", "", patience)
	if err != nil || !slices.Equal(said, []string{"y"}) {
		t.Errorf("%q, %v", said, err)
	}
}
