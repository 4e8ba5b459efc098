package sqlite_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"pgregory.net/rapid"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// sample is how many persons a sample ledger knows, of the kinds in turn.
const sample = 200

func sampleKind(n int) contact.Kind { return contact.Kind(n%5 + 1) }

// sampleBody is the n-th answer: not like another one.
func sampleBody(n int) []byte {
	return fmt.Appendf(nil, `{"contact":{"credit_charged":true,"n":%d},"pad":%q}`, n, strings.Repeat(fmt.Sprint(n), n))
}

// makeSample makes a ledger of two runs. Closed it is one file; otherwise it is as a killed process leaves it, the second
// run in the log and two intents open.
func makeSample(t testing.TB, path string, closed bool) {
	t.Helper()
	makeSampleOf(t, path, closed, 10, sqlite.Options{})
}

// makeSampleOf makes it in commits of some size.
func makeSampleOf(t testing.TB, path string, closed bool, size int, o sqlite.Options) {
	t.Helper()
	l := open(t, path, o)
	half := func(from, to int) int64 {
		run := begin(t, l)
		for n := from; n < to; n += size {
			var intents []ledger.Intent
			var outcomes []contact.Outcome
			for i := n; i < n+size; i++ {
				o := outcome(i, sampleKind(i))
				if o.Kind.Answered() {
					o.Body = sampleBody(i)
				}
				intents, outcomes = append(intents, person(i)), append(outcomes, o)
			}
			commit(t, l, run, intents)
			commit(t, l, run, nil, outcomes...)
		}
		return run
	}
	if err := l.Finish(context.Background(), half(0, sample/2), "", 0); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, o)
	run := half(sample/2, sample)
	if closed {
		if err := errors.Join(l.Finish(context.Background(), run, "", 0), l.Close()); err != nil {
			t.Fatal(err)
		}
		return
	}
	commit(t, l, run, []ledger.Intent{person(sample), person(sample + 1)})
	dir := t.TempDir()
	for _, suffix := range []string{"", "-wal"} { // what the living process has on the disk
		copyFile(t, path+suffix, filepath.Join(dir, "copy"+suffix))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		copyFile(t, filepath.Join(dir, "copy"+suffix), path+suffix)
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// read reads every person of the sample, and returns the first error, or what is wrong. Where it says neither, all is as
// it was written.
func read(l *sqlite.Ledger, closed bool) (wrong string, err error) {
	for n := range sample {
		s := stateOf(l, person(n).Keys)
		if s.Kind != sampleKind(n) || s.At.Unix() != outcome(n, s.Kind).At.Unix() {
			return fmt.Sprintf("person %d is %+v", n, s), nil
		}
		out := make([]contact.Outcome, 1)
		if err := l.Outcomes(context.Background(), []ledger.Ref{s.Ref}, out); err != nil {
			return "", err
		}
		want := outcome(n, s.Kind)
		if s.Kind.Answered() {
			want.Body = sampleBody(n)
		}
		if got := out[0]; !bytes.Equal(got.Body, want.Body) || got.Kind != want.Kind || got.Message != want.Message ||
			got.Charged != want.Charged || got.Failure != want.Failure || got.Status != want.Status || !got.At.Equal(want.At) {
			return fmt.Sprintf("person %d reads %+v", n, out[0]), nil
		}
	}
	if found := len(l.Found()); closed && found > 0 || !closed && found != 2 {
		return fmt.Sprintf("%d found", found), nil
	}
	return "", nil
}

// photograph is a hash of everything in a directory but its lock.
func photograph(t testing.TB, dir string) map[string][32]byte {
	t.Helper()
	hashes := map[string][32]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".lock") {
			return err
		}
		b, err := os.ReadFile(path)
		hashes[filepath.Base(path)] = sha256.Sum256(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hashes
}

func TestWhatIsNoLedgerIsRefusedAndNotTouched(t *testing.T) {
	for name, tt := range map[string]struct {
		make func(t *testing.T, path string)
		want error
		says string
	}{
		"a text":          {func(t *testing.T, p string) { write(t, p, "email,name\nann@x.com,Ann\n") }, ledger.ErrForeign, "name another file"},
		"a short text":    {func(t *testing.T, p string) { write(t, p, "x") }, ledger.ErrForeign, "name another file"},
		"another program": {func(t *testing.T, p string) { foreign(t, p, "PRAGMA application_id = 7; CREATE TABLE t(a)") }, ledger.ErrForeign, "name another file"},
		"no application":  {func(t *testing.T, p string) { foreign(t, p, "CREATE TABLE t(a)") }, ledger.ErrForeign, "name another file"},
		"a foreign log":   {func(t *testing.T, p string) { foreign(t, p, "PRAGMA journal_mode = WAL; CREATE TABLE t(a)") }, ledger.ErrForeign, "name another file"},
		"a version":       {func(t *testing.T, p string) { makeSample(t, p, true); foreign(t, p, "PRAGMA user_version = 99") }, ledger.ErrNewer, "use that version"},
		"no version":      {func(t *testing.T, p string) { makeSample(t, p, true); foreign(t, p, "PRAGMA user_version = 0") }, ledger.ErrDamaged, "restore it from a backup"},
		"no table":        {func(t *testing.T, p string) { makeSample(t, p, true); foreign(t, p, "DROP TABLE ended") }, ledger.ErrDamaged, "restore it from a backup"},
		"no column": {func(t *testing.T, p string) {
			makeSample(t, p, true)
			foreign(t, p, "ALTER TABLE ended RENAME keys TO k")
		}, ledger.ErrDamaged, "restore it from a backup"},
		"a lost commit":    {func(t *testing.T, p string) { makeSample(t, p, true); foreign(t, p, "DELETE FROM ended WHERE id = 4") }, ledger.ErrDamaged, "restore it from a backup"},
		"the first commit": {func(t *testing.T, p string) { makeSample(t, p, true); foreign(t, p, "DELETE FROM ended WHERE id = 2") }, ledger.ErrDamaged, "restore it from a backup"},
		"the last commit":  {func(t *testing.T, p string) { makeSample(t, p, true); foreign(t, p, "DELETE FROM ended WHERE id = 40") }, ledger.ErrDamaged, "restore the newest copy"},
		"the last outcome": {func(t *testing.T, p string) {
			makeSample(t, p, true)
			foreign(t, p, "DELETE FROM outcome WHERE id = 200")
		}, ledger.ErrDamaged, "restore the newest copy"},
		"a run": {func(t *testing.T, p string) { makeSample(t, p, true); foreign(t, p, "DELETE FROM run WHERE id = 1") }, ledger.ErrDamaged, "restore it from a backup"},
		"a changed run": {func(t *testing.T, p string) {
			makeSample(t, p, true)
			foreign(t, p, "UPDATE run SET url = 'x' WHERE id = 1")
		}, ledger.ErrDamaged, "restore it from a backup"},
		"the head of it": {func(t *testing.T, p string) { makeSample(t, p, true); garble(t, p, 20, 60) }, nil, "restore it from a backup"},
		"its magic":      {func(t *testing.T, p string) { makeSample(t, p, true); garble(t, p, 3, 8) }, ledger.ErrForeign, "its beginning is damaged"},
		"half of it":     {func(t *testing.T, p string) { makeSample(t, p, true); cut(t, p, 0.5) }, ledger.ErrDamaged, "restore it from a backup"},
		"all but a byte": {func(t *testing.T, p string) { makeSample(t, p, true); cut(t, p, 0.99999) }, ledger.ErrDamaged, "restore it from a backup"},
		"a directory":    {func(t *testing.T, p string) { mkdir(t, p) }, ledger.ErrForeign, "not a regular file"},
		"its log":        {func(t *testing.T, p string) { makeSample(t, p, false); garble(t, p+"-wal", 20_000, 40) }, ledger.ErrDamaged, "of its log"},
		"its log's head": {func(t *testing.T, p string) { makeSample(t, p, false); garble(t, p+"-wal", 9, 3) }, ledger.ErrDamaged, "of its log"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			tt.make(t, path)
			before := photograph(t, filepath.Dir(path))
			for _, o := range []sqlite.Options{{}, {ReadOnly: true}} {
				l, err := sqlite.Open(context.Background(), path, o)
				if err == nil {
					t.Fatalf("%+v: it opens: %v", o, l.Close())
				}
				if tt.want != nil && !errors.Is(err, tt.want) || tt.want != nil && !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%+v: %v", o, err)
				}
				after := photograph(t, filepath.Dir(path))
				if _, ok := before["ledger.db-wal"]; ok {
					delete(after, "ledger.db-shm") // a log cannot be looked into without its index
				}
				if fmt.Sprint(after) != fmt.Sprint(before) {
					t.Errorf("%+v: before %x\nafter %x", o, before, after)
				}
			}
		})
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t testing.TB, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// foreign is what another program does to the file.
func foreign(t testing.TB, path, sql string) {
	t.Helper()
	c, err := sqlite3.Open(path)
	if err == nil {
		err = errors.Join(c.Exec(sql), c.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// backup copies a ledger with SQLite's backup, as the shell's .backup does.
func backup(t testing.TB, from, to string) {
	t.Helper()
	c, err := sqlite3.Open(from)
	if err == nil {
		err = errors.Join(c.Backup("main", to), c.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// foreignTransaction is a transaction of another program, which stays open until the connection is closed.
func foreignTransaction(t testing.TB, path string) *sqlite3.Conn {
	t.Helper()
	c, err := sqlite3.Open(path)
	if err == nil {
		err = c.Exec("BEGIN IMMEDIATE")
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// garble changes bytes.
func garble(t testing.TB, path string, at, n int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		b[at+i] ^= byte(0x5a + i)
	}
	write(t, path, string(b))
}

func cut(t testing.TB, path string, share float64) {
	t.Helper()
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, int64(float64(info.Size())*share))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestACutFileIsRefused: wherever the end is missing.
func TestACutFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	makeSample(t, path, true)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1; size < len(whole); size += 977 {
		write(t, path, string(whole[:size]))
		for _, o := range []sqlite.Options{{}, {ReadOnly: true}} {
			l, err := sqlite.Open(context.Background(), path, o)
			if !errors.Is(err, ledger.ErrDamaged) && !errors.Is(err, ledger.ErrForeign) {
				t.Fatalf("%d of %d bytes, %+v: %v, %v", size, len(whole), o, l, err)
			}
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, whole[:size]) {
			t.Fatalf("%d of %d bytes: it was touched", size, len(whole))
		}
	}
}

// TestNoDamageMakesAWrongAnswer: whatever bytes are changed, in the file or in its log, each answer that is read is the
// one that was written, or there is an error. What cannot be told from a power cut is the end of a log.
func TestNoDamageMakesAWrongAnswer(t *testing.T) {
	for name, closed := range map[string]bool{"file": true, "file beside its log": false, "log": false} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			makeSampleOf(t, path, closed, 5, sqlite.Options{}.Tiny())
			victim := path
			if name == "log" {
				victim += "-wal"
			}
			sound := map[string][]byte{}
			for _, p := range []string{path, path + "-wal"} {
				if b, err := os.ReadFile(p); err == nil {
					sound[p] = b
				}
			}
			refused, told, right := 0, 0, 0
			rapid.Check(t, func(rt *rapid.T) {
				for _, p := range []string{path + "-wal", path + "-shm"} {
					_ = os.Remove(p) // of the one before
				}
				for p, b := range sound {
					if err := os.WriteFile(p, b, 0o600); err != nil {
						rt.Fatal(err)
					}
				}
				b := damage(rt, sound[victim])
				if err := os.WriteFile(victim, b, 0o600); err != nil {
					rt.Fatal(err)
				}
				l, err := sqlite.Open(context.Background(), path, sqlite.Options{})
				if err != nil {
					refused++
					return
				}
				defer func() { _ = l.Close() }()
				wrong, err := read(l, closed)
				switch {
				case err != nil:
					told++
				case wrong == "":
					right++
				case name == "log" && likeAPowerCut(sound[victim], b):
					right++
				default:
					rt.Fatalf("%s; %s", wrong, difference(sound[victim], b))
				}
			})
			t.Logf("refused %d, told when it was read %d, right %d", refused, told, right)
			if refused == 0 {
				t.Error("nothing was refused")
			}
		})
	}
}

// damage changes some bytes: bits, a stretch, zeros, or a page that is another one's.
func damage(rt *rapid.T, sound []byte) []byte {
	b := bytes.Clone(sound)
	for range rapid.IntRange(1, 3).Draw(rt, "times") {
		at := rapid.IntRange(0, len(b)-1).Draw(rt, "at")
		switch rapid.IntRange(0, 4).Draw(rt, "kind") {
		case 0, 1:
			b[at] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		case 2:
			b[at] = rapid.Byte().Draw(rt, "byte")
		case 3:
			clear(b[at:min(at+rapid.IntRange(1, 5000).Draw(rt, "zeros"), len(b))])
		case 4:
			const page = 4096
			from := rapid.IntRange(0, len(b)-1).Draw(rt, "from")
			copy(b[at/page*page:], bytes.Clone(b[from/page*page:min(from/page*page+page, len(b))]))
		}
	}
	return b
}

// likeAPowerCut says whether damage of a log cannot be told from a power cut: behind its beginning no two frames are as
// they were of which the first ends a transaction (of it, only what its header says counts) and the second begins one.
func likeAPowerCut(sound, now []byte) bool {
	const header, frame = 32, 24 + 4096
	first := 0
	for sound[first] == now[first] {
		if first++; first == len(sound) {
			return false
		}
	}
	for at := header; at+2*frame <= len(sound); at += frame {
		next := at + frame
		if at+frame <= first || !bytes.Equal(sound[next+8:next+16], sound[16:24]) || binary.BigEndian.Uint32(sound[at+4:]) == 0 {
			continue
		}
		if bytes.Equal(sound[at+4:at+24], now[at+4:at+24]) && bytes.Equal(sound[next:next+frame], now[next:next+frame]) {
			return false
		}
	}
	return first >= header
}

func difference(sound, now []byte) string {
	var places []string
	for i := range sound {
		if sound[i] != now[i] && len(places) < 20 {
			places = append(places, fmt.Sprintf("%d (page %d, %d): %02x, was %02x", i, i/4096+1, i%4096, now[i], sound[i]))
		}
	}
	return strings.Join(places, "; ")
}
