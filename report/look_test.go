package report

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// looks is what is asked of each view: does it fit, are the charts there, did anything of the cells run.
const looks = `(() => {
	const painted = c => c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some(b => b > 0);
	const wide = [...document.querySelectorAll("main *, header *, footer *")].filter(e => e.checkVisibility() && !e.closest(".scroll, .unseen, .uplot") && e.getBoundingClientRect().right > innerWidth + 1);
	return JSON.stringify({
		Width: document.documentElement.scrollWidth, Window: innerWidth, Wide: wide.slice(0, 3).map(e => e.outerHTML.slice(0, 120)),
		Charts: [...document.querySelectorAll(".uplot canvas")].filter(painted).length, Title: document.title,
		Foreign: document.querySelectorAll("img, iframe, object, embed, a:not([href^='#']), main style, main script").length,
	});
})()`

// accessible runs axe-core and tells what it finds.
const accessible = `axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(
	r.violations.map(v => v.id + " (" + v.impact + "): " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(" | "))))`

// The page in a browser: on phones and desktops, light and dark, on paper and without scripts, it fits, everybody can read it,
// it says nothing on the console, asks nothing of anybody, and runs nothing of what the cells say.
func TestThePageInABrowser(t *testing.T) {
	v := viewer{T: t, ctx: tab(t), axe: axe(t), address: onDisk(t, crowded())}
	v.must(chromedp.Listen(v.ctx, v.heard.hear))
	_, err := chromedp.Call(v.ctx, network.Enable, network.EnableParams{})
	v.must(err)
	for _, width := range []int64{390, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			view := fmt.Sprintf("%d-%s", width, scheme)
			v.set(width, scheme)
			v.do(chromedp.Navigate(v.address))
			v.look(view, width)
			v.judge(view)
			v.heard.mustBeSilent(t, view)
		}
	}
	v.set(390, "light")
	v.do(chromedp.Navigate(onDisk(t, &Page{Command: "write", Input: "empty.csv"})))
	v.judge("a page of nothing")
	v.heard.mustBeSilent(t, "a page of nothing")
	v.set(1280, "dark")
	v.onPaper()
	v.heard.mustBeSilent(t, "on paper")
	v.withoutScripts()
	v.heard.mustBeSilent(t, "without scripts")
}

// A viewer looks at one page in one tab.
type viewer struct {
	*testing.T
	ctx     context.Context
	address string
	axe     string
	heard   witness
}

// onDisk is the address of a page.
func onDisk(t *testing.T, p *Page) string {
	t.Helper()
	text, _ := written(t, p)
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + path
}

func (v *viewer) must(err error) {
	v.Helper()
	if err != nil {
		v.Fatal(err)
	}
}

func (v *viewer) do(steps ...chromedp.Action[chromedp.Void]) {
	v.Helper()
	v.must(chromedp.Do(v.ctx, steps...))
}

// ask is what a script says: JSON, or text.
func (v *viewer) ask(script string) string {
	v.Helper()
	said, err := chromedp.Run(v.ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	v.must(err)
	return said
}

// set makes the window so wide, and the reader's taste light or dark.
func (v *viewer) set(width int64, scheme string) {
	v.Helper()
	v.do(chromedp.EmulateViewport(width, 900))
	_, err := chromedp.Call(v.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	v.must(err)
}

func (v *viewer) look(view string, width int64) {
	v.Helper()
	var seen struct {
		Width, Window, Charts, Foreign int64
		Wide                           []string
		Title                          string
	}
	v.must(json.Unmarshal([]byte(v.ask(looks)), &seen))
	if seen.Window != width || seen.Width > width || len(seen.Wide) > 0 {
		v.Errorf("%s: the page is %d wide in a window of %d: %q", view, seen.Width, seen.Window, seen.Wide)
	}
	if seen.Charts != 3 {
		v.Errorf("%s: %d charts are drawn, expected 3", view, seen.Charts)
	}
	if !strings.HasPrefix(seen.Title, "<script>") || seen.Foreign != 0 {
		v.Errorf("%s: text became %d elements; the title is %q", view, seen.Foreign, seen.Title)
	}
	v.keep(view+".png", chromedp.FullScreenshot(90))
}

// judge opens all tables first.
func (v *viewer) judge(view string) {
	v.Helper()
	if v.axe == "" {
		return
	}
	v.ask(`for (const d of document.querySelectorAll("details")) d.open = true; ""`)
	v.ask(v.axe + `; ""`)
	var found []string
	v.must(json.Unmarshal([]byte(v.ask(accessible)), &found))
	for _, f := range found {
		v.Errorf("%s: not for everybody: %s", view, f)
	}
}

// onPaper prints the page, and looks whether the screen is as it was after it.
func (v *viewer) onPaper() {
	v.Helper()
	const most = 500_000
	v.do(chromedp.Navigate(v.address))
	pdf := v.keep("print.pdf", chromedp.PrintToPDF())
	if !strings.HasPrefix(string(pdf), "%PDF") || len(pdf) > most {
		v.Errorf("the page on paper has %d bytes", len(pdf))
	}
	if after := v.ask(`document.documentElement.className + document.querySelectorAll(".uplot").length`); after != "3" {
		v.Errorf("after printing the page is %q", after)
	}
}

// withoutScripts looks at the page where scripts do not run, such as a mail's preview.
func (v *viewer) withoutScripts() {
	v.Helper()
	_, err := chromedp.Call(v.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	v.must(err)
	v.do(chromedp.Navigate(v.address))
	said := v.ask(`document.querySelector("noscript").innerText + document.querySelectorAll(".uplot").length`)
	if !strings.Contains(said, "see the tables") || !strings.HasSuffix(said, "0") {
		v.Errorf("without scripts the page says %q", said)
	}
	v.keep("without-scripts.png", chromedp.FullScreenshot(90))
}

// keep keeps a picture where `go test -artifacts` is asked for.
func (v *viewer) keep(name string, a chromedp.Action[[]byte]) []byte {
	v.Helper()
	picture, err := chromedp.Run(v.ctx, a)
	v.must(err)
	v.must(os.WriteFile(filepath.Join(v.ArtifactDir(), name), picture, 0o600))
	return picture
}
