package main

import (
	"context"
	"errors"
	"fmt"
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
	var c comparison
	for round := range sharedRounds {
		name := fmt.Sprintf("commits_%d", round)
		file, err := s.own("commits", filepath.Join(s.dir, name+".db"), strconv.Itoa(rows))
		if err != nil {
			return err
		}
		url, err := s.newLedger(ctx, name)
		if err != nil {
			return err
		}
		used, err := s.used(ctx, url, func() (cost, error) { return s.own("commits", url, strconv.Itoa(rows)) })
		if err != nil {
			return err
		}
		c.add(rows, file, used)
	}
	s.add("commits alone, 1 process", ">= 10,000 /s", fmt.Sprintf("%.0f contacts/s", median(c.rate)), "without calls; rounds "+spread(c.rate))
	s.addComparison(&c, ", commits alone")
	return nil
}

// A comparison is the same work with a ledger in a file and in a database, for each contact, in several rounds.
type comparison struct{ rate, file, client, ratio, wal, database, peak []float64 }

// add adds a round.
func (c *comparison) add(rows int, file cost, used databaseCost) {
	c.rate = append(c.rate, float64(rows)/used.wall.Seconds())
	c.file, c.client = append(c.file, file.cpuPerRow(rows)), append(c.client, used.cpuPerRow(rows))
	c.ratio = append(c.ratio, used.cpuPerRow(rows)/file.cpuPerRow(rows))
	c.wal = append(c.wal, float64(used.wal)/float64(rows))
	c.database = append(c.database, float64(used.server.Microseconds())/float64(rows))
	c.peak = append(c.peak, used.peakMiB())
}

// addComparison adds the lines of a comparison; of says of what.
func (s *shared) addComparison(c *comparison, of string) {
	s.add("client CPU / that with a file"+of, "<= 2.5", fmt.Sprintf("%.2f", median(c.ratio)), fmt.Sprintf("%.1f and %.1f us per contact; rounds %s", median(c.client), median(c.file), spread(c.ratio)))
	s.add("WAL"+of, "<= 1.5 kB/contact", fmt.Sprintf("%.2f kB per contact", median(c.wal)/1000), "")
	s.add("CPU of the database"+of, "", fmt.Sprintf("%.1f us per contact", median(c.database)), "all of its processes")
}

// A databaseCost is what a process used, what the server wrote to its log meanwhile, in bytes, and the server's CPU time.
type databaseCost struct {
	cost
	wal    int64
	server time.Duration
}

// used measures a process that uses a database.
func (s *shared) used(ctx context.Context, url string, run func() (cost, error)) (c databaseCost, err error) {
	wal, err := written(ctx, url)
	if err != nil {
		return c, err
	}
	before, err := databaseCPU(ctx, url)
	if err != nil {
		return c, err
	}
	if c.cost, err = run(); err != nil {
		return c, err
	}
	if c.wal, err = written(ctx, url); err != nil {
		return c, err
	}
	c.server, err = databaseCPU(ctx, url)
	c.wal, c.server = c.wal-wal, c.server-before
	return c, err
}

// commitAll commits contacts and their answers to a new ledger: the part of the measurement that is a process of its own.
func commitAll(place, count string) (err error) {
	rows, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	var l ledger.Store
	if strings.HasPrefix(place, "postgres://") {
		l, err = postgres.Open(context.Background(), postgres.Options{URL: place, MustExist: true})
	} else {
		l, err = sqlite.Open(context.Background(), place, sqlite.Options{})
	}
	if err != nil {
		return err
	}
	return errors.Join(commitAnswers(l, rows), l.Close())
}

// commitAnswers commits as many contacts, all answered, as a run does: each commit has the answers of one group and the intents
// of the next.
func commitAnswers(l ledger.Store, rows int) error {
	const url = "http://127.0.0.1/"
	ctx := context.Background()
	run, err := l.Begin(ctx, ledger.Run{Started: time.Now(), URL: url, Input: "bench"})
	if err != nil {
		return err
	}
	body := []byte(`{"contact":{"credit_charged":true,"email":"ann@northwind.example","title":"VP Sales","company":{"name":"Northwind Traders","domain":"northwind.example","industry":"Logistics"},"phone":"+1 800 555 0100"},"credits_remaining":100}`)
	identity := contact.NewIdentity(url, nil)
	var outcomes []contact.Outcome
	for n := 0; n < rows || len(outcomes) > 0; n += commitGroup {
		var intents []ledger.Intent
		for i := n; i < min(n+commitGroup, rows); i++ {
			c := contact.Contact{Email: address(i), FirstName: "Ann", LastName: "Smith", CompanyName: "Northwind Traders"}
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
