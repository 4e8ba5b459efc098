package sqlite_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"go.uber.org/goleak"

	"enrich/ledger"
	"enrich/ledger/sqlite"
)

// holdVariable asks the test binary to be the process that holds a ledger, and names it.
const holdVariable = "TEST_ENRICH_LEDGER_HOLD"

func TestMain(m *testing.M) {
	if path := os.Getenv(holdVariable); path != "" {
		if err := hold(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// hold opens a ledger, asks two persons, says so, and stays until its input ends.
func hold(path string) error {
	l, err := sqlite.Open(context.Background(), path, sqlite.Options{})
	if err != nil {
		return err
	}
	run, err := l.Begin(context.Background(), ledger.Run{Started: noon, URL: "https://api.example"})
	if err != nil {
		return err
	}
	if err := tryCommit(l, run, []ledger.Intent{person(1), person(2)}, nil); err != nil {
		return err
	}
	fmt.Println("held")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err // it dies with what it holds, as a killed one
}
