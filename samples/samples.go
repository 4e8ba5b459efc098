// Package samples is small inputs that look like the real thing: a CRM's export as CSV and a list of leads as JSONL.
// The demo and the tests run on them; README.md says what the stand-in API answers for each row.
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

// Files are the samples, by their names.
func Files() fs.FS { return files }
