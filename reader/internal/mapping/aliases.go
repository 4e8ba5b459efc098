package mapping

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"enrich/contact"
)

// The names by which exports call a field, best first: where two lists have a column, the earlier one is plainly meant.
// Names are compared by their letters and digits alone (see Key), so that "First Name", "first_name", "firstName"
// and "FIRST-NAME" are one, and accents do not count.
//
// A name is here only if it cannot mean somebody else's value: "Contact owner", "Email Opt Out", "Company Linkedin Url"
// and "Parent Account" are in no list.
func aliases(f contact.Field) []string {
	switch f {
	case contact.Email:
		return []string{
			"email",
			// Google, Outlook, Mailchimp, LinkedIn, ZoomInfo, Pipedrive's "Person - Email".
			`email address, e-mail 1 - value, primary email, primary email address, email (primary), email 1, email1 address,
			contact email, contact email address, person email, customer email, client email, subscriber email, member email,
			prospect email, invitee email, invitee email address, attendee email, registrant email, participant email, respondent email, requester email,
			applicant email, delegate email, primary contact email, primary contact email address, primary_contact_primary_email, contact primary email, person primary email,
			email (enter email), email value, email from, standard email, main email, candidate email, recipient email, email addresses, emails, person - email, lead email, email id, mail, mail address, mailadresse,
			e-mail-adresse, emailadresse, email adresse, adresse e-mail, adresse email, adresse mail, adresse electronique, courriel, adresse de messagerie,
			correo, correo electronico, email contacto, direccion de correo electronico, direccion de email, endereco de email, endereco de e-mail, endereco de correio eletronico, correio eletronico,

			indirizzo e-mail, indirizzo email, posta elettronica, indirizzo posta elettronica, indirizzo di posta elettronica,
			 e-mailadres, emailadres, e-postadress, epostadresse, e-posta, e-posta adresi, e-post, epost, sahkoposti,
			e-mail cim, e-mail-cim, email cim, adres e-mail, e-mailova adresa, emailova adresa, e-mailove adresy, adresa de e-mail, adresa email, elektronikus levelcim, eposti aadress, el pastas, e-pasts, emaila,
			adresse courriel, adresse de courriel, adresse electronique e-mail, email du contact, email de contact, email de contacto, correo del contacto, correo de contacto, correo e, e-mail do contato, email do contato, e-mail contatto,
			email del contatto, contact e-mailadres, e-mail kontakt, kontakt e-mail, e-mail-adresse kontakt, электронный адрес, адрес эл почты, електронна пошта, e-mail des ansprechpartners, adres email, почта, электронная почта, эл почта, email адрес, адрес электронной почты, 邮箱,
			电子邮件, 电子邮箱, メール, メールアドレス, 이메일`,
			`work email, business email, work email address, business email address, company email, corporate email, professional email,
			official email, office email, email (work), email - work, person - email - work, work mail, verified email, recommended work email, recommended email,

			email geschaftlich, e-mail geschaftlich, geschaftliche e-mail, geschaftliche e-mail-adresse, geschaftliche mailadresse, geschafts-e-mail, geschafts-e-mail-adresse, business e-mail-adresse, firmen-e-mail,
			firmen-e-mail-adresse, dienstliche e-mail, dienstliche e-mail-adresse, berufliche e-mail, berufliche e-mail-adresse, e-mail dienstlich, e-mail beruflich, e-mail arbeit, e-mail (arbeit), e-mail buro,
			e-mail professionnelle, adresse e-mail professionnelle, adresse email professionnelle, adresse mail professionnelle, email pro, mail pro, mail professionnel, courriel professionnel, email travail, adresse professionnelle e-mail,
			correo electronico profesional, correo profesional, correo de trabajo, correo del trabajo, correo electronico del trabajo, correo electronico de trabajo, correo corporativo, correo electronico corporativo, correo empresarial,
			correo de la empresa, email corporativo, email profesional, email de trabajo, email de empresa, email aziendale, e-mail aziendale, email di lavoro, e-mail di lavoro, e-mail professionale, indirizzo email aziendale, mail aziendale,
			e-mail corporativo, e-mail comercial, email comercial, e-mail profissional, e-mail de trabalho, email de trabalho, e-mail da empresa, zakelijk e-mailadres, zakelijke e-mail, zakelijk emailadres, werk e-mail, werkmail,
			e-post arbete, jobb e-post, jobb-e-post, arbetsmail, e-post jobb, arbejds e-mail, arbejdsmail, firma e-mail, tyosahkoposti, sluzbowy e-mail, e-mail sluzbowy, sluzbowy adres e-mail, pracovni e-mail, firemni e-mail,
			munkahelyi e-mail, ceges e-mail, email de serviciu, is e-postasi, kurumsal e-posta, рабочая почта, рабочий email, рабочий e-mail, корпоративная почта, корпоративный email, 工作邮箱, 公司邮箱, 会社メールアドレス, 회사 이메일,
			business e-mail, work e-mail address, professional email address, professional e-mail, corporate email address, company email address, office e-mail, email business, email work, standard work email, primary work email, billing email, e-mail pro, email professionnel, email professionale, email profissional`,
			`personal email, private email, home email, email (home), email (other), email - home, email - other, person - email - home,
			person - email - other, personal email address, recommended personal email, e-mail privat, email privat, direct email`,
			`secondary email, secondary email address, alternate email, alternative email, other email, supplemental email,
			additional email, zweite e-mail, autre email, otro correo, altra email, email 2, email2 address, e-mail 2 - value, e-mail 2 address`,
			// The user or the guest is the contact only if nobody else is: Calendly's "User Email" is the seller's.
			`user email, user email address, guest email`,
		}
	case contact.FirstName:
		return []string{
			"first name",
			`fname, f name, given name, forename, contact first name, person first name, person - first name, lead first name, first name (contact), vorname,
			prenom, invitee first name, attendee first name, registrant first name, participant first name, prospect first name, candidate first name, customer first name, primary contact first name, user first name, guest first name,
			billing first name, name (first), name - first, name - first name, first name of contact, firstname of contact, vorname kontakt, vorname ansprechpartner, prenom du contact, prenom contact, nombre del contacto, nombre de contacto,
			nome contatto, nome do contato, nome del contatto, voornaam contactpersoon, roepnaam, tilltalsnamn, vardas, vards, eesnimi, krstne meno, meno, ime, primer nombre, nombre de pila, nombres, primeiro nome, nome proprio, voornaam, fornavn, fornamn, etunimi, imie,
			jmeno, krestni jmeno, keresztnev, prenume, имя, ім'я, 名, 名字, 이름`,
			// Said of a person only beside a last name: see companions.
			`first, nombre, nome, ad`,
		}
	case contact.LastName:
		return []string{
			"last name",
			`lname, l name, surname, family name, contact last name, person last name, person - last name, lead last name, last name (contact), nachname,
			familienname, invitee last name, attendee last name, registrant last name, participant last name, prospect last name, candidate last name, customer last name, primary contact last name, user last name, guest last name,
			billing last name, name (last), name - last, name - last name, nachname kontakt, nachname ansprechpartner, apellidos del contacto, cognome contatto, sobrenome do contato, achternaam contactpersoon,
			slaktnamn, pavarde, uzvards, perekonnanimi, priezvisko, prezime, zuname, nom de famille, nom famille, apellido, apellidos, sobrenome, ultimo nome, cognome, achternaam,
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
			firma, person company name, prospect company, prospect company name, attendee company, registrant company, invitee company, billing company, default address company, candidate company, company of contact, organization of contact,
			sales account, what company do you work for, which company do you work for, what company are you with, which company are you with, what company are you from, where do you work, who do you work for, company you work for,
			what organization do you work for, what organization are you with, what organization do you represent, what company do you represent, which company do you represent, company or organisation name, firma / organisation,
			in welchem unternehmen arbeiten sie, fur welches unternehmen arbeiten sie, fur welche firma arbeiten sie, wo arbeiten sie, unternehmen/organisation, zugehoriges unternehmen, name des unternehmens, name der firma, accountname,
			dans quelle entreprise travaillez-vous, ou travaillez-vous, pour quelle entreprise travaillez-vous, entreprise associee, nom du compte, nom de l'organisation, en que empresa trabaja, en que empresa trabajas, donde trabaja,
			empresa asociada, nombre de la cuenta, nombre de la organizacion, in quale azienda lavori, per quale azienda lavori, dove lavori, nome dell'azienda, nome della societa, nome account, em que empresa voce trabalha, em qual empresa voce trabalha,
			nome da conta, nome da organizacao, bij welk bedrijf werk je, waar werkt u, waar werk je, naam bedrijf, naam organisatie, accountnaam, foretagets namn, virksomhedens navn, bedriftsnavn, firmanavn, firmanamn, yrityksen nimi,
			firma nazwa, nazwa przedsiebiorstwa, nazev firmy, nazev spolecnosti, cegnev neve, nume companie, numele companiei, sirket adi, firma adi, название организации, організація, назва компанії, 勤務先, 企業名, 单位名称, firmenname, unternehmen, unternehmensname, arbeitgeber, organisationsname, entreprise, societe, nom de l'entreprise,
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
			company website domain, website domain name, company email domain, domain-name des unternehmens, domain des unternehmens, unternehmensdomain, nom de domaine, nom de domaine de l'entreprise, domaine de l'entreprise,
			nombre de dominio, nombre de dominio de la empresa, dominio de la empresa, dominio azienda, dominio aziendale, nome di dominio, nome dominio azienda, nome de dominio, nome de dominio da empresa, dominio da empresa, domeinnaam,
			bedrijfsdomein, domeinnaam bedrijf, domannamn, organization - domain, firmendomain, domaine, dominio`,
			`company website, company website url, employer website, company web site, company url, company homepage, organization website, organisation website, organization - website, organization - website url, account website,
			organization url, corporate website, company web, website address, business website, firmenwebsite, website der firma,
			unternehmenswebsite, website des unternehmens, url des unternehmens, webseite der firma, firmenhomepage, webseite geschaftlich, url de l'entreprise, site internet de l'entreprise, site de l'entreprise, site web entreprise,
			site web de la societe, url de la empresa, web de la empresa, pagina web de la empresa, sitio web empresa, url da empresa, website da empresa, site web da empresa, sito dell'azienda, sito web dell'azienda, sito web azienda, url azienda,
			website bedrijf, website van het bedrijf, bedrijfswebsite, foretagets webbplats, foretagets hemsida, virksomhedens hjemmeside, bedriftens nettside, strona firmy, strona www firmy, web firmy, person company website,
			prospect company website, account website url, site web de l'entreprise, sitio web de la empresa, site da empresa, sito web aziendale, сайт компании,
			公司网站`,
			`website, website url, web site, url du site web, url du site, url site web, url du site internet, adresse du site web, adresse web, url del sitio web, url del sitio, url sitio web, url de la pagina web, direccion web, url do site, url do website,
			url do site web, endereco do site, endereco web, url del sito web, url sito web, url del sito, indirizzo web, indirizzo sito web, url der website, url der webseite, url webseite, webadresse, web-adresse, url van de website,
			url van website, webadres, webbadress, webbsida, webside, webadresse url, web-sivu, www-sivu, verkkosivusto, url witryny, adres www, adres strony, strona sieci web, witryna internetowa, webova stranka, webove stranky, weboldal,
			honlap, pagina de internet, site web url, web sitesi, web sayfasi, веб-страница, сайт компанії, адрес сайта, 官网, 网址, ウェブサイトurl, ホームページ, página da web, pagina na web, pagina da internet, page internet, page web, web-seite, webseite, site web, site internet, sitio web, pagina web, sito web, sito, webbplats, hjemmeside, nettside, hemsida, verkkosivu,
			strona www, strona internetowa, сайт, веб-сайт, 网站, ウェブサイト, 웹사이트, web page, homepage, home page, internetadresse, internetseite, website 1 - value, webpagina`,
			// Anything, without values that say so.
			`web, www, internet, url, site, company, organization, organisation, account`,
		}
	case contact.LinkedInURL:
		return []string{
			"linkedin url",
			`linkedin, linkedin profile, linkedin profile url, linkedin contact profile url, person linkedin url, person linkedin,
			person linkedin profile, contact linkedin url, contact li profile url, prospect linkedin url, linkedin url public,
			 linkedin profile link url, invitee linkedin, attendee linkedin, attendee linkedin url, linkedin url (person), linkedin profil url, linkedin-profil-url, url linkedin profil, url du profil linkedin, url profil linkedin, lien linkedin,
			lien profil linkedin, url de linkedin, url del perfil de linkedin, enlace de linkedin, perfil de linkedin url, url do linkedin, url do perfil do linkedin, perfil do linkedin, link do linkedin, url del profilo linkedin, profilo linkedin url,
			link linkedin, linkedin profiel, linkedin-profiel, url van linkedin, linkedin member url, social linkedin, linkedin_link, primary contact linkedin, contact linkedin, contact linkedin profile, contact linkedin profile url,
			linkedin link, linkedin profile link, linkedin public profile url, linkedin public profile, linkedin personal url,
			linkedin person url, lead linkedin url, individual linkedin url, hs linkedin url, linkedin-profil, linkedin profil,
			profil linkedin, perfil de linkedin, perfil linkedin, profilo linkedin, url linkedin, li url, li profile url, linkedin address,
			linkedin account, linkedin contact url`,
			// Anything, without values that say so.
			`profile url, public profile url, default profile url, url, link, profile, profile link, website, web, homepage, website url, web page`,
		}
	case contact.FullName:
		return []string{
			"full name",
			`fullname, name (full), full name (first and last), your name, your full name, what is your name, what is your full name, whats your name, name of contact, contact name, contact full name, contact person name, person name, person - name,
			person full name, primary contact name, primary contact full name, lead full name, prospect name, prospect full name, candidate name, attendee name, attendee full name, registrant name, participant name, respondent name, invitee name,
			invitee full name, guest name, employee name, member name, subscriber name, applicant name, delegate name, speaker name, user name (original name), name (original name), first and last name, first name and last name, first & last name, profile name,
			linkedin name, decision maker name, decision maker, vollstandiger name, vor- und nachname, vorname und nachname, vorname nachname, vorname name, name des kontakts, name des ansprechpartners, wie heissen sie, wie ist ihr name, ihr name,
			nom complet, nom et prenom, prenom et nom, prenom nom, nom du contact, nom de contact, votre nom, nombre completo, nombre y apellidos, nombre y apellido, nombre del contacto completo, su nombre, tu nombre, nome completo, nome e cognome,
			nome e sobrenome, nome do contato completo, seu nome, volledige naam, voor- en achternaam, naam contactpersoon, uw naam, fullstandigt namn, fulle navn, fullt navn, fulde navn, fullt namn, for- och efternamn, for- og etternavn,
			for- og efternavn, koko nimi, imie i nazwisko, jmeno a prijmeni, meno a priezvisko, ime i prezime, nume complet, nume si prenume, ad soyad, adi soyadi, имя и фамилия`,
			`contact person, contact, primary contact, person, main contact, point of contact, ansprechpartner, ansprechpartnerin, ansprechperson, kontaktperson, kontakt, interlocuteur, personne de contact, contacto, persona de contacto,
			contatto, persona di contatto, contato, pessoa de contato, contactpersoon, yhteyshenkilo, osoba kontaktowa, kontaktni osoba, persoana de contact, контактное лицо, lead name, lead`,
			// A person's only beside a company's name: see nameNeedsCompany.
			`name, display name, names, nom, nombre, nome, naam, navn, namn, nimi, nume, imię`,
		}
	}
	return nil
}

// Key is a column's name as it is compared: its letters and digits in lower case, without accents.
func Key(name string) string {
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
			if key := Key(name); key != "" {
				if _, known := tiers[key]; !known {
					tiers[key] = tier
				}
			}
		}
	}
	return tiers
}
