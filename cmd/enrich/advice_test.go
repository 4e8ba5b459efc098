package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"enrich/contact"
)

// TestEachKindOfFailureHasAdvice of its own.
func TestEachKindOfFailureHasAdvice(t *testing.T) {
	advice := map[string]bool{}
	for _, k := range []contact.Failure{contact.Invalid, contact.Ragged, contact.Rejected, contact.Exhausted, contact.Malformed, contact.Uncertain} {
		advice[strings.Join(adviceOf(string(k)), " ")] = true
	}
	if len(advice) != 6 || advice[""] {
		t.Errorf("the advice is %q", slices.Collect(maps.Keys(advice)))
	}
}
