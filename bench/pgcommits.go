package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres"
	"enrich/ledger/sqlite"
)

const (
	committedRows = 200_000
	// commitGroup is how many intents and outcomes a commit has when a run of 32 workers is fast.
	commitGroup = 48
)

// commits measures the ledger alone: one connection commits the answers of a group together with the intents of the next one. A
// whole run has the calls besides, for which this machine has no core left.
func (s *shared) commits(ctx context.Context) error {
	rows := s.count(committedRows)
	var rate, ratio, client, file, database, wal []float64
	for round := range sharedRounds {
		name := fmt.Sprintf("commits_%d", round)
		one, err := measure(exec.CommandContext(ctx, s.self, "commits", filepath.Join(s.dir, name+".db"), strconv.Itoa(rows), strconv.Itoa(commitGroup)))
		if err != nil {
			return err
		}
		url, err := s.newLedger(ctx, name)
		if err != nil {
			return err
		}
		c, bytes, server, err := s.used(ctx, url, func() (cost, error) {
			return measure(exec.CommandContext(ctx, s.self, "commits", url, strconv.Itoa(rows), strconv.Itoa(commitGroup)))
		})
		if err != nil {
			return err
		}
		rate = append(rate, float64(rows)/c.wall.Seconds())
		file, client = append(file, one.cpuPerRow(rows)), append(client, c.cpuPerRow(rows))
		ratio = append(ratio, c.cpuPerRow(rows)/one.cpuPerRow(rows))
		database = append(database, float64(server.Microseconds())/float64(rows))
		wal = append(wal, float64(bytes)/float64(rows))
	}
	s.add("commits alone, 1 process", ">= 10,000 /s", fmt.Sprintf("%.0f contacts/s", median(rate)), "without calls; rounds "+spread(rate))
	s.add("client CPU / that of a file, commits alone", "", fmt.Sprintf("%.2f", median(ratio)), fmt.Sprintf("%.1f and %.1f us per contact; rounds %s", median(client), median(file), spread(ratio)))
	s.add("WAL, commits alone", "<= 1.5 kB/contact", fmt.Sprintf("%.2f kB per contact", median(wal)/1000), fmt.Sprintf("CPU of the database: %.1f us per contact", median(database)))
	return nil
}

// used returns what a process used, what the server wrote to its log meanwhile, and the server's CPU time.
func (s *shared) used(ctx context.Context, url string, run func() (cost, error)) (c cost, wal int64, cpu time.Duration, err error) {
	wal, err = written(ctx, url)
	if err != nil {
		return c, 0, 0, err
	}
	cpu, err = databaseCPU(ctx, url)
	if err != nil {
		return c, 0, 0, err
	}
	if c, err = run(); err != nil {
		return c, 0, 0, err
	}
	after, err := written(ctx, url)
	if err != nil {
		return c, 0, 0, err
	}
	used, err := databaseCPU(ctx, url)
	return c, after - wal, used - cpu, err
}

// commitAll commits contacts and their answers: the part of the measurement that is a process of its own.
func commitAll(place, count, size string) (err error) {
	ctx := context.Background()
	rows, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	group, err := strconv.Atoi(size)
	if err != nil {
		return err
	}
	var l ledger.Store
	if strings.HasPrefix(place, "postgres://") {
		l, err = postgres.Open(ctx, postgres.Options{URL: place, MustExist: true})
	} else {
		l, err = sqlite.Open(ctx, place, sqlite.Options{})
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	run, err := l.Begin(ctx, ledger.Run{Started: time.Now(), URL: "http://127.0.0.1/", Input: "commits"})
	if err != nil {
		return err
	}
	body := []byte(`{"contact":{"credit_charged":true,"email":"ann@northwind.example","title":"VP Sales","company":{"name":"Northwind Traders","domain":"northwind.example","industry":"Logistics"},"phone":"+1 800 555 0100"},"credits_remaining":100}`)
	identity := contact.NewIdentity("http://127.0.0.1/", nil)
	var outcomes []contact.Outcome
	for n := 0; n < rows || len(outcomes) > 0; n += group {
		var intents []ledger.Intent
		for i := n; i < min(n+group, rows); i++ {
			c := contact.Contact{Email: fmt.Sprintf("ann.%d@northwind.example", i), FirstName: "Ann", LastName: "Smith", CompanyName: "Northwind Traders"}
			intents = append(intents, ledger.Intent{Contact: c, Keys: identity.Keys(c), Seen: 1})
		}
		if _, err := l.Commit(ctx, run, intents, outcomes); err != nil {
			return err
		}
		outcomes = outcomes[:0]
		for i := range intents {
			outcomes = append(outcomes, contact.Outcome{Contact: intents[i].Contact, Keys: intents[i].Keys, Kind: contact.Matched, Charged: true, At: time.Now(), Status: 200, Attempts: 1, Body: body})
		}
	}
	return l.Finish(ctx, run, "", 0)
}
