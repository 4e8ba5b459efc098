package settings

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"enrich/cmd/enrich/internal/dburl"
	"enrich/cmd/enrich/internal/problem"
)

// TestWhereTheLedgerIs: in a file, by default in the user's state directory, or in a database.
func TestWhereTheLedgerIs(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it has other directories")
	}
	for _, test := range []struct{ ledger, environ, file, url, code string }{
		{"l.db", "HOME=" + home, "l.db", "", ""},
		{"", "HOME=" + home, home + "/.local/state/enrich/ledger.db", "", ""},
		{"", "XDG_STATE_HOME=/state", "/state/enrich/ledger.db", "", ""},
		{"", "XDG_STATE_HOME=relative", "", "", codeLedgerUnusable},
		{"", "", "", "", codeLedgerUnusable},
		{"postgres://ann@host:5433/db?sslmode=verify-full", "", "", "postgres://ann@host:5433/db?sslmode=verify-full", ""},
		{"postgres://user:secret@host/db", "", "", "", codePasswordGiven},
		{"host=db password=secret", "", "", "", codePasswordGiven},
		{"postgres://host/db?secret=1", "", "", "", codeLedgerUnusable},
		{"mysql://user:secret@host/db", "", "", "", codeLedgerUnusable},
	} {
		s := Settings{Ledger: test.ledger}
		place, err := s.ReadLedgerPlace(environment(test.environ))
		if place.File != test.file || place.URL.String() != test.url || (err != nil) != (test.code != "") {
			t.Errorf("%+v: %+v, %v", test, place, err)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || problem.Of(err).Code != test.code) {
			t.Errorf("%+v: %s, %v", test, problem.Of(err).Code, err)
		}
		if place.IsShared() != (test.url != "") || err == nil && place.String() != test.file+test.url {
			t.Errorf("%+v: %s", test, place)
		}
		if name := place.Name(); strings.Contains(name, "?") {
			t.Errorf("%+v: %s", test, name)
		}
	}
}

// TestFlagsOfASharedLedger need one, and a run without outputs has none.
func TestFlagsOfASharedLedger(t *testing.T) {
	shared, err := ParseLedgerPlace("postgres://db/leads")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		set    func(*Settings)
		place  LedgerPlace
		refuse string
	}{
		{func(*Settings) {}, LedgerPlace{File: "l.db"}, ""},
		{func(*Settings) {}, shared, ""},
		{func(s *Settings) { s.NoOutputs = true }, LedgerPlace{File: "l.db"}, "--no-outputs"},
		{func(s *Settings) { s.RequireSync = true }, LedgerPlace{File: "l.db"}, "--require-sync"},
		{func(s *Settings) { s.NoOutputs, s.RequireSync = true, true }, shared, ""},
		{func(s *Settings) { s.NoOutputs, s.Results = true, "-" }, shared, "--results"},
		{func(s *Settings) { s.NoOutputs, s.Report = true, "r.html" }, shared, "--report"},
		{func(s *Settings) { s.NoOutputs, s.Out = true, "out" }, shared, ""},
	} {
		s := Defaults()
		test.set(&s)
		err := s.CheckShared(test.place)
		if (err != nil) != (test.refuse != "") || err != nil && "--"+problem.Of(err).Flag != test.refuse {
			t.Errorf("%+v, %s: %v, expected %q", s, test.place, err, test.refuse)
		}
	}
}

// TestAPasswordInAConfigFile is refused with the line, in each form.
func TestAPasswordInAConfigFile(t *testing.T) {
	for _, value := range []string{"postgres://ann:sesame@db/x", "postgres://db/x?password=sesame", "host=db password=sesame"} {
		_, _, err := applied(t, "ledger = \""+value+"\"", nil, nil)
		if err == nil || !strings.Contains(err.Error(), "line 1") || strings.Contains(err.Error(), "sesame") || !strings.Contains(err.Error(), "PGPASSFILE") {
			t.Errorf("%s: %v", value, err)
		}
	}
	if _, _, err := applied(t, `ledger = "postgres://ann@db:5432/x?application_name=a@b"`, nil, nil); err != nil {
		t.Error(err)
	}
	if _, err := ParseLedgerPlace("postgres://ann:p@db"); !errors.Is(err, dburl.ErrPassword) {
		t.Error(err)
	}
}
