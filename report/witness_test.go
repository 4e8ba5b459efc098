package report

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// A witness hears what a page does that it must not: words on the console, requests, dialogs.
type witness struct {
	mu    sync.Mutex
	heard []string
}

// hear is called for each event, and must be quick.
func (w *witness) hear(ev any) {
	said := ""
	switch e := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		said = fmt.Sprintf("console: %s", e.Type)
	case *runtime.EventExceptionThrown:
		said = "exception: " + e.ExceptionDetails.Text + " " + e.ExceptionDetails.Exception.Description
	case *log.EventEntryAdded:
		said = "log: " + e.Entry.Text
	case *page.EventJavascriptDialogOpening:
		said = "dialog: " + e.Message
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err != nil || u.Scheme != "file" || !strings.HasSuffix(u.Path, ".html") {
			said = "request: " + e.Request.URL
		}
	}
	if said != "" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.heard = append(w.heard, said)
	}
}

func (w *witness) mustBeSilent(t *testing.T, when string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, said := range w.heard {
		t.Errorf("%s: %s", when, said)
	}
	w.heard = nil
}
