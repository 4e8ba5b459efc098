package contact_test

import (
	"testing"

	"enrich/contact"
)

// A name is divided only if it is certain where: a wrong guess is a credit spent on the wrong person.
func TestFamilyFirst(t *testing.T) {
	for name, want := range map[string][2]string{ // the given name, the family name
		"김민수": {"민수", "김"}, "김 민수": {"민수", "김"}, "남궁민수": {"민수", "남궁"}, "이서연": {"서연", "이"}, " 박지성\u00a0": {"지성", "박"},
		"山田 太郎": {"太郎", "山田"}, "山田\u3000太郎": {"太郎", "山田"}, "佐々木 真理": {"真理", "佐々木"}, "スズキ イチロー": {"イチロー", "スズキ"}, "王 小明": {"小明", "王"},
		"Иванов Иван": {"Иван", "Иванов"}, "Иванов Иван Иванович": {"Иван", "Иванов"}, "Петрова Анна Сергеевна": {"Анна", "Петрова"}, "Шевченко Тарас Григорович": {"Тарас", "Шевченко"},
		"Lee, Ann": {"Ann", "Lee"}, "Римский-Корсаков Николай": {"Николай", "Римский-Корсаков"},
		"황보라": {}, "김수": {}, "네이버": {}, "삼성전자": {}, "김부장님": {}, "김대표": {}, "王小明": {}, "林真理": {}, "山田 様": {}, "山田 太郎様": {}, "王 先生": {}, "김 대표": {}, "Ann Lee": {}, "Li Wei": {},
		"Иван": {}, "Иванов Иван Петров": {}, "山田 太郎 部長": {}, "": {}, "-": {}, "李 Ann": {}, "ООО Ромашка Плюс": {},
	} {
		c := contact.Contact{CompanyName: "X"}
		c.Clean(contact.FamilyFirst(name))
		if got := [2]string{c.FirstName, c.LastName}; got != want {
			t.Errorf("%q: got %q, expected %q", name, got, want)
		}
	}
}

func FuzzFamilyFirst(f *testing.F) {
	for _, s := range []string{"김민수", "山田 太郎", "Иванов Иван Иванович", "Lee, Ann", "\xff", "남궁민수"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, last, ok := contact.SplitName(contact.FamilyFirst(s))
		if ok && (first == "" || last == "") {
			t.Fatalf("%q: %q, %q", s, first, last)
		}
	})
}
