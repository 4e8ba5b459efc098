package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// isLicence are the names, without extension and in upper case, of the files that a distributor must pass on.
var isLicence = []string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS", "UNLICENSE"}

// A part is a module that is compiled into the program, or Go.
type part struct {
	name, dir string
	own       bool            // the module of the program: its licence is a file of its own
	folders   map[string]bool // dir and those of its folders that are compiled in: a copy of somebody's code has a licence there
}

// thirdParty returns the licences of everything that is compiled into the program for a target: of Go, of the modules, and of
// code and files that a module, also this one, has copied into a folder of its own.
func thirdParty(t target) ([]byte, error) {
	var out bytes.Buffer
	if err := run(&out, t.env(), "go", "env", "GOVERSION", "GOROOT"); err != nil {
		return nil, err
	}
	version, root, _ := strings.Cut(strings.TrimSpace(out.String()), "\n")
	parts, err := modules(t)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	text.WriteString("enrich contains these modules, under these licences.\n")
	for _, p := range append([]part{{name: "Go " + version, dir: root, folders: map[string]bool{root: true}}}, parts...) {
		if err := p.appendLicences(&text); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

// modules returns the modules that are compiled into the program, sorted by name.
func modules(t target) ([]part, error) {
	const format = "{{with .Module}}{{.Path}} {{.Version}}\t{{.Dir}}\t{{.Main}}\t{{$.Dir}}\t{{join $.EmbedFiles \"\t\"}}{{end}}"
	var out bytes.Buffer
	if err := run(&out, t.env(), "go", "list", "-deps", "-f", format, "./cmd/enrich"); err != nil {
		return nil, err
	}
	byName := map[string]part{}
	for line := range strings.Lines(out.String()) {
		column := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(column) < 5 {
			continue // a package of the standard library
		}
		name, dir, folder, embedded := column[0], column[1], column[3], column[4:]
		p, ok := byName[name]
		if !ok {
			p = part{name: strings.TrimSpace(name), dir: dir, own: column[2] == "true", folders: map[string]bool{dir: true}}
			byName[name] = p
		}
		p.add(folder)
		for _, file := range embedded {
			p.add(filepath.Dir(filepath.Join(folder, file)))
		}
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b part) int { return strings.Compare(a.name, b.name) }), nil
}

// add adds a folder of the module and those that it is in.
func (p part) add(folder string) {
	for ; !p.folders[folder] && len(folder) > len(p.dir); folder = filepath.Dir(folder) {
		p.folders[folder] = true
	}
}

// appendLicences writes the licences in all folders of the module. A module without one is an error: it must not be distributed.
func (p part) appendLicences(text *bytes.Buffer) error {
	found := p.own
	for _, folder := range slices.Sorted(maps.Keys(p.folders)) {
		if p.own && folder == p.dir {
			continue
		}
		entries, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		for _, e := range entries {
			name, _, _ := strings.Cut(strings.ToUpper(e.Name()), ".")
			name, _, _ = strings.Cut(name, "-") // LICENSE-MIT
			if e.IsDir() || !slices.Contains(isLicence, name) {
				continue
			}
			found = true
			if err := p.appendLicence(text, filepath.Join(folder, e.Name())); err != nil {
				return err
			}
		}
	}
	if !found {
		return fmt.Errorf("%s: no licence was found in it", p.name)
	}
	return nil
}

func (p part) appendLicence(text *bytes.Buffer, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	name, err := filepath.Rel(p.dir, file)
	fmt.Fprintf(text, "\n%s\n%s, %s\n\n%s\n", strings.Repeat("-", 80), p.name, filepath.ToSlash(name), bytes.TrimSpace(content))
	return err
}
