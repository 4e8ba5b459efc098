package main

import (
	"fmt"
	"strconv"
	"strings"

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
	cell := quotedShort(e.Cell, most)
	switch kind {
	case "emptied", "page":
		return cell
	case "name":
		return fmt.Sprintf("%s as %s and %s", cell, quotedShort(e.Sent[0], most), quotedShort(e.Sent[1], most))
	}
	return fmt.Sprintf("%s as %s", cell, quotedShort(e.Sent[0], most))
}

// quotedShort quotes a text and cuts it to some characters.
func quotedShort(s string, most int) string {
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return plainLine(strconv.Quote(s))
}

// sayCleaning tells what was cleaned in the rows that were read.
func (j *job) sayCleaning() {
	for _, k := range j.reading.Cleaning.Kinds() {
		j.voice.say(fmt.Sprintf("  %d %s", k.Cells, cleanedText(k)), "event", "cleaning", "kind", k.Kind, "cells", k.Cells, "examples", k.Examples)
	}
}
