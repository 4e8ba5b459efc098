package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// An oddWord is one that makes readers stumble, or that means something else in English than what it is used for.
type oddWord struct {
	pattern string // matched in any case, between word boundaries
	plain   string // what to write instead
	allowed string // phrases with it that are plain English
}

var oddWords = []oddWord{
	{`wants?|wanted`, "expected, needs", `(you|users|people|they|customers) want|wants a call|\.want( file)?`},
	{`mend(s|ed|ing)?`, "fix", ""},
	{`of ours|of theirs`, "enrich's, this package's", ""},
	{`(is|are) no [a-z]+`, "is not a …", `there (is|are) no \w+|(is|are) no (longer|match|matches|more|later|earlier|less|fewer|better|worse|cheaper)`},
	{`(is|are|was|were) let`, "is allowed to", ""},
	{`no matter`, "whatever, even if", ""},
	{`thereby|whoever|whom|whereupon|wherein|whereof|therein|thereof|herein|hitherto`, "say who does what", ""},
	{`askings?`, "request, call", ""},
	{`holds`, "contains, is true", `holds (\w+ ){0,3}locks?|holds (them )?back`},
	{`sound(er|ly|ness)?`, "OK, valid", ""},
	{`stands?`, "is", `stands? for|stand-ins?|stand-in's|stands? out`},
	{`(what|which) (it |they )?(came|comes|come) (of|to)|came of|comes? to nothing`, "the result", ""},
	{`learnt`, "learned, found", ""},
	{`anew`, "again", ""},
}

// TestPlainWords keeps these words out of documents, help, messages and comments.
func TestPlainWords(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out the reading of all texts")
	}
	all := texts(t)
	for _, w := range oddWords {
		odd, allowed := regexp.MustCompile(`(?i)\b(`+w.pattern+`)\b`), regexp.MustCompile(`(?i)(`+w.allowed+`)\b`)
		for place, text := range all {
			text = strings.Join(strings.Fields(text), " ")
			if w.allowed != "" {
				text = allowed.ReplaceAllString(text, "…")
			}
			for _, at := range odd.FindAllStringIndex(text, -1) {
				t.Errorf("%s: %q: write %s", place, text[max(0, at[0]-30):min(len(text), at[1]+30)], w.plain)
			}
		}
	}
}

// texts returns all texts for people by the place where they are: documents, help, and the comments and strings of Go.
func texts(t *testing.T) map[string]string {
	t.Helper()
	all := documents(t)
	for _, name := range []string{"Makefile", ".golangci.yml", ".ci/run"} {
		all[name] = readText(t, filepath.Join(root, name))
	}
	delete(all, filepath.Join(root, "CONTRIBUTING.md")) // it names some of the words
	for _, path := range goFiles(t) {
		if source := readText(t, path); !strings.Contains(source, "var oddWords") {
			addGoTexts(t, all, path, source)
		}
	}
	return all
}

// addGoTexts adds the comments and strings of a Go file, help texts among them.
func addGoTexts(t *testing.T, all map[string]string, path, source string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Comments {
		all[files.Position(c.Pos()).String()] = c.Text()
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.BasicLit); ok && s.Kind == token.STRING {
			all[files.Position(s.Pos()).String()] = s.Value
		}
		return true
	})
}
