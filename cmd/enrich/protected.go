package main

import (
	"enrich/publish"
)

// protectedFiles are those that this command reads or writes besides its input and outputs: the ledger as an output would
// throw away what was paid for.
func (j *job) protectedFiles() ([]publish.Protected, error) {
	ledger, err := j.settings.LedgerPath(j.world.lookupEnv)
	if err != nil {
		return nil, err
	}
	files := []publish.Protected{{Path: ledger, What: "the ledger"}}
	for _, suffix := range [...]string{"-wal", "-shm", "-journal", ".lock", ".lock.pid"} { // beside the file that a link leads to
		files = append(files, publish.Protected{Path: publish.Canonical(ledger) + suffix, What: "a part of the ledger"})
	}
	if f := j.settings.APIKeyFile; f != "" {
		files = append(files, publish.Protected{Path: f, What: "the file with the API key"})
	}
	if f := j.settings.CAFile; f != "" {
		files = append(files, publish.Protected{Path: f, What: "the file with the certificates"})
	}
	return files, nil
}
