package tempfile

import (
	"os"
	"syscall"
	"testing"
)

// TestATemporaryFileIsRemoved: it is gone after it was closed, also if an open file cannot be removed, as on Windows.
func TestATemporaryFileIsRemoved(t *testing.T) {
	for name, refusals := range map[string]int{"at once": 0, "when it is closed": 1} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			left := func() int {
				entries, err := os.ReadDir(os.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				return len(entries)
			}
			expected := refusals
			f, err := create("enrich-test-*", func(name string) error {
				if refusals--; refusals >= 0 {
					return syscall.EBUSY
				}
				return os.Remove(name)
			})
			if err != nil {
				t.Fatal(err)
			}
			if n := left(); n != expected {
				t.Errorf("%d files while it is open, expected %d", n, expected)
			}
			if _, err := f.WriteString("text"); err != nil {
				t.Error(err)
			}
			text := make([]byte, 4)
			if _, err := f.ReadAt(text, 0); err != nil || string(text) != "text" {
				t.Errorf("%q, %v", text, err)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			if n := left(); n != 0 {
				t.Errorf("%d files are left", n)
			}
		})
	}
}
