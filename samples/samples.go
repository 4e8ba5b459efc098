// Package samples has small realistic inputs: a CRM's export as CSV and a list of leads as JSONL. The demo and the tests use them.
// README.md says what the stand-in API answers for each row.
package samples

import (
	"embed"
	"io/fs"
)

//go:embed crm-export.csv leads.jsonl
var files embed.FS

// The names of the samples in [Files].
const (
	CRMExport = "crm-export.csv"
	Leads     = "leads.jsonl"
)

// Files returns the samples, by name.
func Files() fs.FS { return files }
