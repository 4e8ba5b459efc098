package writer

import (
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"enrich/contact"
	"enrich/format"
)

func TestFormulasAreDefused(t *testing.T) {
	for cell, expected := range map[string]string{
		"": "", "Ann": "Ann", "a=1": "a=1", "x@y.example": "x@y.example", "'": "'", " ": " ", "\"quoted\"": "\"quoted\"",
		"=1+1": "'=1+1", "@SUM(A1)": "'@SUM(A1)", "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0", "-2+3*A1": "'-2+3*A1", "=": "'=",
		"＝1+1": "'＝1+1", "＠x": "'＠x", "  =1": "'  =1", "\u00a0=1": "'\u00a0=1", "\u200b=1": "'\u200b=1", "\ufeff=1": "'\ufeff=1", "\x00=1": "'\x00=1",
		"\"=1": "'\"=1", "'=1": "''=1", "\t=1": "'\t=1", "\tx": "'\tx", "\rx": "'\rx", "\nx": "'\nx", "\xff=1": "'\xff=1",
		"+49 30 1234-567": "+49 30 1234-567", "+1 (800) 555.0100": "+1 (800) 555.0100", "-12.5": "-12.5", "-1,200": "-1,200", "-": "-", "+": "+",
		"＋49 30": "＋49 30", "+1-800-CALL": "'+1-800-CALL", "- item": "'- item", "-12.5%": "'-12.5%", "+49 30 =1": "'+49 30 =1",
	} {
		if got := defuse(cell); got != expected {
			t.Errorf("%q: %q, expected %q", cell, got, expected)
		}
	}
}

// TestNoCellOfASafeOutputStartsAFormula checks with a simpler rule than that of the code.
func TestNoCellOfASafeOutputStartsAFormula(t *testing.T) {
	hostile := rapid.StringOfN(rapid.RuneFrom([]rune("=+-@＝＋－＠\t\r\n \"'\u00a0\u200b0a(.")), 0, 6, -1)
	cell := rapid.OneOf(hostile, rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.SliceOfN(cell, 1, 4).Draw(t, "columns")
		row := Row{Line: 2, Cells: rapid.SliceOfN(cell, len(columns), len(columns)).Draw(t, "cells")}
		var out bytes.Buffer
		f, err := NewFailures(&out, Source{Format: format.CSV, Columns: columns}, Options{Format: format.CSV, SpreadsheetSafe: true, BOM: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Write(&Failure{Row: row, Kind: contact.Rejected, Message: cell.Draw(t, "message")}); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		text, ok := strings.CutPrefix(out.String(), "\ufeff")
		if !ok {
			t.Fatal("no byte order mark")
		}
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		for {
			record, err := r.Read()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range record {
				if startsFormula(c) {
					t.Fatalf("%q would be run", c)
				}
			}
		}
	})
}

// startsFormula does what a spreadsheet may do: drop what it does not show, and look at the first character.
func startsFormula(cell string) bool {
	if strings.HasPrefix(cell, "'") {
		return false
	}
	shown := strings.TrimLeft(cell, " \t\r\n\u00a0\u200b\"'")
	if shown == "" || !strings.ContainsAny(shown[:1], "=+-@") && !strings.HasPrefix(shown, "＝") && !strings.HasPrefix(shown, "＠") &&
		!strings.HasPrefix(shown, "＋") && !strings.HasPrefix(shown, "－") {
		return false
	}
	plain := strings.Trim(shown, "+-＋－0123456789 ().,/") == ""
	return !plain
}
