package reader

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSniffedDelimiters scores the delimiter over CSVsniffer's annotated sets, and holds it to what it came to before.
func TestSniffedDelimiters(t *testing.T) {
	dir := Corpora(t, "CSVsniffer/python")
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
		right, there, refused, named := 0, 0, 0, 0
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
			w, _, _, err := firstBlock(newRawInput(bytes.NewReader(text)), Options{})
			if errors.Is(err, ErrEncoding) {
				named, err = named+1, nil // the delimiter is said all the same
			}
			if err == nil {
				block := w.text()
				hint, skip := separatorLine(block)
				d := sniff(block[skip:], w.err != nil, Options{Delimiter: hint})
				got, quote = d.delimiter, d.quoteName()
			} else {
				refused++
			}
			want := names[part[2]]
			switch {
			case got == want && err == nil:
				right++
			case err != nil:
				t.Logf("%s: refused, want %q: %v", filepath.Join(set.folder, part[0]), want, err)
			default:
				t.Logf("%s: got %q quote %s, want %q %s %s", filepath.Join(set.folder, part[0]), got, quote, want, part[3], part[1])
			}
		}
		_ = f.Close()
		share := 100 * float64(right) / float64(max(there, 1))
		t.Logf("%s: %d of %d right (%.1f %%), %d refused, %d of them refused for their encoding, after the delimiter was said", set.folder, right, there, share, refused, named)
		if share < set.goal {
			t.Errorf("%s: less than %v %%", set.folder, set.goal)
		}
	}
}
