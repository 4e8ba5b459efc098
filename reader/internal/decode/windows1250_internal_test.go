package decode

import (
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// Lists of names and companies as people have them, by language.
const (
	czech     = "Jiří Dvořák;Škoda Auto a.s.;Mladá Boleslav\nZdeněk Němec;Plzeňský Prazdroj;Plzeň\nVěra Kůrková;Třinecké železárny;Třinec\nŽaneta Říhová;Česká pošta;Praha\n"
	slovak    = "Ľubomír Šťastný;Slovenská pošta;Banská Bystrica\nJiří Kříž;Třinec;Čadca\nPřemysl Němec;Železiarne;Košice\nZdeněk Řehák;U. S. Steel;Košice\n"
	hungarian = "Szőke László;Győri Keksz Kft.;Győr\nSzűcs Gergő;Magyar Posta;Kőszeg\nErdős Pál;OTP;Hódmezővásárhely\nCsőke Ágnes;MOL;Üröm\n"
	danish    = "Søren Kierkegård;Mærsk A/S;København\nJørgen Sørensen;Ørsted;Århus\nPål Brødrene;Løkken;Tromsø\n"
	faroese   = "Jógvan á Høgnabø;Føroya Banki;Tórshavn\nBøur;Høgadalsá;Saksun\n"
	french    = "Hélène Lefèvre;Société Générale;Nîmes\nLoïc Noël;Crédit Agricole;Où\nBenoît Août;L'Oréal;Orléans\nÈve Ègé;Hôtel;Genève\n"
	italian   = "Niccolò Cantù;Forlì Spa;Forlì\nGesù Pellicanò;Perché no;Viggiù\nLucà Cefalù;Così Srl;Mondovì\n"
	estonian  = "Jüri Põld;Eesti Energia;Võru\nKõiv Mägi;Sõber OÜ;Põltsamaa\nTõnis Jõgi;Žanna Šmidt;Jõhvi\n"
	portugese = "João Simões;Camões Lda;São Paulo\nConceição Guimarães;Irmãos Leões;Fundão\n"
	german    = "Jürgen Groß;Müller & Söhne;Köln\nKäthe Bäcker;Straßenbau;Düsseldorf\n"
	catalan   = "Mònica Solé;Cafès Novell;Vilafranca del Penedès\nÀngel Muñoz;Nòria;Girona\n"
)

// Czech, Slovak and Hungarian lists in Windows-1250 are recognised.
func TestWindows1250(t *testing.T) {
	for name, text := range map[string]string{"Czech": czech, "Slovak": slovak, "Hungarian": hungarian, "Czech with German": czech + german} {
		b, err := charmap.Windows1250.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		if !isWindows1250([]byte(b)) {
			t.Errorf("%s is not recognised", name)
		}
		if got, encoding := decodedAtOnce([]byte(b)); string(got) != text || encoding != "windows-1250" {
			t.Errorf("%s: %s: %s", name, encoding, got)
		}
	}
}

// No list of Western Europe is read as Windows-1250, also if it has names of all of its languages, or a few damaged ones.
func TestWindows1252IsNotWindows1250(t *testing.T) {
	all := danish + faroese + french + italian + estonian + portugese + german + catalan
	for name, text := range map[string]string{
		"Danish": danish, "Faroese": faroese, "French": french, "Italian": italian, "Estonian": estonian, "Portuguese": portugese, "German": german,
		"Catalan": catalan, "all": all, "damaged": all + "Jiøí Nìmec;Kùrka\n", "two words": "Jiøí Nìmec\n" + german,
	} {
		b, err := charmap.Windows1252.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		if isWindows1250([]byte(b)) {
			t.Errorf("%s is taken for Windows-1250", name)
		}
	}
}
