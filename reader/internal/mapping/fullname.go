package mapping

import (
	"strings"

	"enrich/contact"
)

// nameNeedsCompany is the tier of names that mean a person's full name only beside a column of the company's name: alone they may
// be the company's.
const nameNeedsCompany = 3

// fullName finds the column of full names. It is used only for rows that cannot be sent without it, so a file with two such
// columns is no error if its rows can be sent.
func (m *mapper) fullName() error {
	if m.options.NoSplitNames || m.options.NoHeader || m.has(contact.FullName) {
		return nil
	}
	found := m.candidates(contact.FullName)
	if !m.has(contact.CompanyName) {
		alone := found[:0]
		for _, c := range found {
			if c.tier < nameNeedsCompany {
				alone = append(alone, c)
			}
		}
		found = alone
	}
	best := m.best(contact.FullName, found)
	switch {
	case len(best) == 1:
		m.mapping[contact.FullName] = best[0].column
	case len(best) > 1 && !m.askable() && !m.options.AnyColumns && m.hasCompany():
		return m.ambiguous(contact.FullName, best)
	}
	return nil
}

func (m *mapper) hasCompany() bool { return m.has(contact.CompanyName) || m.has(contact.CompanyDomain) }

// question returns the key of what a header asks for if it is a question of a form, such as "What is your email address?", else "".
func question(key string) string {
	for _, end := range [...]string{"required", "optional", "pflichtfeld", "obligatoire", "obligatorio", "obbligatorio"} {
		key = strings.TrimSuffix(key, end)
	}
	for _, begin := range questions() {
		if rest, ok := strings.CutPrefix(key, begin); ok && rest != "" {
			return rest
		}
	}
	return ""
}

// questions are the beginnings of such headers as keys, the longer ones first. All address the person who fills in the form.
func questions() []string {
	return []string{
		"pleaseenterthenameofyour", "pleaseenteryour", "pleaseprovideyour", "pleaseshareyour", "pleasetypeyour", "pleasetellusyour", "pleasegiveusyour", "pleaseinputyour", "pleaseconfirmyour",
		"mayihaveyour", "maywehaveyour", "canwehaveyour", "canigetyour", "couldyoushareyour", "whatisthenameofyour", "whatsthenameofyour", "whatwouldbeyour", "whatisyourbest", "whatsyourbest",
		"whatisyourcurrent", "whatsyourcurrent", "whatisyour", "whatsyour", "whatareyour", "enteryour", "provideyour", "confirmyour", "shareyour", "giveusyour", "tellusyour", "yourbest", "yourcurrent", "your", "my",
		"wielautetihre", "wielautetihr", "wielautetdeine", "wielautetdein", "wieistihre", "wieistihr", "wieistdeine", "wieistdein", "wasistihre", "wasistihr", "wasistdeine", "wasistdein",
		"bittegebensieihre", "bittegebensieihren", "bitteihre", "ihre", "ihr", "deine", "dein",
		"quelleestvotre", "quelestvotre", "quelleestlenomdevotre", "quelestlenomdevotre", "quelleestton", "quelestton", "quelleestta", "indiquezvotre", "saisissezvotre", "entrezvotre", "votre", "ton", "ta",
		"cualessu", "cualestu", "cualeselnombredesu", "cualeselnombredetu", "introduzcasu", "introducetu", "ingresetu", "ingresesu", "ingresatu", "escribatu", "tu", "su",
		"qualeilsuo", "qualeiltuo", "qualelasua", "qualelatua", "inserisciiltuo", "inserisciilsuo", "inserisciilla", "iltuo", "latua", "ilsuo", "lasua",
		"qualeoseu", "qualeasua", "qualoseu", "qualasua", "qualeoteu", "informeseu", "digiteseu", "digiteoseu", "insiraoseu", "oseu", "seu", "sua",
		"watisuw", "watisje", "watisjouw", "vuluw", "vulje", "uw", "jouw", "je",
		"vaddindin", "vadardin", "vadarditt", "hvaderdin", "hvaderdit", "hvaerdin", "din", "ditt", "dit", "jakijesttwoj", "jakijestpanskie", "podajswoj", "twoj", "jakyjevas", "vas",
	}
}
