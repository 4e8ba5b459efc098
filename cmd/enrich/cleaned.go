package main

import (
	"fmt"
	"strings"

	"enrich/cmd/enrich/internal/console"
	"enrich/contact"
)

// cleanedText says what cleaning did to some cells, with examples: "3 placeholders sent as empty: "#N/A", "-"".
func cleanedText(k contact.Cleaned) string {
	one, more := cleanedKind(k.Kind)
	what := more
	if k.Cells == 1 {
		what = one
	}
	examples := make([]string, len(k.Examples))
	for i, e := range k.Examples {
		examples[i] = exampleText(k.Kind, e)
	}
	return what + ": " + strings.Join(examples, "; ")
}

func cleanedKind(kind string) (one, more string) {
	switch kind {
	case "trimmed":
		return "cell sent without spaces or invisible characters", "cells sent without spaces or invisible characters"
	case "emptied":
		return "placeholder sent as empty", "placeholders sent as empty"
	case "address":
		return "address taken out of a cell", "addresses taken out of a cell"
	case "host":
		return "domain taken from a web site", "domains taken from web sites"
	case "page":
		return "page on a network not sent as a domain", "pages on a network not sent as a domain"
	}
	return "full name split (--no-split-names)", "full names split (--no-split-names)"
}

// exampleText shows a cell and what is sent for it; invisible characters are escaped.
func exampleText(kind string, e contact.Example) string {
	const most = 40
	cell := console.Quote(e.Cell, most)
	switch kind {
	case "emptied", "page":
		return cell
	case "name":
		return fmt.Sprintf("%s as %s and %s", cell, console.Quote(e.Sent[0], most), console.Quote(e.Sent[1], most))
	}
	return fmt.Sprintf("%s as %s", cell, console.Quote(e.Sent[0], most))
}

// sayCleaning tells what was cleaned in the rows that were read.
func (j *job) sayCleaning() {
	for _, k := range j.reading.Cleaning.Kinds() {
		j.printer.Info(fmt.Sprintf("  %d %s", k.Cells, cleanedText(k)), "event", "cleaning", "kind", k.Kind, "cells", k.Cells, "examples", k.Examples)
	}
}
