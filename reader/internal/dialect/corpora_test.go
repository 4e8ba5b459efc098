package dialect_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enrich/reader/internal/decode"
	"enrich/reader/internal/dialect"
	"enrich/reader/internal/readertest"
)

// TestDetectedDelimiters scores the delimiter over CSVsniffer's annotated sets. The scores must not fall.
func TestDetectedDelimiters(t *testing.T) {
	dir := readertest.Corpora(t, "CSVsniffer/python")
	names := map[string]string{"comma": ",", "semicolon": ";", "tab": "\t", "vslash": "|", "nsign": "#", "space": " "}
	for _, set := range []struct {
		folder, truth string
		goal          float64 // percent
	}{
		{"CSV", "POLLOCK-dialect_annotations.txt", 97.9},
		{"W3C-CSVW", "W3C-CSVW-dialect_annotations.txt", 99.5},
		{"CSV_Wrangling", "CCSV-manual_Dialect_Annotation.txt", 95.3},
	} {
		f, err := os.Open(filepath.Join(dir, "ground truth", set.truth))
		if err != nil {
			t.Fatal(err)
		}
		right, there, refused, unknown := 0, 0, 0, 0
		for lines := bufio.NewScanner(f); lines.Scan(); {
			part := strings.Split(lines.Text(), "|")
			if strings.HasPrefix(part[0], "#") || part[0] == "file_name" || len(part) < 4 {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, set.folder, part[0]))
			if err != nil {
				continue
			}
			there++
			got, quote := "", ""
			in := decode.New(func() io.Reader { return bytes.NewReader(text) }, "")
			decoded, err := in.Text()
			if err == nil && decoded.Encoding() == decode.Unknown {
				unknown++
			}
			if err == nil {
				block := decoded.Text()
				hint, skip := dialect.SeparatorLine(block)
				d := dialect.Detect(block[skip:], decoded.Err != nil, dialect.Options{Delimiter: hint})
				got, quote = d.Delimiter, d.QuoteName()
			} else {
				refused++
			}
			want := names[part[2]]
			switch {
			case got == want && err == nil:
				right++
			case err != nil:
				t.Logf("%s: refused, expected %q: %v", filepath.Join(set.folder, part[0]), want, err)
			default:
				t.Logf("%s: got %q quote %s, expected %q %s %s", filepath.Join(set.folder, part[0]), got, quote, want, part[3], part[1])
			}
		}
		_ = f.Close()
		share := 100 * float64(right) / float64(max(there, 1))
		t.Logf("%s: %d of %d right (%.1f %%), %d refused, %d in an unknown encoding", set.folder, right, there, share, refused, unknown)
		if share < set.goal {
			t.Errorf("%s: less than %v %%", set.folder, set.goal)
		}
	}
}
