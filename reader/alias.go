package reader

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"enrich/contact"
)

// The names by which exports call a field, best first: where two lists have a column, the earlier one is plainly meant.
// Names are compared by their letters and digits alone (see nameKey), so that "First Name", "first_name", "firstName"
// and "FIRST-NAME" are one, and accents do not count.
//
// A name is here only if it cannot mean somebody else's value: "Contact owner", "Email Opt Out", "Company Linkedin Url"
// and "Parent Account" are in no list. One column of a full name is not split into two: which word is the last name is a
// guess, and a wrong guess is a credit spent on the wrong person.
func aliases(f contact.Field) []string {
	switch f {
	case contact.Email:
		return []string{
			"email",
			// Google, Outlook, Mailchimp, LinkedIn, ZoomInfo, Pipedrive's "Person - Email".
			`email address, e-mail 1 - value, primary email, primary email address, email (primary), email 1, email1 address,
			contact email, contact email address, person email, customer email, client email, subscriber email, member email,
			prospect email, candidate email, recipient email, email addresses, emails, person - email, lead email, email id, mail, mail address, mailadresse,
			e-mail-adresse, emailadresse, email adresse, adresse e-mail, adresse email, adresse mail, adresse electronique, courriel, adresse de messagerie,
			correo, correo electronico, email contacto, direccion de correo electronico, direccion de email, endereco de email, endereco de e-mail, endereco de correio eletronico, correio eletronico,

			indirizzo e-mail, indirizzo email, posta elettronica, indirizzo posta elettronica, indirizzo di posta elettronica,
			 e-mailadres, emailadres, e-postadress, epostadresse, e-posta, e-posta adresi, e-post, epost, sahkoposti,
			e-mail cim, adres e-mail, adres email, почта, электронная почта, эл почта, email адрес, адрес электронной почты, 邮箱,
			电子邮件, 电子邮箱, メール, メールアドレス, 이메일`,
			`work email, business email, work email address, business email address, company email, corporate email, professional email,
			official email, office email, email (work), email - work, person - email - work, work mail, verified email, recommended work email, recommended email,

			email geschaftlich, e-mail geschaftlich, e-mail pro, email professionnel, email professionale, email profissional`,
			`personal email, private email, home email, email (home), email (other), email - home, email - other, person - email - home,
			person - email - other, personal email address, recommended personal email, e-mail privat, email privat, direct email`,
			`secondary email, secondary email address, alternate email, alternative email, other email, supplemental email,
			additional email, email 2, email2 address, e-mail 2 - value, e-mail 2 address`,
		}
	case contact.FirstName:
		return []string{
			"first name",
			`fname, f name, given name, forename, contact first name, person first name, person - first name, lead first name, first name (contact), vorname,
			prenom, primer nombre, nombre de pila, nombres, primeiro nome, nome proprio, voornaam, fornavn, fornamn, etunimi, imie,
			jmeno, krestni jmeno, keresztnev, prenume, имя, ім'я, 名, 名字, 이름`,
			// Said of a person only beside a last name: see companions.
			`first, nombre, nome, ad`,
		}
	case contact.LastName:
		return []string{
			"last name",
			`lname, l name, surname, family name, contact last name, person last name, person - last name, lead last name, last name (contact), nachname,
			familienname, zuname, nom de famille, nom famille, apellido, apellidos, sobrenome, ultimo nome, cognome, achternaam,
			familienaam, efternavn, etternavn, efternamn, sukunimi, nazwisko, prijmeni, vezeteknev, nume de familie, фамилия, прізвище,
			姓, 姓氏, 성, soyad, soyadı`,
			`primer apellido, apellido paterno, apelido`,
			// Said of a person only beside a first name: see companions. The others are a full name in many exports.
			`last`,
			`name, nom, naam, navn, namn, nume`,
		}
	case contact.CompanyName:
		return []string{
			"company name",
			`company, organization, organisation, organization name, organisation name, organization 1 - name, account name,
			contact company, contact company name, person - organization, organization - name, lead company, name of company, employer,
			current company, current company name, current employer, company / organization, company / account, company or organization,
			firma, firmenname, unternehmen, unternehmensname, arbeitgeber, organisationsname, entreprise, societe, nom de l'entreprise,
			nom de la societe, nom entreprise, nom societe, raison sociale, empresa, nombre de la empresa, nombre empresa, compania,
			compania nombre, nome da empresa, organizacion, organizacao, organizzazione, sirket,
			 razao social, azienda, nome azienda, societa, ragione sociale, bedrijf, bedrijfsnaam,
			organisatie, foretag, foretagsnamn, virksomhed, virksomhedsnavn, bedrift, yritys, nazwa firmy, spolecnost, cegnev,
			компания, название компании, организация, 公司, 公司名称, 会社名, 会社, 회사, 회사명`,
			`associated company, primary associated company, associated company (primary), company name for emails, account, business name,
			business, legal name, company legal name, workplace`,
		}
	case contact.CompanyDomain:
		return []string{
			"company domain",
			`company domain name, domain, domain name, website domain, organization domain, organisation domain, account domain, primary domain,
			company website domain, organization - domain, firmendomain, domaine, dominio`,
			`company website, company website url, employer website, company web site, company url, company homepage, organization website, organisation website, organization - website, organization - website url, account website,
			organization url, corporate website, company web, website address, business website, firmenwebsite, website der firma,
			unternehmenswebsite, site web de l'entreprise, sitio web de la empresa, site da empresa, sito web aziendale, сайт компании,
			公司网站`,
			`website, website url, web site, webseite, site web, site internet, sitio web, pagina web, sito web, sito, webbplats, hjemmeside, nettside, hemsida, verkkosivu,
			strona www, strona internetowa, сайт, веб-сайт, 网站, ウェブサイト, 웹사이트, web page, homepage, home page, internetadresse, internetseite, website 1 - value, webpagina`,
			// Anything, without values that say so.
			`web, www, internet, url, site, company, organization, organisation, account`,
		}
	case contact.LinkedInURL:
		return []string{
			"linkedin url",
			`linkedin, linkedin profile, linkedin profile url, linkedin contact profile url, person linkedin url, person linkedin,
			person linkedin profile, contact linkedin url, contact li profile url, prospect linkedin url, linkedin url public,
			 contact linkedin, contact linkedin profile, contact linkedin profile url,
			linkedin link, linkedin profile link, linkedin public profile url, linkedin public profile, linkedin personal url,
			linkedin person url, lead linkedin url, individual linkedin url, hs linkedin url, linkedin-profil, linkedin profil,
			profil linkedin, perfil de linkedin, perfil linkedin, profilo linkedin, url linkedin, li url, li profile url, linkedin address,
			linkedin account, linkedin contact url`,
			// Anything, without values that say so.
			`profile url, public profile url, default profile url, url, link, profile, profile link, website, web, homepage, website url, web page`,
		}
	}
	return nil
}

// nameKey is a column's name as it is compared: its letters and digits in lower case, without accents.
func nameKey(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// aliasTiers maps the keys of a field's names to their tier, from 0.
func aliasTiers(f contact.Field) map[string]int {
	tiers := map[string]int{}
	for tier, list := range aliases(f) {
		for name := range strings.SplitSeq(list, ",") {
			if key := nameKey(name); key != "" {
				if _, known := tiers[key]; !known {
					tiers[key] = tier
				}
			}
		}
	}
	return tiers
}
