package mapping

import (
	"strings"
	"testing"

	"enrich/contact"
)

// TestHeadersOfToolsAndLanguages: a header that a well-known tool writes, or a form asks by, is found by itself.
func TestHeadersOfToolsAndLanguages(t *testing.T) {
	for name, tt := range map[string]struct{ table, want string }{
		"Calendly":          {"Invitee Name|Invitee First Name|Invitee Last Name|Invitee Email|Event Type Name", "email=Invitee Email first_name=Invitee First Name last_name=Invitee Last Name full_name=Invitee Name"},
		"Calendly, seller":  {"Invitee Name|Invitee Email|User Name|User Email|Guest Email\nAnn Lee|a@x.com|Joe|joe@us.com|g@x.com", "email=Invitee Email full_name=Invitee Name"},
		"a guest alone":     {"Guest Email|Check-in\na@x.com|May", "email=Guest Email"},
		"Close":             {"lead_name|url|primary_contact_name|primary_contact_title|primary_contact_primary_phone|primary_contact_primary_email", "email=primary_contact_primary_email full_name=primary_contact_name"},
		"Xing":              {"Vorname|Nachname|Firma|Geschäftliche E-Mail|Webseite geschäftlich", "email=Geschäftliche E-Mail first_name=Vorname last_name=Nachname company_name=Firma company_domain=Webseite geschäftlich"},
		"HubSpot, French":   {"Prénom|Nom|Adresse e-mail|Nom de l'entreprise|URL du site web\nAnne|Petit|a@lys.fr|Lys|https://lys.fr", "email=Adresse e-mail first_name=Prénom last_name=Nom company_name=Nom de l'entreprise company_domain=URL du site web"},
		"HubSpot, Spanish":  {"Nombre|Apellidos|Correo|Nombre de la empresa|URL del sitio web", "email=Correo first_name=Nombre last_name=Apellidos company_name=Nombre de la empresa company_domain=URL del sitio web"},
		"HubSpot, Italian":  {"Nome|Cognome|E-mail|Nome dell'azienda|URL del sito web", "email=E-mail first_name=Nome last_name=Cognome company_name=Nome dell'azienda company_domain=URL del sito web"},
		"HubSpot, Dutch":    {"Voornaam|Achternaam|E-mail|Bedrijfsnaam|URL van website", "email=E-mail first_name=Voornaam last_name=Achternaam company_name=Bedrijfsnaam company_domain=URL van website"},
		"Outlook, French":   {"Prénom|Nom|Société|Adresse de messagerie|Page Web\nAnne|Petit|Lys|a@lys.fr|", "email=Adresse de messagerie first_name=Prénom last_name=Nom company_name=Société company_domain=Page Web"},
		"Outlook, Portug.":  {"Primeiro Nome|Sobrenome|Empresa|Endereço de Email|Página da Web", "email=Endereço de Email first_name=Primeiro Nome last_name=Sobrenome company_name=Empresa company_domain=Página da Web"},
		"Outlook, Swedish":  {"Förnamn|Efternamn|Företag|E-postadress|Webbsida", "email=E-postadress first_name=Förnamn last_name=Efternamn company_name=Företag company_domain=Webbsida"},
		"Outlook, Polish":   {"Imię|Nazwisko|Firma|Adres e-mail|Strona sieci Web", "email=Adres e-mail first_name=Imię last_name=Nazwisko company_name=Firma company_domain=Strona sieci Web"},
		"Outlook, Czech":    {"Jméno|Příjmení|Společnost|E-mailová adresa|Webová stránka", "email=E-mailová adresa first_name=Jméno last_name=Příjmení company_name=Společnost company_domain=Webová stránka"},
		"Salesforce, Germ.": {"Vorname|Nachname|Accountname|E-Mail geschäftlich", "email=E-Mail geschäftlich first_name=Vorname last_name=Nachname company_name=Accountname"},
		"WooCommerce":       {"billing_first_name|billing_last_name|billing_company|billing_email", "email=billing_email first_name=billing_first_name last_name=billing_last_name company_name=billing_company"},
		"Gravity Forms":     {"Name (First)|Name (Last)|Email (Enter Email)|Company", "email=Email (Enter Email) first_name=Name (First) last_name=Name (Last) company_name=Company"},
		"Eventbrite":        {"Attendee Email|Attendee First Name|Attendee Last Name|Attendee Company", "email=Attendee Email first_name=Attendee First Name last_name=Attendee Last Name company_name=Attendee Company"},
		"Zoom":              {"User Name (Original Name)|User Email|Organization", "email=User Email company_name=Organization full_name=User Name (Original Name)"},
		"Zendesk":           {"Requester|Requester email|Organization", "email=Requester email company_name=Organization"},
		"SurveyMonkey":      {"Respondent ID|Respondent Email|What company do you work for?", "email=Respondent Email company_name=What company do you work for?"},
		"Facebook leads":    {"full_name|work_email|company_name", "email=work_email company_name=company_name full_name=full_name"},
		"Shopify":           {"Email|First Name|Last Name|Default Address Company", "email=Email first_name=First Name last_name=Last Name company_name=Default Address Company"},
		"Typeform":          {"What's your first name?|What's your last name?|What is your email address?|What is the name of your company?|What's your company website?", "email=What is your email address? first_name=What's your first name? last_name=What's your last name? company_name=What is the name of your company? company_domain=What's your company website?"},
		"a form":            {"What’s your name?|Your work email (required)|Where do you work?|Your LinkedIn profile", "email=Your work email (required) company_name=Where do you work? linkedin_url=Your LinkedIn profile full_name=What’s your name?"},
		"a German form":     {"Wie lautet Ihre E-Mail-Adresse?|Ihr Vorname|Ihr Nachname|Für welches Unternehmen arbeiten Sie?", "email=Wie lautet Ihre E-Mail-Adresse? first_name=Ihr Vorname last_name=Ihr Nachname company_name=Für welches Unternehmen arbeiten Sie?"},
		"a French form":     {"Quelle est votre adresse e-mail ?|Votre prénom|Votre nom de famille|Votre entreprise", "email=Quelle est votre adresse e-mail ? first_name=Votre prénom last_name=Votre nom de famille company_name=Votre entreprise"},
		"a Spanish form":    {"¿Cuál es su correo electrónico?|¿Cuál es su nombre completo?|Su empresa", "email=¿Cuál es su correo electrónico? company_name=Su empresa full_name=¿Cuál es su nombre completo?"},
		"a column first":    {"What is your email?|Email\na@x.com|b@x.com", "email=Email"},
		"not a question":    {"Your manager's email|What is your budget?|Email", "email=Email"},
		"Full Name":         {"Full Name|Company\nAnn Lee|X Ltd", "company_name=Company full_name=Full Name"},
		"Contact Name":      {"Contact Name|Company Domain", "company_domain=Company Domain full_name=Contact Name"},
		"Name and company":  {"Name|Company|Website", "company_name=Company company_domain=Website full_name=Name"},
		"Name of a company": {"Name|Website|Email\nNorthwind Traders|x.com|a@x.com", "email=Email company_domain=Website"},
		"beside the parts":  {"First Name|Last Name|Full Name|Company", "first_name=First Name last_name=Last Name company_name=Company full_name=Full Name"},
		"both is one":       {"Vorname|Name|Firma\nAnn|Ann Smith|X\nBo|Bo Berg|Y", "first_name=Vorname company_name=Firma full_name=Name"},
		"two as good":       {"Full Name|Contact Name|Person Name|Email\nAnn Lee|Bo Ray|Cy May|a@x.com", "email=Email full_name=Full Name"},
		"addresses in it":   {"Contact|Company|Email\na@x.com|X|b@x.com", "email=Email company_name=Company"},
		"German full name":  {"Ansprechpartner|Firmenname|Telefon\nAnn Lee|X GmbH|1", "company_name=Firmenname full_name=Ansprechpartner"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := mappedInput(tt.table, Options{}); got != tt.want || err != nil {
				t.Errorf("got  %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

// mappedInput is mapped, with the full name.
func mappedInput(table string, o Options) (string, error) {
	text, err := mapped(table, o)
	var rows [][]string
	for line := range strings.SplitSeq(table, "\n") {
		rows = append(rows, strings.Split(line, "|"))
	}
	mapping, _ := Columns(rows[0], rows[1:], o)
	if at, ok := mapping[contact.FullName]; ok {
		text = strings.TrimSpace(text + " full_name=" + rows[0][at])
	}
	return text, err
}

func TestFullNamesAreMappedAsTold(t *testing.T) {
	type fields = map[contact.Field]string
	for name, tt := range map[string]struct {
		table string
		o     Options
		want  string
		says  string
	}{
		"by --map":         {"Wer|Company", Options{Map: fields{contact.FullName: "Wer"}}, "company_name=Company full_name=Wer", ""},
		"not split":        {"Full Name|Company|Email", Options{NoSplitNames: true}, "email=Email company_name=Company", ""},
		"nothing else":     {"Full Name|Company", Options{NoSplitNames: true}, "", "no column"},
		"without company":  {"Full Name|Notes", Options{}, "", "no column"},
		"names that match": {"Contact Name|Lead Full Name|Company\nAnn Lee|Bo Ray|X", Options{}, "", "--map full_name=COLUMN"},
	} {
		got, err := mappedInput(tt.table, tt.o)
		if err == nil && got != tt.want || (err != nil) != (tt.says != "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got %s, %v\nwant %s", name, got, err, tt.want)
		}
	}
}
