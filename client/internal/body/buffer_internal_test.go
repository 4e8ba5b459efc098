package body

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// textOf returns n bytes of text.
func textOf(n int) []byte { return []byte(`{"` + strings.Repeat("t", n-4) + `"}`) }

func gzipped(members ...[]byte) []byte {
	var b bytes.Buffer
	for _, m := range members {
		z := gzip.NewWriter(&b)
		_, _ = z.Write(m)
		_ = z.Close()
	}
	return b.Bytes()
}

// smallMemory returns the smallest memory there is, and checks in the end that all of it was given back.
func smallMemory(t *testing.T, workers int) *Memory {
	t.Helper()
	m := NewMemory(1, workers, nil)
	t.Cleanup(func() {
		if !m.complete.TryAcquire(m.size) {
			t.Error("memory was not given back")
		}
		if free := int64(len(m.spill.free)); free != m.spill.slots {
			t.Errorf("%d of %d slots of the temporary file were given back", free, m.spill.slots)
		}
		m.Close()
	})
	return m
}

func TestABodyIsReadUnchangedWhateverItsSize(t *testing.T) {
	for _, size := range []int{4, minShare - 1, minShare, minShare + 1, 5000, largeBody, 60_000, minRecycled, MaxSize - 1, MaxSize} {
		text := textOf(size)
		for form, raw := range map[string][]byte{
			"plain": text, "gzip": gzipped(text), "gzip in two members": gzipped(text[:size/2], text[size/2:]),
		} {
			for _, length := range []int64{-1, int64(len(raw)), 0, 1 << 40} { // a server may announce any length
				m := smallMemory(t, 2)
				b := m.NewBuffer()
				for range 2 { // even if the buffer is used again
					if err := b.Read(iotest.HalfReader(bytes.NewReader(raw)), length); err != nil || b.Len() != len(raw) {
						t.Fatalf("%d bytes, %s, announced as %d: read %d, %v", size, form, length, b.Len(), err)
					}
					got, err := b.Decode(http.Header{})
					if err != nil || !bytes.Equal(got, text) {
						t.Errorf("%d bytes, %s, announced as %d: %d bytes, %v", size, form, length, len(got), err)
					}
				}
				b.Free()
				b.Free()
			}
		}
	}
}

// A body that is too long is cut one byte above the bound, decompressed or not, and takes no more memory than any other.
func TestABodyIsBounded(t *testing.T) {
	for name, raw := range map[string][]byte{
		"plain":                           textOf(MaxSize + 1),
		"much too long":                   textOf(3 * MaxSize),
		"gzip":                            gzipped(textOf(MaxSize + 1)),
		"a gzip bomb":                     gzipped(bytes.Repeat([]byte("x"), 64*MaxSize)),
		"gzip in two members":             gzipped(textOf(MaxSize), []byte("{}")),
		"gzip that states a short length": append(gzipped(textOf(2*MaxSize)), gzipped(nil)...),
	} {
		b := smallMemory(t, 2).NewBuffer()
		if err := b.Read(bytes.NewReader(raw), -1); err != nil {
			t.Fatal(err)
		}
		if text, err := b.Decode(http.Header{}); err != nil || len(text) != MaxSize+1 {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
		b.Free()
	}
}

// A body that was cut is not corrupt, and the reverse: only the caller knows whether a cut body is lost.
func TestDecodeTellsCutFromCorrupt(t *testing.T) {
	whole := gzipped(textOf(5000))
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-6] ^= 1 // its checksum
	for name, tt := range map[string]struct {
		raw     []byte
		deflate bool
		corrupt bool
	}{
		"half of a gzip":     {whole[:len(whole)/2], false, false},
		"a gzip header":      {whole[:5], false, false},
		"a wrong checksum":   {damaged, false, true},
		"not deflate at all": {[]byte("\xff\xff\xff"), true, true},
	} {
		b := smallMemory(t, 1).NewBuffer()
		if err := b.Read(bytes.NewReader(tt.raw), -1); err != nil {
			t.Fatal(err)
		}
		h := http.Header{}
		if tt.deflate {
			h.Set("Content-Encoding", " Deflate ")
		}
		if _, err := b.Decode(h); err == nil || errors.Is(err, ErrCorrupt) != tt.corrupt {
			t.Errorf("%s: %v", name, err)
		}
		b.Free()
	}
}

func TestReadReturnsTheErrorAndWhatCameBefore(t *testing.T) {
	b := smallMemory(t, 1).NewBuffer()
	reset := errors.New("connection reset")
	if err := b.Read(io.MultiReader(strings.NewReader(`{"a":1}`), iotest.ErrReader(reset)), 100); !errors.Is(err, reset) {
		t.Errorf("%v", err)
	}
	if text, err := b.Decode(http.Header{}); err != nil || string(text) != `{"a":1}` {
		t.Errorf("%s, %v", text, err)
	}
	b.Free()
}

