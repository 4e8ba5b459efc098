package sqlite_test

import (
	"context"
	"flag"
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
	checks()
	goleak.VerifyTestMain(m)
}

// checks has the random tests try 30 lives of a ledger each, where nobody asks for another number: each opens it many times, and every
// run of the tests has other ones. The soak tries a thousand.
func checks() {
	if os.Getenv("RAPID_CHECKS") != "" {
		return
	}
	if err := flag.Set("rapid.checks", "30"); err != nil {
		panic(err)
	}
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
