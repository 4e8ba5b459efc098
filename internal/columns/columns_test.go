package columns_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"enrich/internal/columns"
)

func TestRepeatedNamesAreToldApart(t *testing.T) {
	for names, want := range map[string]string{
		"a b":       "a b",
		"a a a":     "a a_2 a_3",
		"a a a_2":   "a a_3 a_2",
		"a_2 a a":   "a_2 a a_3",
		"a a_2 a_2": "a a_2 a_2_2",
		"x b x b":   "x_2 b x_3 b_2",
		"x x_2":     "x_3 x_2",
	} {
		if got := columns.Unique(strings.Fields(names), "x"); strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, expected %s", names, got, want)
		}
	}
	if got := columns.Unique(columns.Numbered(3)); !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("numbered: %q", got)
	}
}

func TestUniqueNamesAreUnique(t *testing.T) {
	name := rapid.SampledFrom([]string{"", "a", "a_2", "a_3", "a_2_2", "b", "_2", "enrichment"})
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOf(name).Draw(t, "names")
		got := columns.Unique(names, columns.Enrichment)
		seen := map[string]bool{columns.Enrichment: true}
		for i, unique := range got {
			if seen[unique] {
				t.Fatalf("%q is twice in %q", unique, got)
			}
			seen[unique] = true
			if first := slices.Index(names, names[i]) == i; unique != names[i] && first && names[i] != columns.Enrichment {
				t.Fatalf("the first %q became %q", names[i], unique)
			}
		}
		if again := columns.Unique(got, columns.Enrichment); !slices.Equal(again, got) {
			t.Fatalf("unique names change: %q, then %q", got, again)
		}
	})
}
