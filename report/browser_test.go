package report

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"enrich/internal/debian"
)

// browser is the path of a Chromium.
func browser(t *testing.T) string {
	t.Helper()
	return debian.Program(t, "chromium", "chromium", "chromium-browser", "google-chrome")
}

// browserStart is how long the browser may take to start; the library's 20 s are too short for a busy machine.
const browserStart = 5 * time.Minute

// tab opens a browser with an empty profile; it is gone when the test ends.
func tab(t *testing.T) context.Context {
	t.Helper()
	path := browser(t)
	options := append(
		chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(browserStart), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)
	ctx, cancel := debian.UntilDeadline(t)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// axe-core judges whether everybody can read a page. It is fetched once by npm, and checked.
const (
	axeRelease = "axe-core@4.14.1"
	axeSum     = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
)

// axe is its source; "" where it cannot be had and nobody insists: the page is then looked at without its judgement.
func axe(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	path := filepath.Join(cache, "enrich-test", axeRelease+".min.js")
	source, err := os.ReadFile(path)
	if err != nil {
		if source, err = packed(t); err != nil {
			if debian.IsRequired() {
				t.Fatalf("no %s to judge by: %v", axeRelease, err)
			}
			t.Logf("no %s to judge by, so whether everybody can read the page is not looked at: %v", axeRelease, err)
			return ""
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, source, 0o600)); err != nil {
			t.Logf("it is not kept: %v", err)
		}
	}
	if sum := sha256.Sum256(source); hex.EncodeToString(sum[:]) != axeSum {
		t.Fatalf("%s is not what it was", axeRelease)
	}
	return string(source)
}

// packed is axe.min.js from the registry's package.
func packed(t *testing.T) ([]byte, error) {
	ctx, cancel := debian.UntilDeadline(t)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "pack", axeRelease)
	cmd.Dir = t.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("npm pack: %w: %s", err, out[max(0, len(out)-300):])
	}
	archives, _ := filepath.Glob(filepath.Join(cmd.Dir, "*.tgz"))
	if len(archives) != 1 {
		return nil, fmt.Errorf("npm pack made %d archives", len(archives))
	}
	f, err := os.Open(archives[0])
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	for r := tar.NewReader(unpacked); ; {
		h, err := r.Next()
		if err != nil {
			return nil, err
		}
		if h.Name == "package/axe.min.js" {
			return io.ReadAll(r)
		}
	}
}
