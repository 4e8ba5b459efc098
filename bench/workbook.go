package main

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// workbookRows is how many rows the workbook has that is compared with a CSV.
const workbookRows = 200_000

// workbook compares what reading costs: a workbook as Excel writes it, with shared texts, and the same rows as CSV.
func (b *bench) workbook() error {
	input, err := b.input(workbookRows)
	if err != nil {
		return err
	}
	book := strings.TrimSuffix(input, ".csv") + ".xlsx"
	// In a process of its own: the peak of a process that is started counts the memory of the one that started it.
	if _, err := b.own("workbook", book, input); err != nil {
		return err
	}
	var ratio, perRow []float64
	peak := 0.0
	for range b.rounds {
		plain, err := b.read(input)
		if err != nil {
			return err
		}
		sheet, err := b.read(book)
		if err != nil {
			return err
		}
		ratio = append(ratio, sheet.cpuPerRow(workbookRows)/plain.cpuPerRow(workbookRows))
		perRow, peak = append(perRow, sheet.cpuPerRow(workbookRows)), max(peak, sheet.peakMiB())
	}
	fmt.Printf("enrich read, a workbook of %d rows, median of %d rounds (min to max)\n", workbookRows, b.rounds)
	fmt.Printf("  µs of CPU per row      %s, its peak %.1f MiB\n", spread(perRow), peak)
	fmt.Printf("  workbook / CSV         %s\n", spread(ratio))
	return nil
}

// read runs enrich read on a file and drops its output.
func (b *bench) read(input string) (cost, error) {
	ctx, cancel := context.WithTimeout(context.Background(), processTimeout)
	defer cancel()
	return measure(exec.CommandContext(ctx, b.enrich, "read", "--quiet", input))
}

// writeWorkbook writes the rows of a CSV as a workbook. All cells but the first column are shared texts.
func writeWorkbook(path, input string) error {
	in, err := os.Open(input)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	z := zip.NewWriter(f)
	texts, err := writeSheet(z, csv.NewReader(bufio.NewReader(in)))
	for _, part := range [][2]string{
		{"xl/sharedStrings.xml", "<sst>" + texts + "</sst>"},
		{"xl/workbook.xml", `<workbook><sheets><sheet name="Rows" r:id="a"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="a" Type="x/worksheet" Target="sheet.xml"/><Relationship Id="b" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>`},
	} {
		w, perr := z.Create(part[0])
		if perr == nil {
			_, perr = io.WriteString(w, part[1])
		}
		err = errors.Join(err, perr)
	}
	return errors.Join(err, z.Close(), f.Close())
}

// writeSheet writes the sheet and returns the texts that its cells share.
func writeSheet(z *zip.Writer, rows *csv.Reader) (string, error) {
	var texts strings.Builder
	number := map[string]int{}
	w, err := z.Create("xl/sheet.xml")
	if err != nil {
		return "", err
	}
	_, _ = io.WriteString(w, "<worksheet><sheetData>") // the last write returns an error of the archive
	for n := 1; ; n++ {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			_, err = io.WriteString(w, "</sheetData></worksheet>")
			return texts.String(), err
		}
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(w, `<row r="%d" spans="1:%d">`, n, len(cells))
		for i, text := range cells {
			if i == 0 && n > 1 {
				_, _ = fmt.Fprintf(w, `<c r="A%d"><v>%s</v></c>`, n, text)
				continue
			}
			at, known := number[text]
			if !known {
				at = len(number)
				number[text] = at
				texts.WriteString("<si><t>")
				_ = xml.EscapeText(&texts, []byte(text)) // a builder does not fail
				texts.WriteString("</t></si>")
			}
			_, _ = fmt.Fprintf(w, `<c r="%c%d" t="s"><v>%d</v></c>`, 'A'+i, n, at)
		}
		_, _ = io.WriteString(w, "</row>")
	}
}
