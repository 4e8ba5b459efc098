package dburl

import (
	"errors"
	"strings"
	"testing"
)

// TestURLs that are accepted are passed on as they are; their parameters are not in the name.
func TestURLs(t *testing.T) {
	for text, name := range map[string]string{
		"postgres://db.example/leads":                                 "postgres://db.example/leads",
		"postgresql://ann@db.example:5433/leads":                      "postgresql://ann@db.example:5433/leads",
		"postgres://a.example,b.example:5433/leads?port=1":            "postgres://a.example,b.example:5433/leads",
		"postgres://[::1]:5432/leads":                                 "postgres://[::1]:5432/leads",
		"postgres://[fe80::1],[::1]/leads":                            "postgres://[fe80::1],[::1]/leads",
		"postgres:///leads?host=/run/postgresql&user=ann":             "postgres:///leads",
		"postgres://?service=team":                                    "postgres://",
		"postgres://":                                                 "postgres://",
		"postgres://ann%40x@db/leads%2Dold":                           "postgres://ann%40x@db/leads%2Dold",
		"postgres://ann@db/leads?application_name=a@b:c":              "postgres://ann@db/leads",
		"postgres://ann@db/?sslmode=verify-full&sslrootcert=/a/b.pem": "postgres://ann@db",
		"postgres://%2Frun%2Fpostgresql/leads":                        "postgres://%2Frun%2Fpostgresql/leads",
	} {
		u, err := Parse(text)
		if err != nil || u.String() != text || u.Name() != name || !Is(text) {
			t.Errorf("%s: %q, %q, %v", text, u.String(), u.Name(), err)
		}
		if Hide(text) != text && !strings.ContainsAny(text, "%@") {
			t.Errorf("%s: shown as %s", text, Hide(text))
		}
	}
	if u, err := Parse(" PostgreSQL://db/leads\n"); err != nil || u.String() != "postgresql://db/leads" {
		t.Errorf("%q, %v", u.String(), err)
	}
}

// secrets are addresses with the password sesame or, if it is broken up, with its parts.
var secrets = []string{
	"postgres://ann:sesame@db.example/leads", "postgresql://ann:sesame@db", "POSTGRES://ann:sesame@db/x", "postgres://:sesame@db/x",
	"postgres://ann:@db/x", "postgres://ann:ses%61me@db/x", "postgres://ann%3Asesame@db/x", "postgres://ann:sesame%zz@db/x",
	"postgres://ann:ses/ame@db/x", "postgres://ann:ses?ame@db/x", "postgres://ann:ses#ame@db/x", "postgres://ann:ses@ame@db/x",
	"postgres://ann:7/sesame@db/x", "postgres://ann:7?user=sesame@db/x", "postgres://ann:7#sesame@db", "postgres://ann:se same@db/x",
	"postgres://ann:ses[ame@db/x", "postgres://ann:sesame@a:1,b:2/x", "postgres://db/x?password=sesame", "postgres://db/x?sslmode=disable&password=sesame",
	"postgres://db/x?pass%77ord=sesame", "postgres://db/x?PASSWORD=sesame", "postgres://db/x?sslpassword=sesame", "postgres://db/x?password=",
	"postgres://db/x?password", "postgres:///x?host=/tmp&password=sesame", "host=db password=sesame", "user=ann host=db password='ses ame'",
	" dbname=x PASSWORD = sesame", "application_name=x password=sesame", "sslpassword=sesame", "postgres:ann:sesame@db/x", "postgres:/ann:sesame@db/x",
	"postgres%3A%2F%2Fann:sesame@db/x",
}

// TestAPasswordIsRefused in every form, and no error contains any part of it.
func TestAPasswordIsRefused(t *testing.T) {
	for _, text := range secrets {
		_, err := Parse(text)
		if !Is(text) || !errors.Is(err, ErrPassword) {
			t.Errorf("%s: %v", text, err)
			continue
		}
		noSecret(t, text, err.Error())
		noSecret(t, text, Hide(text))
		noSecret(t, text, Hide(`unknown command "`+text+`" for enrich`))
		if _, found := Password(text); !found && !strings.Contains(text, "%3A") && !strings.HasSuffix(text, "?password=") && !strings.HasSuffix(text, "?password") {
			t.Errorf("%s: no password is found", text)
		}
	}
}

