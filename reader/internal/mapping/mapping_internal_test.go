package mapping

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"enrich/contact"
	"enrich/internal/columns"
)

// mapped maps a small table, whose first line is the header, and returns text such as "email=Mail first_name=Vorname".
func mapped(table string, o Options) (string, error) {
	var rows [][]string
	for line := range strings.SplitSeq(table, "\n") {
		rows = append(rows, strings.Split(line, "|"))
	}
	names, samples := rows[0], rows[1:]
	if o.NoHeader {
		names, samples = columns.Numbered(len(rows[0])), rows
	}
	mapping, err := Columns(names, samples, o)
	var list []string
	for _, f := range contact.Fields() {
		if at, ok := mapping[f]; ok {
			list = append(list, fmt.Sprintf("%s=%s", f, names[at]))
		}
	}
	return strings.Join(list, " "), err
}

func TestColumnsAreFields(t *testing.T) {
	for name, tt := range map[string]struct{ table, want string }{
		"snake case":     {"email|first_name|last_name|company_name|company_domain|linkedin_url", "email=email first_name=first_name last_name=last_name company_name=company_name company_domain=company_domain linkedin_url=linkedin_url"},
		"camel case":     {"firstName|lastName|companyName|companyDomain|linkedinUrl", "first_name=firstName last_name=lastName company_name=companyName company_domain=companyDomain linkedin_url=linkedinUrl"},
		"capitals":       {"E-MAIL|FIRST NAME|LAST-NAME", "email=E-MAIL first_name=FIRST NAME last_name=LAST-NAME"},
		"spaces around":  {" Email | First  Name ", "email= Email  first_name= First  Name "},
		"other words":    {"Given name|Surname|Organisation|Mail", "email=Mail first_name=Given name last_name=Surname company_name=Organisation"},
		"German":         {"Vorname|Nachname|Firma|E-Mail-Adresse|Webseite", "email=E-Mail-Adresse first_name=Vorname last_name=Nachname company_name=Firma company_domain=Webseite"},
		"French":         {"Prénom|Nom|Société|Adresse e-mail\nAnne|Petit|Lys|a@lys.fr", "email=Adresse e-mail first_name=Prénom last_name=Nom company_name=Société"},
		"Spanish":        {"Nombre|Apellidos|Empresa|Correo electrónico", "email=Correo electrónico first_name=Nombre last_name=Apellidos company_name=Empresa"},
		"Italian":        {"Nome|Cognome|Azienda|Indirizzo email", "email=Indirizzo email first_name=Nome last_name=Cognome company_name=Azienda"},
		"Portuguese":     {"Primeiro nome|Sobrenome|Empresa|Endereço de e-mail", "email=Endereço de e-mail first_name=Primeiro nome last_name=Sobrenome company_name=Empresa"},
		"Dutch":          {"Voornaam|Achternaam|Bedrijfsnaam|E-mailadres", "email=E-mailadres first_name=Voornaam last_name=Achternaam company_name=Bedrijfsnaam"},
		"Polish":         {"Imię|Nazwisko|Nazwa firmy|Adres e-mail", "email=Adres e-mail first_name=Imię last_name=Nazwisko company_name=Nazwa firmy"},
		"Russian":        {"Имя|Фамилия|Компания|Почта", "email=Почта first_name=Имя last_name=Фамилия company_name=Компания"},
		"Japanese":       {"名|姓|会社名|メールアドレス", "email=メールアドレス first_name=名 last_name=姓 company_name=会社名"},
		"exact first":    {"Email Address|Work Email|email", "email=email"},
		"better first":   {"Secondary Email|Work Email|Email", "email=Email"},
		"numbered first": {"E-mail 2 - Value|E-mail 1 - Value", "email=E-mail 1 - Value"},
		"case decides":   {"Email|email\na@x.com|b@x.com", "email=email"},
		"filled first":   {"Mail|Email Address\n|a@x.com", "email=Email Address"},
		"either":         {"Mail|Email Address\na@x.com|a@x.com\n|", "email=Mail"},
		"a flag":         {"Email|Email Address\nyes|a@x.com\nno|b@x.com", "email=Email Address"},
		"not the owner":  {"Contact owner|Owner Email|Email Opt Out|Mail\nann|ann@us.com|false|b@x.com", "email=Mail"},
		"first and last": {"First|Last|Company\nAnn|Smith|X Ltd", "first_name=First last_name=Last company_name=Company"},
		"name as last":   {"Vorname|Name|Firma\nAnn|Smith|X\nBo|Berg|Y", "first_name=Vorname last_name=Name company_name=Firma"},
		"name as both":   {"Vorname|Name|Mail\nAnn|Ann Smith|a@x.com\nBo|Berg, Bo|b@x.com", "email=Mail first_name=Vorname"},
		"a full name":    {"Name|Email\nAnn Smith|a@x.com", "email=Email"},
		"nombre alone":   {"Nombre|Email\nAnn Smith|a@x.com", "email=Email"},
		"a profile":      {"First Name|Last Name|URL\nAnn|Smith|https://www.linkedin.com/in/ann", "first_name=First Name last_name=Last Name linkedin_url=URL"},
		"a site":         {"First Name|Last Name|URL\nAnn|Smith|https://x.com", "first_name=First Name last_name=Last Name company_domain=URL"},
		"site or not":    {"Email|Website\na@x.com|https://linkedin.com/in/ann", "email=Email linkedin_url=Website"},
		"no host":        {"Email|Domain\na@x.com|Marketing", "email=Email"},
		"not a company":  {"Email|Company\na@x.com|10032\nb@x.com|10033", "email=Email"},
		"company a host": {"Email|Company\na@x.com|x.com\nb@y.com|www.y.com", "email=Email company_domain=Company"},
		"their page":     {"Email|LinkedIn\na@x.com|https://linkedin.com/company/x", "email=Email"},
		"ours are not":   {"enrich_email|enrich_first_name|Enrich_Linkedin|Mail", "email=Mail"},
		"nothing much":   {"Email|Email Status|Notes|", "email=Email"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := mapped(tt.table, Options{}); got != tt.want || err != nil {
				t.Errorf("got %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

func TestMapNamesTheColumns(t *testing.T) {
	type fields = map[contact.Field]string
	for name, tt := range map[string]struct {
		table string
		o     Options
		want  string
		err   error
		says  string
	}{
		"over a name":      {"Email|Other", Options{Map: fields{"email": "Other"}}, "email=Other", nil, ""},
		"in any case":      {"  OTHER mail |x", Options{Map: fields{"email": "other mail"}}, "email=  OTHER mail ", nil, ""},
		"exact beats case": {"other|Other", Options{Map: fields{"email": "Other"}}, "email=Other", nil, ""},
		"taken once":       {"Website|x\nhttps://linkedin.com/in/a|", Options{Map: fields{"company_domain": "Website", "email": "x"}}, "email=x company_domain=Website", nil, ""},
		"by number":        {"a@x.com|b@y.com", Options{NoHeader: true, Map: fields{"email": "2"}}, "email=2", nil, ""},
		"the second":       {"Email|Email\na@x.com|b@x.com", Options{Map: fields{"email": "Email_2"}}, "email=Email", nil, ""},
		"misspelt":         {"E-Mail|Name", Options{Map: fields{"email": "E-Mial"}}, "", ErrMap, `did you mean "E-Mail"?`},
		"nowhere":          {"A|B", Options{Map: fields{"email": "Quux"}}, "", ErrMap, `there are "A", "B"`},
		"two in any case":  {"MAIL|Mail\na@x.com|b@x.com", Options{Map: fields{"email": "mail"}}, "", ErrAmbiguous, `"MAIL" and "Mail"`},
		"no field":         {"A|B", Options{Map: fields{"e-mail": "A"}}, "", ErrMap, "expected one of email, first_name"},
		"many columns":     {"A" + strings.Repeat("|c", 500), Options{Map: fields{"email": "Quux"}}, "", ErrMap, "and 481 more"},
	} {
		t.Run(name, func(t *testing.T) { wantMapping(t, tt.table, tt.o, tt.want, tt.err, tt.says) })
	}
}

func TestUnclearColumnsAreAnError(t *testing.T) {
	for name, tt := range map[string]struct {
		table string
		o     Options
		want  string
		err   error
		says  string
	}{
		"two as good":        {"Mail|Email Address\na@x.com|b@x.com", Options{}, "", ErrAmbiguous, `"Mail" and "Email Address"; choose with --map email=COLUMN`},
		"two empty":          {"Mail|Email Address\n|", Options{}, "", ErrAmbiguous, ""},
		"twice the same":     {"Email|Email\na@x.com|b@x.com", Options{}, "", ErrAmbiguous, `"Email" and "Email_2"`},
		"only looked at":     {"Mail|Email Address|LinkedIn\na@x.com|b@x.com|", Options{AnyColumns: true}, "linkedin_url=LinkedIn", nil, ""},
		"nothing to ask by":  {"First Name|Company|Notes", Options{}, "", ErrNoColumn, "--map FIELD=COLUMN"},
		"names alone":        {"First Name|Last Name", Options{}, "", ErrNoColumn, ""},
		"names and company":  {"First Name|Last Name|Company", Options{}, "first_name=First Name last_name=Last Name company_name=Company", nil, ""},
		"nothing, looked at": {"a|b", Options{AnyColumns: true}, "", nil, ""},
		"a hint":             {"Kontakt|b\na@x.com|1", Options{}, "", ErrNoColumn, `"Kontakt" contains e-mail addresses`},
		"ours hint nothing":  {"enrich_email|b\na@x.com|1", Options{}, "", ErrNoColumn, "use --no-header"},
		"an address":         {"Ann|ann@x.com\nBo|bo@x.com", Options{}, "", ErrHeader, "--no-header"},
		"a URL":              {"Email|https://x.com", Options{}, "", ErrHeader, `"https://x.com"`},
		"a number":           {"Ann|Smith|+1 800 555-1234", Options{}, "", ErrHeader, "--no-header"},
		"a year":             {"Email|2024|2025", Options{}, "email=Email", nil, ""},
		"said to be one":     {"Email|a@x.com", Options{HeaderLine: 1}, "email=Email", nil, ""},
		"no header":          {"Ann|ann@x.com|1\nBo||2", Options{NoHeader: true}, "email=2", nil, ""},
		"no header, two":     {"a@x.com|b@x.com\nc@x.com|d@x.com", Options{NoHeader: true}, "", ErrAmbiguous, `"1" and "2"`},
		"no header, profile": {"Ann|https://linkedin.com/in/ann", Options{NoHeader: true}, "linkedin_url=2", nil, ""},
		"no header, mixed":   {"a@x.com|x\nnone|y", Options{NoHeader: true}, "", ErrNoColumn, `"1", "2"`},
	} {
		t.Run(name, func(t *testing.T) { wantMapping(t, tt.table, tt.o, tt.want, tt.err, tt.says) })
	}
}

func wantMapping(t *testing.T, table string, o Options, want string, wanted error, says string) {
	t.Helper()
	got, err := mapped(table, o)
	if got != want || !errors.Is(err, wanted) || err != nil && !strings.Contains(err.Error(), says) {
		t.Errorf("got %s, %v\nwant %s, %v with %s", got, err, want, wanted, says)
	}
	if err != nil && (len(err.Error()) > 1500 || strings.ContainsAny(err.Error(), "\n\x1b")) {
		t.Errorf("not for a terminal: %q", err.Error())
	}
}

// TestEachNameIsListedOnce: of a name that is in two tiers of a field, one is never looked at.
func TestEachNameIsListedOnce(t *testing.T) {
	section, seen := "", map[string]bool{}
	for line := range strings.Lines(aliasFile) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			section, seen = name, map[string]bool{FoldName(name): true}
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "needs "); ok {
			_, line, _ = strings.Cut(rest, ":")
		}
		for name := range strings.SplitSeq(strings.TrimSuffix(line, ","), ",") {
			if key := FoldName(name); key == "" || seen[key] {
				t.Errorf("[%s %q is listed twice, or empty", section, name)
			} else {
				seen[key] = true
			}
		}
	}
}

func TestAliasesAreTiers(t *testing.T) {
	a := loadAliases()
	for _, f := range contact.InputFields() {
		if own, ok := a.fields[f][FoldName(string(f))]; !ok || own != (alias{}) {
			t.Errorf("%s: its own name is %+v", f, own)
		}
	}
	if len(a.fields) != len(contact.InputFields()) || len(a.questions) < 100 {
		t.Errorf("%d fields, %d questions", len(a.fields), len(a.questions))
	}
	for f, names := range map[contact.Field]map[string]alias{
		contact.Email: {"E-Mail 1 - Value": {tier: 1}, "Work Email": {tier: 2}, "user_email": {tier: 5}}, contact.LinkedInURL: {"URL": {tier: 2, needs: needsValues}},
		contact.CompanyDomain: {"www": {tier: 4, needs: needsValues}}, contact.FirstName: {"First": {tier: 2, needs: "last_name"}}, contact.LastName: {"last": {tier: 3, needs: "first_name"}, "Nom": {tier: 4, needs: "first_name"}},
		contact.FullName: {"Name": {tier: 3, needs: "company_name"}},
	} {
		for name, want := range names {
			if got := a.fields[f][FoldName(name)]; got != want {
				t.Errorf("%s %q: got %+v, expected %+v", f, name, got, want)
			}
		}
	}
	for i, begin := range a.questions {
		for _, later := range a.questions[i+1:] {
			if strings.HasPrefix(later, begin) {
				t.Errorf("%q is never looked at: %q is before it", later, begin)
			}
		}
	}
}

func FuzzMapColumns(f *testing.F) {
	f.Add("Email|Vorname|Name\na@x.com|Ann|Smith", "email", "Mail", false)
	f.Add("a@x.com|https://linkedin.com/in/a|x.com/y", "linkedin_url", "2", true)
	f.Fuzz(func(t *testing.T, table, field, column string, noHeader bool) {
		for _, o := range []Options{{NoHeader: noHeader}, {AnyColumns: true}, {JSON: true}, {Map: map[contact.Field]string{contact.Field(field): column}}} {
			first, err := mapped(table, o)
			second, again := mapped(table, o)
			if first != second || (err == nil) != (again == nil) {
				t.Fatalf("%q, %v, then %q, %v", first, err, second, again)
			}
			if err != nil && len(err.Error()) > 4000 {
				t.Fatalf("an endless message: %q", err)
			}
		}
	})
}
