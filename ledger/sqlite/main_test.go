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

// childVariable makes the test binary the process that has a ledger, whose path is the value.
const childVariable = "TEST_ENRICH_LEDGER_HOLD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
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
	return err // it dies with what it contains, as a killed one
}
