package decode

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// More lists as people have them, by language.
const (
	croatian   = "Luka Kovačić;Podravka;Koprivnica\nŽeljko Horvat;Končar;Zagreb\nĐurđa Marić;Čakovečki mlinovi;Čakovec\n"
	slovene    = "Matjaž Zupančič;Petrol;Ljubljana\nŠpela Kovačič;Krka;Novo mesto\nUrška Žagar;Šuštar d.o.o.;Domžale\n"
	romanian   = "Ioan Ionuţ;Banca Transilvania;Iaşi\nRăzvan Popescu;Fundaţia;Braşov\nŞtefan Călin;Dacia;Timişoara\n"
	turkish    = "Ayşe Yılmaz;Koç Holding;İstanbul\nOğuz Doğan;Öztürk A.Ş.;Eskişehir\nGökhan Şahin;Yıldız;Muğla\n"
	lithuanian = "Rūta Žukauskaitė;Maxima;Šiauliai\nJonas Šimkus;Žalgiris;Panevėžys\nŽivilė Čepulytė;Rūta;Šilutė\n"
	czechLatin = "Tomáš Růžička;Škoda;Plzeň\nLukáš Dvořák;Němec;Dušníky\nJiří Veselý;Kůrka;Košice\n"
	icelandic  = "Guðrún Þórðardóttir;Íslandsbanki;Reykjavík\nSigurður Jónsson;Össur;Garðabær\nFriðrik Ásgeirsson;Landsvirkjun;Hafnarfjörður\nÞorsteinn Ólafsson;Arion;Akureyri\n"
	spanish    = "Mª José Peña;Nº 1 S.L.;C/ Mayor 3, 2º izda.\nÍñigo Núñez;Compañía;A Coruña\nM.ª Ángeles Muñoz;Cía. 1ª;León\n"
	piedmont   = "Nicolò Ferrero;Ciriè Srl;Ciriè\nPerché Spa;Agliè;Lusigliè\nLuca Piè;Cigliè;Unità\n"
	footnoted  = "Müller¹;Süß GmbH²;Köln\nJörg;Größe (m²);Zürich\n"
)

// A list in an encoding that differs from Windows-1252 in a few letters is refused, not misread.
func TestForeignTextIsNotWindows1252(t *testing.T) {
	latin2, latin5, macintosh := charmap.ISO8859_2, charmap.ISO8859_9, charmap.Macintosh
	for name, c := range map[string]struct {
		text    string
		charmap *charmap.Charmap
	}{
		"Croatian": {croatian, charmap.Windows1250}, "Slovene": {slovene, charmap.Windows1250}, "Romanian": {romanian, charmap.Windows1250},
		"Croatian, ISO": {croatian, latin2}, "Romanian, ISO": {romanian, latin2}, "Czech, ISO": {czechLatin, latin2},
		"Turkish": {turkish, charmap.Windows1254}, "Turkish, ISO": {turkish, latin5}, "Lithuanian": {lithuanian, charmap.Windows1257},
		"German, Macintosh": {german, macintosh}, "names, Macintosh": {"Müller\nJürgen\nKäthe\nGünther\nKöhler\n", macintosh},
	} {
		b, err := c.charmap.NewEncoder().String(c.text)
		if err != nil {
			t.Fatal(name, err)
		}
		if isUTF8([]byte(b), true) || isWindows1250([]byte(b)) || isWindows1252([]byte(b)) {
			_, encoding := decodedAtOnce([]byte(b))
			t.Errorf("%s: read as %s", name, encoding)
		}
	}
}

// Lists of Western Europe are Windows-1252, also if they have names of all of its languages, a few damaged ones, or º, ª and ¹ as signs.
func TestWesternTextIsNotForeign(t *testing.T) {
	all := danish + faroese + french + italian + estonian + portugese + german + catalan + icelandic + spanish
	for name, text := range map[string]string{
		"Danish": danish, "Faroese": faroese, "French": french, "Italian": italian, "Estonian": estonian, "Portuguese": portugese, "German": german,
		"Catalan": catalan, "Icelandic": icelandic, "Spanish": spanish, "Piedmont": piedmont, "footnotes": footnoted, "all": all, "damaged": all + "Kovaèiæ;Mariæ;Iaºi\n",
		"capitals": "MÜLLER;GROSSE STRAßE;KÖLN\nÉLODIE LEFÈVRE;SOCIÉTÉ GÉNÉRALE;BESANÇON\n", "Danish and Icelandic": danish + "Sigurður Einarsson;Marel;Køge\nFriðrik;Össur;Århus\n",
	} {
		b, err := charmap.Windows1252.NewEncoder().String(text)
		if err != nil {
			t.Fatal(name, err)
		}
		if !isWindows1252([]byte(b)) {
			t.Errorf("%s is refused", name)
		}
		if got, encoding := decodedAtOnce([]byte(b)); encoding != "windows-1252" || string(got) != text && !strings.Contains(name, "damaged") {
			t.Errorf("%s: read as %s", name, encoding)
		}
	}
}
