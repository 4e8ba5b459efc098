package reader

import (
	"fmt"

	"enrich/contact"
)

// again is the refusal that an earlier run wrote into a row of its failures, where it still holds: a ragged row is
// ragged until someone has mended it and taken "enrichment" away, and a line that was no object is in "raw" and nowhere
// else. Other rows of failures, and results, are rows like any other.
func (r *jsonRows) again(text string) *Refusal {
	said := ""
	for _, m := range r.scan.members {
		name := m.name.of(text)
		if m.escaped {
			name, _ = unescape(name)
		}
		if name == enrichmentMember {
			said = m.value.of(text)
		}
	}
	if said == "" {
		return nil
	}
	failure := descend(said, []string{"error"})
	name, _ := plain(descend(failure, []string{"kind"}))
	kind := contact.Ragged
	switch name {
	case string(contact.Ragged):
	case string(contact.Invalid):
		if kind = contact.Invalid; descend(failure, []string{"raw"}) == "" {
			return nil
		}
	default:
		return nil
	}
	message, _ := plain(descend(failure, []string{"message"}))
	if message == "" {
		message = fmt.Sprintf("line %d: refused before: mend the row and take its member %q away", r.frame.line, enrichmentMember)
	}
	return &Refusal{Kind: kind, Message: message}
}
