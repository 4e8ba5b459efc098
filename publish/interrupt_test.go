package publish_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"enrich/publish"
)

func TestInterruptibleWritesThrough(t *testing.T) {
	var b strings.Builder
	w := publish.Interruptible(context.Background(), "standard output", &b)
	for _, text := range []string{"one ", "", "two"} {
		n, err := io.WriteString(w, text)
		if err != nil || n != len(text) {
			t.Errorf("%q: wrote %d bytes, %v", text, n, err)
		}
	}
	if b.String() != "one two" {
		t.Errorf("wrote %q", b.String())
	}
}

func TestInterruptibleReportsTheErrorOfTheWriter(t *testing.T) {
	r, w := io.Pipe()
	broken := errors.New("broken pipe")
	check(t, r.CloseWithError(broken))
	if _, err := publish.Interruptible(context.Background(), "standard output", w).Write([]byte("x")); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
}

// TestAWriteEndsWithTheContext: the caller may then reuse its buffer, although the write is still going on.
func TestAWriteEndsWithTheContext(t *testing.T) {
	r, w := io.Pipe()
	cause := errors.New("the grace is over")
	ctx, cancel := context.WithCancelCause(context.Background())
	out := publish.Interruptible(ctx, "standard output", w)
	text := []byte("text")
	started, written := make(chan struct{}), make(chan error, 1)
	go func() {
		close(started)
		_, err := out.Write(text)
		written <- err
	}()
	<-started
	cancel(cause)
	if err := <-written; !errors.Is(err, cause) || !strings.Contains(err.Error(), "standard output was not read") {
		t.Errorf("the error is %v", err)
	}
	copy(text, "????")
	if _, err := out.Write(text); !errors.Is(err, cause) {
		t.Errorf("a second write: %v", err)
	}
	check(t, w.Close()) // ends the write that was left behind
	check(t, r.Close())
}
