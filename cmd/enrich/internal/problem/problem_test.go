package problem

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTheParts of an error are kept when it is wrapped, and its text is what people read.
func TestTheParts(t *testing.T) {
	bare := New(Problem{Code: "no_file", Message: "run takes one file", Advice: "name it"})
	flag := Wrap(io.EOF, "invalid", "out", "create it")
	for _, tt := range []struct {
		err  error
		text string
		want Problem
	}{
		{bare, "run takes one file: name it", Problem{"no_file", "", "run takes one file", "name it"}},
		{flag, "--out: EOF: create it", Problem{"invalid", "out", "--out: EOF", "create it"}},
		{fmt.Errorf("read x: %w", flag), "read x: --out: EOF: create it", Problem{"invalid", "out", "read x: --out: EOF", "create it"}},
		{fmt.Errorf("%w (again)", flag), "--out: EOF: create it (again)", Problem{"invalid", "out", "--out: EOF: create it (again)", "create it"}},
		{Wrap(flag, "outer", "", ""), "--out: EOF: create it", Problem{"outer", "out", "--out: EOF", "create it"}},
		{Wrap(bare, "", "limit", "or not"), "--limit: run takes one file: name it: or not", Problem{"no_file", "limit", "--limit: run takes one file: name it", "or not"}},
		{errors.Join(io.EOF, bare), "EOF\nrun takes one file: name it", Problem{"no_file", "", "EOF\nrun takes one file", "name it"}},
		{Join(Problem{Message: "no flag", Advice: "did you mean x?"}, "; "), "no flag; did you mean x?", Problem{Message: "no flag", Advice: "did you mean x?"}},
		{io.EOF, "EOF", Problem{Message: "EOF"}},
	} {
		if got := Of(tt.err); tt.err.Error() != tt.text || got != tt.want {
			t.Errorf("%q: %+v, expected %q: %+v", tt.err, got, tt.text, tt.want)
		}
	}
	if Wrap(nil, "code", "flag", "") != nil || !errors.Is(flag, io.EOF) {
		t.Error("nil is not kept, or the cause is lost")
	}
}
