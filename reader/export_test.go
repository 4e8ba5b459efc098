package reader

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Kept is a row with what it points to, copied, so that it outlives the next read.
func Kept(row Row) Row {
	row.Cells = cloned(row.Cells)
	row.Raw = bytes.Clone(row.Raw)
	row.Contact = row.Contact.Clone()
	if row.Refused != nil {
		refused := *row.Refused
		refused.Message = strings.Clone(refused.Message)
		refused.Extra = cloned(refused.Extra)
		row.Refused = &refused
	}
	return row
}

// Corpora is a folder or file of the public corpora; without them the test is skipped. CONTRIBUTING.md says where they come from:
// they are never committed.
func Corpora(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("TEST_ENRICH_CORPORA")
	if root == "" {
		t.Skip("TEST_ENRICH_CORPORA names no folder of corpora")
	}
	path := filepath.Join(root, name)
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	return path
}
