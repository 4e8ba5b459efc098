package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// isLicence are the names, without extension and in upper case, of the files that a distributor must pass on.
var isLicence = []string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS", "UNLICENSE"}

// thirdParty returns the licences of all modules that are compiled into the program for a target, and of Go. A module without
// one is an error: it must not be distributed.
func thirdParty(t target) ([]byte, error) {
	var out bytes.Buffer
	const format = "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}"
	if err := run(&out, t.env(), "go", "list", "-deps", "-f", format, "./cmd/enrich"); err != nil {
		return nil, err
	}
	modules := strings.Split(strings.TrimSpace(out.String()), "\n")
	slices.Sort(modules)
	out.Reset()
	if err := run(&out, t.env(), "go", "env", "GOVERSION", "GOROOT"); err != nil {
		return nil, err
	}
	version, root, _ := strings.Cut(strings.TrimSpace(out.String()), "\n")
	var text bytes.Buffer
	text.WriteString("enrich contains these modules, under these licences.\n")
	for _, module := range append([]string{"Go\t" + version + "\t" + root}, slices.Compact(modules)...) {
		part := strings.Split(module, "\t")
		if len(part) != 3 {
			continue // a package of the standard library
		}
		if err := appendLicences(&text, part[0]+" "+part[1], part[2]); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

func appendLicences(text *bytes.Buffer, module, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	found := false
	for _, e := range entries {
		name, _, _ := strings.Cut(strings.ToUpper(e.Name()), ".")
		name, _, _ = strings.Cut(name, "-") // LICENSE-MIT
		if e.IsDir() || !slices.Contains(isLicence, name) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		found = true
		fmt.Fprintf(text, "\n%s\n%s, %s\n\n%s\n", strings.Repeat("-", 80), module, e.Name(), bytes.TrimSpace(content))
	}
	if !found {
		return fmt.Errorf("%s: no licence was found in it", module)
	}
	return nil
}
