package pipeline

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
	"enrich/reader"
	"enrich/writer"
)

// A reusingSource uses the memory of its rows again with each Read, as a reader does. Each seventh row has too many cells.
type reusingSource struct {
	n, next, reads int
	second         chan struct{} // closed when the second batch was read
	cells, extra   [batchRows][2]string
	raw            [batchRows][]byte
}

func (s *reusingSource) Read(rows []reader.Row) (int, error) {
	n := min(len(rows), s.n-s.next)
	for i := range n {
		s.next++
		name := fmt.Sprint(s.next)
		s.cells[i] = [2]string{name, "cell of " + name}
		s.raw[i] = append(s.raw[i][:0], "raw "+name...)
		rows[i] = reader.Row{
			Number: int64(s.next), Line: int64(s.next + 1), Cells: s.cells[i][:], Raw: s.raw[i], Contact: contact.Contact{Email: name + "@x.example"},
		}
		if s.next%7 == 0 {
			s.extra[i] = [2]string{"extra " + name, "more"}
			rows[i].Refused = &reader.Refusal{Kind: contact.Ragged, Message: "4 cells", Extra: s.extra[i][:]}
		}
	}
	if s.reads++; s.reads == 2 {
		close(s.second)
	}
	if s.next == s.n {
		return n, io.EOF
	}
	return n, nil
}

// A lateSink writes nothing before the second batch was read.
type lateSink struct {
	second <-chan struct{}
	lines  *[]string
}

func (s lateSink) Write(r *writer.Row) error {
	<-s.second
	*s.lines = append(*s.lines, fmt.Sprintf("%d %q %s %q", r.Line, r.Cells, r.Raw, r.Extra))
	return nil
}

type lateFailures struct{ lateSink }

func (s lateFailures) Write(f *writer.Failure) error { return s.lateSink.Write(&f.Row) }

// A batch is written while the next one is read: or else this test would wait for ever. Its rows remain what they were.
func TestABatchIsWrittenWhileTheNextIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rows = 2*batchRows + 10
		var lines []string
		source := &reusingSource{n: rows, second: make(chan struct{})}
		sink := lateSink{source.second, &lines}
		rig := newWriteRig()
		w := Write{
			Rules:  Rules{Identity: rig.identity, Started: time.Now(), MaxAge: time.Hour, NoMatchAge: -1},
			Source: source, Ledger: rig.ledger, Results: resultSink{&written{}}, Failures: lateFailures{sink}, Pending: sink,
		}
		result, err := w.Do(t.Context())
		if err != nil || result.Read != rows || len(lines) != rows {
			t.Fatalf("%d lines of %+v: %v", len(lines), result, err)
		}
		for i, line := range lines {
			n := i + 1
			extra := "[]"
			if n%7 == 0 {
				extra = fmt.Sprintf(`["extra %d" "more"]`, n)
			}
			if expected := fmt.Sprintf(`%d ["%d" "cell of %d"] raw %d %s`, n+1, n, n, n, extra); line != expected {
				t.Fatalf("row %d is %s, expected %s", n, line, expected)
			}
		}
	})
}

// After the first error nothing more is written, and what was being written has ended when Do returns.
func TestAnErrorOfABatchEndsThePass(t *testing.T) {
	rig := newWriteRig()
	rig.list(strings.Fields(strings.Repeat("new@x.example ", 5*batchRows))...)
	w, out := rig.write()
	out.full = io.ErrShortWrite
	if _, err := w.Do(t.Context()); err == nil || len(out.lines) != 1 {
		t.Errorf("%d rows were written after the error %v", len(out.lines), err)
	}
}
