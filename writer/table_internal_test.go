package writer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"enrich/format"
)

// TestTheOrderOfMembersChangesNothing: a table that has seen other rows returns the same cells as a new one.
func TestTheOrderOfMembersChangesNothing(t *testing.T) {
	names := []string{"a", "b", "ä", `a"b`, "enrichment", "enrich_status"}
	source := layout{source: Source{Format: format.JSONL, Columns: names}, added: ResultColumns()}
	used := newTable(source)
	written := rapid.SampledFrom([]string{`"a"`, `"a"`, `"b"`, `"ä"`, `"\u00e4"`, `"\u0061"`, `"a\"b"`, `"enrichment"`, `"enrich_status"`, ` "b" `, `"x"`})
	values := rapid.SampledFrom([]string{`"v"`, `"\n"`, `""`, "null", "1.50", `[1,"}"]`, "{ \"a\":\n1}", "tru"})
	rapid.Check(t, func(t *rapid.T) {
		var members []string
		for range rapid.IntRange(0, 6).Draw(t, "members") {
			members = append(members, written.Draw(t, "name")+":"+values.Draw(t, "value"))
		}
		row := &Row{Line: 1, Raw: []byte("{" + strings.Join(members, ",") + "}")}
		got, err := used.cells(row)
		expected, expectedErr := newTable(source).cells(row)
		if !slices.Equal(got, expected) || fmt.Sprint(err) != fmt.Sprint(expectedErr) {
			t.Fatalf("%s: %q, %v; expected %q, %v", row.Raw, got, err, expected, expectedErr)
		}
	})
}
