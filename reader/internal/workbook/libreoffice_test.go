package workbook_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enrich/internal/libreoffice"
	"enrich/reader"
)

// fods is a spreadsheet of LibreOffice's own with what a CSV cannot say: formats, merged and hidden rows, formulas, two sheets.
const fods = `<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2"
 office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.spreadsheet">
<office:automatic-styles>
 <number:number-style style:name="N1"><number:number number:min-integer-digits="5" number:decimal-places="0"/></number:number-style>
 <number:date-style style:name="N2"><number:day number:style="long"/><number:text>.</number:text><number:month number:style="long"/><number:text>.</number:text><number:year number:style="long"/></number:date-style>
 <number:percentage-style style:name="N3"><number:number number:decimal-places="1" number:min-decimal-places="1" number:min-integer-digits="1"/><number:text>%</number:text></number:percentage-style>
 <number:time-style style:name="N4" number:truncate-on-overflow="false"><number:hours number:style="long"/><number:text>:</number:text><number:minutes number:style="long"/></number:time-style>
 <number:boolean-style style:name="N5"><number:boolean/></number:boolean-style>
 <number:number-style style:name="N6"><number:scientific-number number:decimal-places="2" number:min-integer-digits="1" number:min-exponent-digits="2"/></number:number-style>
 <style:style style:name="zip" style:family="table-cell" style:data-style-name="N1"/><style:style style:name="day" style:family="table-cell" style:data-style-name="N2"/>
 <style:style style:name="share" style:family="table-cell" style:data-style-name="N3"/><style:style style:name="span" style:family="table-cell" style:data-style-name="N4"/>
 <style:style style:name="truth" style:family="table-cell" style:data-style-name="N5"/><style:style style:name="power" style:family="table-cell" style:data-style-name="N6"/>
</office:automatic-styles>
<office:body><office:spreadsheet>
<table:table table:name="Read me"><table:table-row><table:table-cell office:value-type="string"><text:p>Fill in the other sheet</text:p></table:table-cell></table:table-row></table:table>
<table:table table:name="Leads">
<table:table-row><table:table-cell office:value-type="string" table:number-columns-spanned="7"><text:p>Leads of May</text:p></table:table-cell></table:table-row>
<table:table-row/>
<table:table-row>CELLS:E-mail,Company,Zip,Since,Share,Hours,Active,Phone,Sum,Missing</table:table-row>
<table:table-row>
 <table:table-cell office:value-type="string"><text:p>ann@x.example</text:p></table:table-cell>
 <table:table-cell office:value-type="string" table:number-rows-spanned="2"><text:p>Müller &amp; <text:span>Söhne</text:span></text:p><text:p>GmbH</text:p></table:table-cell>
 <table:table-cell table:style-name="zip" office:value-type="float" office:value="1234"/>
 <table:table-cell table:style-name="day" office:value-type="date" office:date-value="2024-03-05"/>
 <table:table-cell table:style-name="share" office:value-type="percentage" office:value="0.125"/>
 <table:table-cell table:style-name="span" office:value-type="time" office:time-value="PT36H30M00S"/>
 <table:table-cell table:style-name="truth" office:value-type="boolean" office:boolean-value="true"/>
 <table:table-cell table:style-name="power" office:value-type="float" office:value="491701234567"/>
 <table:table-cell table:formula="of:=[.C4]*2" office:value-type="float" office:value="2468"/>
 <table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value=""/>
</table:table-row>
<table:table-row table:visibility="collapse">
 <table:table-cell office:value-type="string"><text:p>bob@x.example</text:p></table:table-cell><table:covered-table-cell/>
 <table:table-cell table:style-name="zip" office:value-type="float" office:value="99999"/>
 <table:table-cell table:style-name="day" office:value-type="date" office:date-value="1999-12-31"/>
</table:table-row>
</table:table>
</office:spreadsheet></office:body></office:document>`

// LibreOffice writes what is read: a CSV whose cells it understands, and a spreadsheet of its own with all that a CSV cannot say.
func TestWorkbooksOfLibreOffice(t *testing.T) {
	dir := t.TempDir()
	spreadsheet := fods
	from, rest, _ := strings.Cut(spreadsheet, "CELLS:")
	names, to, _ := strings.Cut(rest, "<")
	for name := range strings.SplitSeq(names, ",") {
		from += `<table:table-cell office:value-type="string"><text:p>` + name + `</text:p></table:table-cell>`
	}
	own := filepath.Join(dir, "own.fods")
	if err := os.WriteFile(own, []byte(from+"<"+to), 0o600); err != nil {
		t.Fatal(err)
	}
	book := libreoffice.Read(t, libreoffice.Convert(t, libreoffice.Conversion{Out: libreoffice.XLSX}, own), own, "xlsx")
	r := expectTable(t, "own", book, reader.Options{}, "E-mail|Company|Zip|Since|Share|Hours|Active|Phone|Sum|Missing"+
		" / ann@x.example|Müller & Söhne\nGmbH|01234|2024-03-05|12.5%|36:30:00|TRUE|491701234567|2468|#N/A"+
		" / bob@x.example|Müller & Söhne\nGmbH|99999|1999-12-31||||||")
	if i := r.Info(); i.Sheet != "Leads" || i.HeaderLine != 3 || i.HiddenRows != 1 || i.FormulasWithoutValue != 0 {
		t.Errorf("%+v %+v", i, i.Workbook)
	}

	list := filepath.Join(dir, "list.csv")
	if err := os.WriteFile(list, []byte("email,phone,signed,share,since,amount,time\n"+
		"ann@x.example,491701234567,2024-03-05,12.50%,2024-03-05 13:45,0.1,13:45:10\n\"b\"\"ob@x.example\",0049,3/5/2024,1%,12/31/1999 23:59,-1234.5678,1:02 PM\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	converted := libreoffice.Convert(t, libreoffice.Conversion{In: libreoffice.FromCSV, Out: libreoffice.XLSX}, list)
	expectTable(t, "list", libreoffice.Read(t, converted, list, "xlsx"), reader.Options{}, "email|phone|signed|share|since|amount|time"+
		" / ann@x.example|491701234567|2024-03-05|12.50%|2024-03-05T13:45:00|0.1|13:45:10"+
		" / b\"ob@x.example|49|2024-03-05|1.00%|1999-12-31T23:59:00|-1234.5678|13:02:00")
	old := libreoffice.Read(t, libreoffice.Convert(t, libreoffice.Conversion{In: libreoffice.FromCSV, Out: libreoffice.XLS}, list), list, "xls")
	if _, _, err := table(t, old, reader.Options{}); err == nil || !strings.Contains(err.Error(), "(.xls)") {
		t.Errorf("an old workbook: %v", err)
	}
}
