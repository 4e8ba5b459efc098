package sqlite_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// goldenURL is the API that the golden ledger's runs asked.
const goldenURL = "http://127.0.0.1:9"

// makeGolden makes the ledger that version 2 wrote for testdata/golden-2.csv, with a second run that was killed with six calls in
// flight. Its keys are of the rules before format characters and placeholders were known.
func makeGolden(t testing.TB) (path string) {
	t.Helper()
	dump, err := os.ReadFile("testdata/golden-2.sql")
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "ledger.db")
	foreign(t, path, string(dump))
	return path
}

// goldenList are the contacts of the list that the golden ledger was asked, as its rows are cleaned today, and what each row is for.
func goldenList(t testing.TB) (contacts []contact.Contact, notes []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/golden-2.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		var c contact.Contact
		for i, f := range contact.Fields() {
			c.Set(f, row[i])
		}
		contacts, notes = append(contacts, c.Cleaned()), append(notes, row[len(row)-1])
	}
	return contacts, notes
}

// checkGolden checks that every row of the list has its outcome, and that nothing of the file is lost.
func checkGolden(t testing.TB, l *sqlite.Ledger) {
	t.Helper()
	id := contact.NewIdentity(goldenURL, nil)
	contacts, notes := goldenList(t)
	for i, c := range contacts {
		expected := contact.Matched
		switch notes[i] {
		case "refused":
			expected = contact.Refused
		case "lost":
			expected = contact.Lost
		case "a trailing dot was sent", "no match":
			expected = contact.NoMatch
		}
		if s := stateOf(l, id.Keys(c)); s.Kind != expected {
			t.Errorf("%s: %+v, expected %s", notes[i], s, expected)
		}
	}
	bea := stateOf(l, id.Keys(contacts[1]))
	if bea != stateOf(l, id.Keys(contacts[2])) || bea.Ref != 3 {
		t.Errorf("two contacts that are one now have %+v and %+v, expected the later answer, outcome 3", bea, stateOf(l, id.Keys(contacts[2])))
	}
	if n := len(l.InterruptedCalls()); n != 0 && n != 6 {
		t.Errorf("%d calls are lost, expected 6 once", n)
	}
	for n := range 6 {
		c := contact.Contact{Email: fmt.Sprintf("open%d+hang@x.example", n), FirstName: "Oz"}
		if n%3 == 0 {
			c.FirstName = ""
		}
		if s := stateOf(l, id.Keys(c)); s.Kind != contact.Lost {
			t.Errorf("the call in flight for %s is %+v, expected lost", c.Email, s)
		}
	}
	if v, err := l.Verify(context.Background()); err != nil || v.Problems > 0 || v.Outcomes < 17 || v.Intents != 23 {
		t.Errorf("verify: %+v, %v", v, err)
	}
}

// TestAnOldLedgerKeepsItsAnswers: a list that was answered before the rules of the identity changed costs no call.
func TestAnOldLedgerKeepsItsAnswers(t *testing.T) {
	path := makeGolden(t)
	for range 2 {
		l := open(t, path, sqlite.Options{})
		checkGolden(t, l)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	checkGolden(t, open(t, path, sqlite.Options{ReadOnly: true}))
}

// TestALedgerIsRekeyedOnce: later opens write nothing.
func TestALedgerIsRekeyedOnce(t *testing.T) {
	path := makeGolden(t)
	open := func() [32]byte {
		if err := open(t, path, sqlite.Options{}).Close(); err != nil {
			t.Fatal(err)
		}
		return fileSum(t, path)
	}
	if before, after := open(), open(); before != after {
		t.Error("the second open wrote to the file")
	}
}

func fileSum(t testing.TB, path string) [32]byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(b)
}

