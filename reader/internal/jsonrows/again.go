package jsonrows

import (
	"fmt"
	"strings"

	"enrich/contact"
	"enrich/reader/internal/mapping"
	"enrich/reader/internal/source"
)

// again is the refusal that an earlier run wrote into a row of its failures, where it still holds: a ragged row is
// ragged until someone has mended it and taken "enrichment" away, and a line that was no object is in "raw" and nowhere
// else. Other rows of failures, and results, are rows like any other.
func (r *Reader) again(text string) *source.Refusal {
	said := ""
	for _, m := range r.scan.members {
		name := m.name.of(text)
		if m.escaped {
			name, _ = unescape(name)
		}
		if name == mapping.EnrichmentMember {
			said = m.value.of(text)
		}
	}
	if said == "" {
		return nil
	}
	failure := descend(said, []string{"error"})
	kind, _ := plain(descend(failure, []string{"kind"}))
	raw := descend(failure, []string{"raw"})
	if kind != string(contact.Ragged) && (kind != string(contact.Invalid) || raw == "") {
		return nil
	}
	message, _ := plain(descend(failure, []string{"message"}))
	if message == "" {
		message = fmt.Sprintf("line %d: refused before: fix the row and remove its member %q", r.frame.line, mapping.EnrichmentMember)
	}
	return &source.Refusal{Kind: contact.Failure(strings.Clone(kind)), Message: message} // failures are counted by kind, to the end
}
