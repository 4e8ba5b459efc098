package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"enrich/internal/debian"
	"enrich/internal/localpg"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTeam is `make team`: it ends by itself, leaves nothing behind, and the API's count is what was promised.
func TestTeam(t *testing.T) {
	debian.SkipIfShort(t) // it takes most of a minute, half of which is the wait for the run that was killed
	debian.Need(t, "postgresql", "PostgreSQL server", func() string {
		bin, _ := localpg.Find() // "": it is not there
		return bin
	})
	var out bytes.Buffer
	began := time.Now()
	if err := show(t.Context(), &out, ""); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, want := range []string{"kill -9 of run c", "is dead", "the API counted 40", "both runs have written the same"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
	if took := time.Since(began); took > bound {
		t.Errorf("it took %s", took)
	}
}

// TestInterrupted stops everything at once.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := show(ctx, &bytes.Buffer{}, "/bin/true"); err == nil {
		t.Error("it ran although it was interrupted")
	}
}