func noSecret(t *testing.T, text, shown string) {
	t.Helper()
	for _, part := range []string{"sesame", "ses/", "ses?", "ses#", "ses@", "ses%", "ses[", "ame@", "ses ame", "se same"} {
		if strings.Contains(shown, part) {
			t.Errorf("%s: %q is shown in %q", text, part, shown)
		}
	}
}

// TestOtherAddresses are refused without being shown.
func TestOtherAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"mysql://ann:sesame@db/x": "got mysql://…", "jdbc:postgresql://db/x?password=sesame": "got jdbc:postgresql://…", "host=db dbname=leads": "keywords",
		"postgres://db/a/b": "", "postgres://db/x#sesame": "", "postgres://db:0/x": "a port", "postgres://db:65536": "a port", "postgres://db:p": "a port",
		"postgres://db/x?synchronous_commit=off": "its parameters may be", "postgres://db/x?options=-c": "its parameters", "postgres://db/x?host": "",
		"postgres://db/%zz": "", "postgres://%zz/x": "", "postgres:leads": "", "postgres:/db/leads": "", "https://db/x": "got https://…", "postgres://[::1/x": "",
		"sesame!://db": "",
	} {
		_, err := Parse(text)
		if !Is(text) || !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestFiles are not taken for addresses.
func TestFiles(t *testing.T) {
	for _, text := range []string{"", "ledger.db", "./postgres:x", "/a/postgres://x", "a:b/c", `C:\leads\ledger.db`, "./a://ledger.db", "x=y.db", "./host=db", "~/a:b@c/l.db"} {
		if Is(text) {
			t.Errorf("%q is taken for an address", text)
		}
		if Hide(text) != text {
			t.Errorf("%q: shown as %q", text, Hide(text))
		}
	}
}

// TestPassword finds what the command of --on-finish must not see.
func TestPassword(t *testing.T) {
	for text, want := range map[string]string{
		"postgres://ann:p%40ss@db/x": "p@ss", "postgres://ann:p/a@s@db/x?a=b": "p/a@s", "postgresql://db/x?user=ann&password=p": "p",
		"host=db password=p user=ann": "p", "postgres://ann@db/x": "", "postgres://db/x?passfile=f": "", "ledger.db": "", "~/a:b@c/ledger.db": "", "": "",
		"jdbc:postgresql://db/x?user=ann&password=p": "p", "host=db password='p q'": "p q", `{"dsn":"postgres://a:p@db"}`: "p",
	} {
		if got, found := Password(text); got != want || found != (want != "") {
			t.Errorf("%s: %q, %v, expected %q", text, got, found, want)
		}
	}
}

// FuzzParse: an address that is accepted has no password, and is accepted again as it is shown; no error repeats a text.
func FuzzParse(f *testing.F) {
	for _, text := range secrets {
		f.Add(text)
	}
	f.Add("postgres://ann@a:1,[::1]:2/x?sslmode=disable&application_name=a%20b")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := Parse(text)
		if err != nil {
			if !errors.Is(err, ErrPassword) && !errors.Is(err, ErrInvalid) || len(text) > 40 && strings.Contains(err.Error(), text) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if again, err := Parse(u.String()); err != nil || again != u {
			t.Fatalf("%q: %v", text, err)
		}
		authority, _, _ := strings.Cut(strings.SplitN(u.String(), "://", 2)[1], "/")
		if user, _, hasUser := cutLast(authority, "@"); hasUser && !strings.ContainsAny(user, "?") && strings.Contains(user, ":") {
			t.Fatalf("%q: accepted with a password", text)
		}
	})
}
