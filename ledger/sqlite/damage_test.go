package sqlite_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"enrich/ledger"
	"enrich/ledger/sqlite"
)

func TestAFileThatIsNotALedgerIsRefusedAndNotChanged(t *testing.T) {
	for name, tt := range map[string]struct {
		make     func(t *testing.T, path string)
		expected error
		says     string
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
				if tt.expected != nil && !errors.Is(err, tt.expected) || tt.expected != nil && !strings.Contains(err.Error(), tt.says) {
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

// TestACutFileIsRefused at whatever length it was cut.
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

// TestDamageNeverCausesAWrongAnswer: whatever bytes are changed, in the file or in its log, each answer that is read is the
// one that was written, or there is an error. Damage at the end of a log cannot be distinguished from a power cut.
func TestDamageNeverCausesAWrongAnswer(t *testing.T) {
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
			tryDamage(t, path, sound, victim, func(l *sqlite.Ledger, now []byte) (string, error) {
				wrong, err := read(l, closed)
				if name == "log" && likeAPowerCut(sound[victim], now) {
					wrong = ""
				}
				return wrong, err
			})
		})
	}
}

// tryDamage opens the ledger at path, which consists of undamaged files, with one of them damaged: in the same 16 places each time, so
// that whether any damage is refused does not depend on what rapid draws, and then at random. It may be refused, or reported by read,
// or read must find nothing wrong.
func tryDamage(t *testing.T, path string, sound map[string][]byte, victim string, read func(l *sqlite.Ledger, now []byte) (wrong string, err error)) {
	t.Helper()
	refused, reported, right := 0, 0, 0
	try := func(t rapid.TB, damaged []byte) {
		_, _ = os.Remove(path+"-wal"), os.Remove(path+"-shm") // of the one before
		for p, b := range sound {
			if p == victim {
				b = damaged
			}
			if err := os.WriteFile(p, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l, err := sqlite.Open(context.Background(), path, sqlite.Options{})
		if err != nil {
			refused++
			return
		}
		defer func() { _ = l.Close() }()
		wrong, err := read(l, damaged)
		switch {
		case err != nil:
			reported++
		case wrong == "":
			right++
		default:
			t.Fatalf("%s; %s", wrong, difference(sound[victim], damaged))
		}
	}
	for i := range 16 {
		b := bytes.Clone(sound[victim])
		for at := i * len(b) / 16; at < i*len(b)/16+64; at++ {
			b[at] ^= 0xff
		}
		try(t, b)
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
	rapid.Check(t, func(rt *rapid.T) { try(rt, damage(rt, sound[victim])) })
	t.Logf("refused %d, reported when it was read %d, right %d", refused, reported, right)
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

// likeAPowerCut reports whether damage of a log cannot be distinguished from a power cut: after it there are no two unchanged
// frames of which the first ends a transaction (only its header counts) and the second begins one.
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
