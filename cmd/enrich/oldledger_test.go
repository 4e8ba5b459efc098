package main

import (
	"bytes"
	"errors"
	"os"

	"github.com/ncruces/go-sqlite3"
	"github.com/rogpeppe/go-internal/testscript"
)

// makeOldLedger makes the ledger that an earlier version wrote, and answered.csv, the rows of the list that it has an answer for.
func makeOldLedger(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: oldledger FILE")
	}
	const golden = "../../ledger/sqlite/testdata/golden-2"
	dump, err := os.ReadFile(golden + ".sql")
	ts.Check(err)
	list, err := os.ReadFile(golden + ".csv")
	ts.Check(err)
	var answered []byte
	for line := range bytes.Lines(list) {
		if !bytes.HasSuffix(line, []byte(",refused\n")) && !bytes.HasSuffix(line, []byte(",lost\n")) {
			answered = append(answered, line...)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs("answered.csv"), answered, 0o600))
	db, err := sqlite3.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(errors.Join(db.Exec(string(dump)), db.Close()))
}