// The first body keeps its memory, so no other fits beside it. All others are read to their ends meanwhile.
func TestABodyIsReadAtOnceWhileOthersFillTheMemory(t *testing.T) {
	const others = 24
	m := smallMemory(t, others)
	text := textOf(900_000)
	first := m.NewBuffer()
	if err := first.Read(bytes.NewReader(text), -1); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Decode(http.Header{}); err != nil {
		t.Fatal(err)
	}
	kept := first.Keep(len(text))
	first.Free()
	if kept != int64(len(text)) {
		t.Fatalf("kept %d bytes", kept)
	}
	var decoded atomic.Int64
	var read, all sync.WaitGroup
	read.Add(others)
	for range others {
		all.Go(func() {
			b := m.NewBuffer()
			if err := b.Read(bytes.NewReader(text), -1); err != nil {
				t.Error(err)
			}
			read.Done()
			if got, err := b.Decode(http.Header{}); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			decoded.Add(1)
			b.Free()
		})
	}
	read.Wait()
	if n := decoded.Load(); n > 0 {
		t.Errorf("%d bodies were decoded, although there was no memory for them", n)
	}
	m.Release(kept)
	all.Wait()
}

// A body that finds no room on the disk may be paid for: it stays in memory, and the caller is told.
// Each call of the file takes a thread while the disk is busy, so only a few are made at once.
func TestFewCallsOfTheFileAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := smallMemory(t, 1)
		b := m.NewBuffer()
		defer b.Free()
		text := textOf(20_000)
		for name, use := range map[string]func() error{
			"write": func() error { return b.Read(bytes.NewReader(text), -1) },
			"read":  func() error { _, err := b.Decode(http.Header{}); return err },
		} {
			if name == "read" {
				if err := b.Read(bytes.NewReader(text), -1); err != nil {
					t.Fatal(err)
				}
			}
			for range maxFileCalls {
				m.spill.calls <- struct{}{}
			}
			done := make(chan error, 1)
			go func() { done <- use() }()
			synctest.Wait()
			if len(done) > 0 {
				t.Errorf("%s: it did not wait", name)
			}
			<-m.spill.calls
			if err := <-done; err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for range maxFileCalls - 1 {
				<-m.spill.calls
			}
		}
	})
}

func TestABodyStaysInMemoryIfTheTemporaryFileFails(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/missing")
	m := smallMemory(t, 2)
	text := textOf(900_000)
	for range 3 {
		b := m.NewBuffer()
		if err := b.Read(bytes.NewReader(text), -1); err != nil {
			t.Fatal(err)
		}
		if got, err := b.Decode(http.Header{}); err != nil || !bytes.Equal(got, text) || !errors.Is(m.Err(), fs.ErrNotExist) {
			t.Errorf("%d bytes, %v, %v", len(got), err, m.Err())
		}
		b.Free()
	}
}

func TestTheFirstLargeBodyIsAnnounced(t *testing.T) {
	announced := 0
	m := NewMemory(0, 1, func() { announced++ })
	defer m.Close()
	for i, size := range []int{largeBody, largeBody + 1, MaxSize} {
		b := m.NewBuffer()
		if err := b.Read(bytes.NewReader(textOf(size)), -1); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Decode(http.Header{}); err != nil || announced != min(i, 1) {
			t.Errorf("announced %d times after %d bytes, %v", announced, size, err)
		}
		b.Free()
	}
}

func TestTheMemoryIsDividedAsDocumented(t *testing.T) {
	for _, tt := range []struct {
		limit    int64
		workers  int
		share    int
		complete int64
	}{
		{0, 32, MaxSize + 1, 0},
		{1, 32, minShare, copies*(MaxSize+1) + gunzipMemory},
		{30 << 20, 32, 10 << 20 / 32, 20 << 20},
		{30 << 20, 2, MaxSize + 1, 20 << 20},
		{30 << 20, 1 << 20, minShare, 20 << 20},
	} {
		m := NewMemory(tt.limit, tt.workers, nil)
		if m.share != tt.share || m.size != tt.complete || (m.complete == nil) != (tt.limit == 0) {
			t.Errorf("%d bytes for %d workers: share %d, complete %d", tt.limit, tt.workers, m.share, m.size)
		}
	}
}

// Reading an ordinary body again takes no new memory.
func BenchmarkReadAndDecode(b *testing.B) {
	for _, size := range []int{450, 60_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			m := NewMemory(30<<20, 32, nil)
			defer m.Close()
			buffer, text, h := m.NewBuffer(), textOf(size), http.Header{}
			b.ReportAllocs()
			for b.Loop() {
				if err := buffer.Read(bytes.NewReader(text), int64(size)); err != nil {
					b.Fatal(err)
				}
				if _, err := buffer.Decode(h); err != nil {
					b.Fatal(err)
				}
				buffer.Free()
			}
		})
	}
}