// TestReadingAnOldLedgerDoesNotChangeIt: who only reads finds the answers, and changes nothing.
func TestReadingAnOldLedgerDoesNotChangeIt(t *testing.T) {
	path := makeGolden(t)
	before := fileSum(t, path)
	l := open(t, path, sqlite.Options{ReadOnly: true})
	checkGolden(t, l)
	other := contact.Contact{Email: "fay+match@x.example", FirstName: "Fay"}
	address := contact.NewIdentity(goldenURL, nil).Keys(other).Email
	if n, err := l.AnsweredAddresses(t.Context(), []contact.Key{address}, ledger.Fresh{}); err != nil || n != 1 {
		t.Errorf("an address that was answered with a format character in it is not known: %d, %v", n, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if fileSum(t, path) != before {
		t.Error("a reader wrote to the file")
	}
}

// TestAKilledMigrationLeavesTheOldOrTheNewVersion: at each operation on the disk, the files are as a killed process leaves them.
func TestAKilledMigrationLeavesTheOldOrTheNewVersion(t *testing.T) {
	path := makeGolden(t)
	var images []string
	dir := t.TempDir()
	d := newDisk(t, func(op) (int, error) {
		at := filepath.Join(dir, fmt.Sprint(len(images)))
		if err := os.Mkdir(at, 0o700); err != nil {
			return 0, err
		}
		for _, suffix := range []string{"", "-wal"} {
			if b, err := os.ReadFile(path + suffix); err == nil {
				if err := os.WriteFile(filepath.Join(at, "ledger.db"+suffix), b, 0o600); err != nil {
					return 0, err
				}
			}
		}
		images = append(images, filepath.Join(at, "ledger.db"))
		return 0, nil
	})
	l := open(t, path, sqlite.Options{}.OnDisk(d.name))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	versions := map[int64]int{}
	for _, image := range images {
		versions[versionOf(t, image)]++
		l := open(t, image, sqlite.Options{})
		checkGolden(t, l)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(images) < 10 || versions[2] == 0 || len(versions) < 2 {
		t.Errorf("%d images, by version %v", len(images), versions)
	}
}

// versionOf reads a copy, because reading a ledger with a log may merge the two.
func versionOf(t testing.TB, path string) (version int64) {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal"} {
		if _, err := os.Stat(path + suffix); err == nil {
			copyFile(t, path+suffix, copied+suffix)
		}
	}
	c, err := sqlite3.Open(copied)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	stmt, _, err := c.Prepare("PRAGMA user_version")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stmt.Close() }()
	if !stmt.Step() {
		t.Fatal(stmt.Err())
	}
	return stmt.ColumnInt64(0)
}

// TestADamagedOldLedgerIsNotMigrated: it is refused as it is, or what is damaged in it stays to be found.
func TestADamagedOldLedgerIsNotMigrated(t *testing.T) {
	for name, tt := range map[string]struct {
		sql, says string
		opens     bool
	}{
		"an outcome's row":       {"UPDATE ended SET run = 2 WHERE id = 3", "checksum mismatch", false},
		"a missing commit":       {"DELETE FROM ended WHERE id = 5", "something is missing", false},
		"the last outcome":       {"DELETE FROM outcome WHERE id = 17", "its last outcome is 16", false},
		"a contact":              {`UPDATE outcome SET contact = '{"email":"z@x.example"}' WHERE id = 3`, "outcome 3: checksum mismatch", true},
		"an intent":              {`UPDATE asked SET contacts = replace(contacts, 'cy+', 'zz+') WHERE id = 4`, "the intents of commit 4: checksum mismatch", true},
		"an outcome in between":  {"DELETE FROM outcome WHERE id = 6", "outcome 6 is missing", true},
		"intents that are short": {"UPDATE asked SET keys = x'00' WHERE id = 4", "the intents of commit 4: checksum mismatch", true},
	} {
		t.Run(name, func(t *testing.T) {
			path := makeGolden(t)
			foreign(t, path, tt.sql)
			l, err := sqlite.Open(context.Background(), path, sqlite.Options{})
			if !tt.opens {
				if err == nil || !strings.Contains(err.Error(), tt.says) || versionOf(t, path) != 2 {
					t.Errorf("%v, version %d", err, versionOf(t, path))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			if v, err := l.Verify(context.Background()); err != nil || !slices.ContainsFunc(v.Messages, func(s string) bool { return strings.Contains(s, tt.says) }) {
				t.Errorf("verify: %+v, %v", v, err)
			}
		})
	}
}

// TestForgettingFindsInvisibleCharacters: a person is forgotten under every spelling of the address.
func TestForgettingFindsInvisibleCharacters(t *testing.T) {
	path := makeGolden(t)
	l := open(t, path, sqlite.Options{})
	if _, err := l.Forget(context.Background(), contact.Contact{Email: "Dan+nomatch@x.example"}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, sqlite.Options{})
	if _, err := l.Forget(context.Background(), contact.Contact{Email: "Fay <fay+match@x.example>"}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, trace := range []string{"dan+nomatch", "fay+match"} {
		if bytes.Contains(b, []byte(trace)) {
			t.Errorf("%s is still in the file", trace)
		}
	}
}

// BenchmarkOpenOld shows what a migration costs for each contact, and what the next open costs.
func BenchmarkOpenOld(b *testing.B) {
	const contacts = 20_000
	others := contact.NewIdentity("https://api.example", []byte("other rules"))
	path := filepath.Join(b.TempDir(), "ledger.db")
	l := open(b, path, sqlite.Options{})
	run, err := l.Begin(context.Background(), ledger.Run{Started: noon, URL: "https://api.example"})
	if err != nil {
		b.Fatal(err)
	}
	for n := 0; n < contacts; n += 100 {
		var intents []ledger.Intent
		var outcomes []contact.Outcome
		for i := n; i < n+100; i++ {
			p, o := person(i), outcome(i, contact.Matched)
			p.Keys = others.Keys(p.Contact)
			o.Keys = p.Keys
			intents, outcomes = append(intents, p), append(outcomes, o)
		}
		if err := tryCommit(l, run, intents, nil); err != nil {
			b.Fatal(err)
		}
		if err := tryCommit(l, run, nil, outcomes); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Finish(context.Background(), run, "", 0); err != nil {
		b.Fatal(err)
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	for name, sql := range map[string]string{"migrated": "SELECT 1", "old": "PRAGMA user_version = 2"} { // all keys change the first time
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				foreign(b, path, sql)
				if err := open(b, path, sqlite.Options{}).Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/contacts, "ns/contact")
		})
	}
}
