package mapping

import "enrich/internal/columns"

// EnrichmentMember is columns.Enrichment.
const EnrichmentMember = columns.Enrichment

// UniqueNames is columns.Unique.
func UniqueNames(names []string) []string { return columns.Unique(names) }

// NumberedNames is columns.Numbered.
func NumberedNames(n int) []string { return columns.Numbered(n) }
