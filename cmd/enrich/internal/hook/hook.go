// Package hook runs a command of the user, such as that of --on-finish.
//
// The command gets one text on its standard input; it may read any part of it. It ends when its context does: the whole group of
// processes is killed. Processes that it leaves in the background while they keep its output open get a moment, and then are
// killed too. Its output comes line by line, both streams in one, up to 64 KiB; the rest is read and dropped, so
// that the command never waits for a reader. A process that leaves the group (setsid) and closes its output is not found.
//
// There is no shell on Windows: [Check] says so.
package hook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"enrich/internal/phrase"
)

const (
	// maxOutput is how much of the output is passed on, in bytes.
	maxOutput = 64 << 10
	// maxLine is where a long line is broken, in bytes.
	maxLine = 4 << 10
	// leftBehind is how long processes in the background may keep the output open after the command has ended.
	leftBehind = time.Second
)

// A Command is a command line for /bin/sh, which is run at most once.
type Command struct {
	Line  string
	Env   []string      // all of the environment, as NAME=VALUE
	Limit time.Duration // of its run
	// Say gets each line of the output, without its end. It is called by one goroutine at a time.
	Say func(line string)

	group atomic.Int64 // of its processes; 0 before and after the run
}

// Run runs the command and waits until it has ended, at most Limit and little more. The error says how it failed: its exit
// status, or why it was killed.
func (c *Command) Run(ctx context.Context, stdin []byte) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Limit, fmt.Errorf("not done after %s", phrase.Duration(c.Limit)))
	defer cancel()
	out := &lines{say: c.Say}
	defer out.end()
	cmd := exec.CommandContext(ctx, shell, "-c", c.Line)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = append([]string{}, c.Env...), bytes.NewReader(stdin), out, out
	cmd.WaitDelay = leftBehind
	ownGroup(cmd)
	cmd.Cancel = func() error {
		c.Kill()
		return nil
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	c.group.Store(int64(cmd.Process.Pid))
	if ctx.Err() != nil { // Cancel may have come before the group was known
		c.Kill()
	}
	err := cmd.Wait()
	if ctx.Err() != nil && err != nil {
		err = fmt.Errorf("%w: it was killed", context.Cause(ctx))
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		c.Kill()
		err = errors.New("it left processes behind that kept its output open: they were killed")
	}
	c.group.Store(0)
	return err
}

// Kill ends the command at once, with all of its processes. It does nothing if the command does not run.
func (c *Command) Kill() {
	if group := c.group.Load(); group > 0 {
		killGroup(int(group))
	}
}

// lines passes on what is written, line by line.
type lines struct {
	say  func(string)
	line []byte
	size int
}

func (l *lines) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		part := b
		if end >= 0 {
			part = b[:end]
		}
		part = part[:min(len(part), maxLine-len(l.line))]
		l.line, b = append(l.line, part...), b[len(part):]
		switch {
		case len(b) > 0 && b[0] == '\n':
			b = b[1:]
			l.flush()
		case len(l.line) == maxLine:
			l.flush()
		}
	}
	return n, nil
}

// flush passes on the line, unless there was too much already.
func (l *lines) flush() {
	text := strings.TrimSuffix(string(l.line), "\r")
	l.line = l.line[:0]
	switch before := l.size; {
	case before > maxOutput:
	case before+len(text)+1 > maxOutput:
		l.size = maxOutput + 1
		l.say(fmt.Sprintf("(more than %d KiB of output: the rest is dropped)", maxOutput>>10))
	default:
		l.size += len(text) + 1
		l.say(text)
	}
}

// end passes on a last line without an end.
func (l *lines) end() {
	if len(l.line) > 0 {
		l.flush()
	}
}
