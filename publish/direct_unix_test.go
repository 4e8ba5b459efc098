//go:build unix

package publish_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"enrich/publish"
)

func namedPipe(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "pipe")
	check(t, syscall.Mkfifo(path, 0o600))
	return path
}

func TestAPipeIsWrittenDirectly(t *testing.T) {
	path := namedPipe(t)
	check(t, publish.CheckTarget(path))
	received := make(chan string, 1)
	go func() {
		text, err := os.ReadFile(path)
		received <- string(text) + errorText(err)
	}()
	s := publish.NewSet()
	check(t, add(s, path, "text"))
	check(t, s.Publish(context.Background()))
	if got := <-received; got != "text" {
		t.Errorf("received %q", got)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the pipe was replaced: %v", err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

func TestOpeningAPipeEndsWithTheContext(t *testing.T) {
	path := namedPipe(t)
	cause := errors.New("the grace is over")
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
	_, err := publish.NewSet().Create(ctx, path, nil)
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), "nobody opened") {
		t.Errorf("the error is %v", err)
	}
	_, err = os.OpenFile(path, os.O_RDONLY, 0) // ends the call that is left behind
	check(t, err)
}

func TestAWriteToAPipeEndsWithTheContext(t *testing.T) {
	path := namedPipe(t)
	reader, err := os.OpenFile(path, os.O_RDWR, 0)
	check(t, err)
	defer func() { _ = reader.Close() }()
	cause := errors.New("the grace is over")
	ctx, cancel := context.WithCancelCause(context.Background())
	s := publish.NewSet()
	w, err := s.Create(ctx, path, nil)
	check(t, err)
	time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
	text := make([]byte, 1<<20) // more than a pipe takes
	if n, err := w.Write(text); !errors.Is(err, cause) || n != 0 {
		t.Errorf("wrote %d bytes: %v", n, err)
	}
	_, err = io.CopyN(io.Discard, reader, int64(len(text))) // ends the call that is left behind
	check(t, errors.Join(err, s.Discard()))
}

func TestAFullDeviceIsAnError(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full")
	}
	s := publish.NewSet()
	if err := add(s, "/dev/full", "text"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the error is %v", err)
	}
	check(t, s.Discard())
}

// TestADescriptorIsWrittenDirectly: what /dev/fd/N leads to is open already and must not be replaced.
func TestADescriptorIsWrittenDirectly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, "first line\n")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	check(t, err)
	link := filepath.Join(t.TempDir(), "link")
	check(t, os.Symlink(fmt.Sprintf("/dev/fd/%d", f.Fd()), link))
	s := publish.NewSet()
	check(t, add(s, link, "second line\n"))
	check(t, errors.Join(s.Publish(context.Background()), f.Close()))
	if got := read(t, path); got != "first line\nsecond line\n" {
		t.Errorf("the file contains %q", got)
	}
}

func TestADirectoryWithoutPermissionIsRefused(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write anywhere")
	}
	dir := t.TempDir()
	check(t, os.Chmod(dir, 0o500))
	if err := publish.CheckTarget(filepath.Join(dir, "new")); err == nil || !strings.Contains(err.Error(), "cannot be written to") {
		t.Errorf("the error is %v", err)
	}
}

// TestWhatCannotBeOpenedIsRefusedBefore: a run must not pay for answers and then find that nothing can be written.
func TestWhatCannotBeOpenedIsRefusedBefore(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", socket)
	check(t, err)
	defer func() { _ = listener.Close() }()
	pipe := namedPipe(t)
	for path, message := range map[string]string{
		"/dev/fd/999": "no such file", "/dev/fd/999/x": "directory", socket: "is a socket", pipe: "", os.DevNull: "",
	} {
		if got := errorText(publish.CheckTarget(path)); (got == "") != (message == "") || !strings.Contains(got, message) {
			t.Errorf("%s: %q, expected %q", path, got, message)
		}
	}
	if os.Getuid() == 0 {
		return // root may write anywhere
	}
	check(t, os.Chmod(pipe, 0o400))
	if got := errorText(publish.CheckTarget(pipe)); !strings.Contains(got, "cannot be written to") {
		t.Errorf("a pipe that may only be read: %q", got)
	}
}

// TestAStickyDirectoryKeepsTheFilesOfOthers: the rename would fail at the end of the run.
func TestAStickyDirectoryKeepsTheFilesOfOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results")
	write(t, path, "old")
	user := os.Geteuid()
	for _, sticky := range []bool{false, true} {
		mode := os.FileMode(0o700)
		if sticky {
			mode |= os.ModeSticky
		}
		check(t, os.Chmod(filepath.Dir(path), mode))
		dir, err := os.Stat(filepath.Dir(path))
		check(t, err)
		file, err := os.Stat(path)
		check(t, err)
		if publish.MayReplace(user+1, dir, file) == sticky || !publish.MayReplace(user, dir, file) || !publish.MayReplace(0, dir, file) {
			t.Errorf("sticky %t: another user %t, the owner %t, root %t", sticky, publish.MayReplace(user+1, dir, file), publish.MayReplace(user, dir, file), publish.MayReplace(0, dir, file))
		}
	}
	check(t, publish.CheckTarget(path))
}
