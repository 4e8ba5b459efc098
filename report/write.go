package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html page.css charts.js uplot/uPlot.iife.min.js uplot/uPlot.min.css
var files embed.FS

// Write writes the page as one HTML file without a reference to another.
func Write(w io.Writer, p *Page) error {
	library, err1 := files.ReadFile("uplot/uPlot.iife.min.js")
	charts, err2 := files.ReadFile("charts.js")
	plot, err3 := files.ReadFile("uplot/uPlot.min.css")
	own, err4 := files.ReadFile("page.css")
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			return err
		}
	}
	page, err := template.New("page.html").Funcs(functions()).ParseFS(files, "page.html")
	if err != nil {
		return err
	}
	v := newView(p)
	style := string(plot) + "\n" + string(own)
	// They are part of the program: hostile text is in the page's data, which the template escapes.
	v.Style, v.Library, v.Charts = template.CSS(style), template.JS(library), template.JS(charts)
	v.Policy = strings.Join([]string{
		"default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'",
		"style-src " + hash(style), "script-src " + hash(string(library)) + " " + hash(string(charts)),
	}, "; ")
	return page.Execute(w, v)
}

// hash names an inline script or style in a policy.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return fmt.Sprintf("'sha256-%s'", base64.StdEncoding.EncodeToString(sum[:]))
}
