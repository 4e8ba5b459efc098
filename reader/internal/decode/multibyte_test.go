package decode_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// Excel writes CSV in the encoding of the computer's country. --encoding names it by any of its names.
func TestEncodingsOfOtherScripts(t *testing.T) {
	for name, tt := range map[string]struct {
		as           encoding.Encoding
		header, cell string
	}{
		"shift_jis": {japanese.ShiftJIS, "氏名,会社名,メールアドレス", "表計算 能登"}, "CP932": {japanese.ShiftJIS, "氏名,会社名,メールアドレス", "髙橋 ソ"},
		"euc-jp": {japanese.EUCJP, "氏名,会社名,メールアドレス", "山田 太郎"}, "gbk": {simplifiedchinese.GBK, "姓名,公司,邮箱", "王小明"}, "GB18030": {simplifiedchinese.GB18030, "姓名,公司,邮箱", "王䶮"},
		"big5": {traditionalchinese.Big5, "姓名,公司,電子郵件", "許功蓋"}, "euc-kr": {korean.EUCKR, "이름,회사,이메일", "김민수"}, "cp949": {korean.EUCKR, "이름,회사,이메일", "똠방각하"},
		"windows-1253": {charmap.Windows1253, "Όνομα,Εταιρεία,Email", "Άννα"}, "windows-1255": {charmap.Windows1255, "שם,חברה,אימייל", "דנה"},
		"windows-1256": {charmap.Windows1256, "الاسم,الشركة,البريد", "محمد"}, "windows-874": {charmap.Windows874, "ชื่อ,บริษัท,อีเมล", "สมชาย"}, "koi8-u": {charmap.KOI8U, "Ім'я,Компанія,Пошта", "Ганна"},
	} {
		// Rows enough that characters are cut at the ends of blocks, and columns with a backslash or a bar as the second byte.
		const rows = 8_000
		text, err := tt.as.NewEncoder().String(tt.header + "\n" + strings.Repeat(tt.cell+",x,a@x.example\n", rows))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, all, err := readertest.Read(t, []byte(text), reader.Options{Encoding: name})
		if err != nil || len(all) != rows {
			t.Errorf("%s: %d rows, %v", name, len(all), err)
			continue
		}
		for _, row := range all {
			if row.Refused != nil || row.Cells[0] != tt.cell || row.Contact.Email != "a@x.example" {
				t.Errorf("%s: line %d: %q, %+v", name, row.Line, row.Cells, row.Refused)
				break
			}
		}
	}
}

// What has no character in an encoding is refused with its row, not changed.
func TestMalformedCharactersAreRefused(t *testing.T) {
	const table = "\x8e\x81\x96\xbc,Email\nann,a@x.example\nb\x85\xffo,b@x.example\ncy,c@x.example\n"
	_, rows, err := readertest.Read(t, []byte(table), reader.Options{Encoding: "shift-jis"})
	if err != nil || len(rows) != 3 || rows[0].Refused != nil || rows[1].Refused == nil || rows[2].Refused != nil {
		t.Errorf("%d rows, %v: %+v", len(rows), err, rows)
	}
	if _, _, err := readertest.Read(t, []byte(table+"\x81"), reader.Options{Encoding: "shift-jis"}); err != nil && !errors.Is(err, reader.ErrBroken) {
		t.Errorf("text that ends within a character: %v", err)
	}
}
