// Package help is what people read about the commands: help pages, man pages and shell completions. All of it is made from
// the commands and their flags; this package contains no text about them.
package help

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"enrich/cmd/enrich/internal/console"
)

// Help is as wide as the terminal, from minWidth to maxWidth columns. Without a terminal it has pageWidth columns.
const (
	pageWidth = 80
	minWidth  = 30
	maxWidth  = 110
)

// flagGroup is the annotation with the heading of a flag.
const flagGroup = "group"

// Group puts the flags that were added to a command since the last call under a heading.
func Group(cmd *cobra.Command, heading string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Annotations[flagGroup] == nil {
			_ = cmd.Flags().SetAnnotation(f.Name, flagGroup, []string{heading}) // the flag is there
		}
	})
}

// Func returns a cobra help function that prints the help of a command on standard output.
func Func(out *console.Stdout) func(*cobra.Command, []string) {
	return func(cmd *cobra.Command, _ []string) {
		_, _ = io.WriteString(out, Page(cmd, widthOf(out))) // there is nobody to tell
	}
}

// Page returns the help of a command for a width in columns.
func Page(cmd *cobra.Command, width int) string {
	p := page{width: width}
	if cmd.HasParent() {
		p.command(cmd)
	} else {
		p.root(cmd)
	}
	return p.String()
}

func widthOf(out *console.Stdout) int {
	width, ok := out.Width()
	if !ok {
		return pageWidth
	}
	return min(max(width, minWidth), maxWidth)
}

// A page is a help page that is being written.
type page struct {
	strings.Builder
	width int
}

// root writes the help of the program, which fits a screen of 24 lines and 80 columns and starts with examples.
func (p *page) root(cmd *cobra.Command) {
	p.examples(cmd)
	p.WriteString("\n")
	p.text("", cmd.Long)
	p.WriteString("\nCommands:\n")
	p.commands(cmd)
	p.WriteString("\n")
	p.text("", "enrich COMMAND --help shows the flags of a command, with examples.")
}

func (p *page) command(cmd *cobra.Command) {
	about := cmd.Long
	if about == "" {
		about = cmd.Short + "."
	}
	p.text("", about)
	p.WriteString("\nUsage:\n")
	p.text("  ", cmd.UseLine())
	if cmd.HasExample() {
		p.WriteString("\nExamples:\n")
		p.examples(cmd)
	}
	if cmd.HasAvailableSubCommands() {
		p.WriteString("\nCommands:\n")
		p.commands(cmd)
	}
	p.flags(cmd)
}

// examples writes the command lines of a command, each with its comment beside it, or below it if there is no room.
func (p *page) examples(cmd *cobra.Command) {
	for _, line := range strings.Split(cmd.Example, "\n") {
		line = strings.TrimPrefix(line, "  ")
		call, comment, commented := strings.Cut(line, "   ")
		if utf8.RuneCountInString(line)+2 <= p.width || !commented {
			p.WriteString("  " + line + "\n")
			continue
		}
		p.WriteString("  " + call + "\n")
		p.text("      ", strings.TrimSpace(comment))
	}
}

func (p *page) commands(cmd *cobra.Command) {
	longest := 0
	for _, c := range cmd.Commands() {
		longest = max(longest, len(c.Name()))
	}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			p.beside("  "+c.Name(), longest+4, c.Short)
		}
	}
}

// flags writes the flags under their headings, in the order in which they were added.
func (p *page) flags(cmd *cobra.Command) {
	var headings []string
	under := map[string][]*pflag.Flag{}
	longest := 0
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		heading := "Flags"
		if g := f.Annotations[flagGroup]; g != nil {
			heading = g[0]
		}
		if under[heading] == nil {
			headings = append(headings, heading)
		}
		under[heading] = append(under[heading], f)
		longest = max(longest, utf8.RuneCountInString(flagName(f)))
	})
	column := min(longest+2, 30)
	for _, heading := range headings {
		p.WriteString("\n" + heading + ":\n")
		for _, f := range under[heading] {
			p.beside(flagName(f), column, flagText(f))
		}
	}
}

func flagName(f *pflag.Flag) string {
	placeholder, _ := pflag.UnquoteUsage(f)
	name := "      --" + f.Name
	if f.Shorthand != "" {
		name = "  -" + f.Shorthand + ", --" + f.Name
	}
	if placeholder == "" {
		return name
	}
	return name + " " + placeholder
}

func flagText(f *pflag.Flag) string {
	_, text := pflag.UnquoteUsage(f)
	switch f.DefValue {
	case "", "false", "[]", "0s":
		return text
	}
	return fmt.Sprintf("%s (default %s)", text, f.DefValue)
}

// beside writes a name and, from a column on, its text; below the name if there is no room beside it.
func (p *page) beside(name string, column int, text string) {
	indent := strings.Repeat(" ", column)
	if p.width-column < 30 {
		p.WriteString(name + "\n")
		p.text("          ", text)
		return
	}
	lines := wrap(text, p.width-column)
	if utf8.RuneCountInString(name)+1 > column {
		p.WriteString(name + "\n")
	} else {
		p.WriteString(name + strings.Repeat(" ", column-utf8.RuneCountInString(name)) + lines[0] + "\n")
		lines = lines[1:]
	}
	for _, l := range lines {
		p.WriteString(indent + l + "\n")
	}
}

// text writes paragraphs, wrapped; a paragraph with indented lines stays as it is.
func (p *page) text(indent, text string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			p.WriteString("\n")
		}
		if strings.Contains(paragraph, "\n  ") {
			p.WriteString(paragraph + "\n")
			continue
		}
		for _, l := range wrap(paragraph, p.width-len(indent)) {
			p.WriteString(indent + l + "\n")
		}
	}
}

// wrap breaks a text between words. A word that is longer than a line gets its own.
func wrap(text string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
