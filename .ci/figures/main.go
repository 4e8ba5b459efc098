// Command figures prints the size and shape of the code: files, lines and top-level identifiers per package, code per
// comment line, and test lines per line of code. Run it in the root of the module: go run ./.ci/figures
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// A pkg is one directory of Go files. Only testCode counts its tests; all of a package whose name ends in test is a test.
type pkg struct {
	dir                      string
	files, lines, names      int
	code, comments, testCode int
	longest                  int // lines of the longest function
	functions                []int
}

func main() {
	pkgs := map[string]*pkg{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go"):
			return nil
		}
		dir := filepath.Dir(path)
		if pkgs[dir] == nil {
			pkgs[dir] = &pkg{dir: dir}
		}
		return pkgs[dir].add(path)
	})
	if err != nil {
		log.Fatal(err)
	}
	print(pkgs)
}

// add counts one file.
func (p *pkg) add(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, text, parser.ParseComments)
	if err != nil {
		return err
	}
	code, comments := count(set, file, string(text))
	if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(p.dir, "test") {
		p.testCode += code
		return nil
	}
	p.files++
	p.lines += strings.Count(string(text), "\n")
	p.code += code
	p.comments += comments
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			n := set.Position(d.End()).Line - set.Position(d.Pos()).Line + 1
			p.functions = append(p.functions, n)
			p.longest = max(p.longest, n)
			if d.Recv == nil {
				p.names++
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					p.names++
				case *ast.ValueSpec:
					p.names += len(s.Names)
				}
			}
		}
	}
	return nil
}

// count returns the lines with code and the lines that only comment.
func count(set *token.FileSet, file *ast.File, text string) (code, comments int) {
	commented := map[int]bool{}
	for _, g := range file.Comments {
		for _, c := range g.List {
			for l := set.Position(c.Pos()).Line; l <= set.Position(c.End()).Line; l++ {
				commented[l] = true
			}
		}
	}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case commented[i+1] && (strings.HasPrefix(line, "//") || strings.HasPrefix(line, "/*")):
			comments++
		default:
			code++
		}
	}
	return code, comments
}

func print(pkgs map[string]*pkg) {
	var list []*pkg
	for _, p := range pkgs {
		if p.files > 0 {
			list = append(list, p)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].dir < list[j].dir })
	var files, lines, names, functions []int
	var code, comments, tests int
	fmt.Printf("%-36s %5s %6s %6s %6s %6s %8s\n", "package", "files", "lines", "names", "code", "tests", "longest")
	for _, p := range list {
		fmt.Printf("%-36s %5d %6d %6d %6d %6d %8d\n", p.dir, p.files, p.lines, p.names, p.code, p.testCode, p.longest)
		files, lines, names = append(files, p.files), append(lines, p.lines), append(names, p.names)
		functions = append(functions, p.functions...)
		code, comments = code+p.code, comments+p.comments
	}
	for _, p := range pkgs {
		tests += p.testCode
	}
	fmt.Printf("\npackages                         %d\n", len(list))
	for _, f := range []struct {
		name   string
		values []int
	}{{"files per package", files}, {"lines per package", lines}, {"identifiers per package", names}, {"lines per function", functions}} {
		slices.Sort(f.values)
		fmt.Printf("%-32s median %d, most %d\n", f.name, f.values[len(f.values)/2], f.values[len(f.values)-1])
	}
	fmt.Printf("code per comment line            %.1f\n", float64(code)/float64(comments))
	fmt.Printf("lines of code                    %d\n", code)
	fmt.Printf("lines of test code               %d (%.2f per line of code)\n", tests, float64(tests)/float64(code))
}
