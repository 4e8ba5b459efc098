package main

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/ledger"
	"enrich/ledger/postgres"
)

// others measures a ledger that has many answers of others: the memory of a run, and lookups.
func (s *shared) others(ctx context.Context) error {
	rows := s.count(rowsMemory)
	api, err := s.serve()
	if err != nil {
		return err
	}
	defer api.stop()
	empty, err := s.newLedger(ctx, "empty")
	if err != nil {
		return err
	}
	large, err := s.newLedger(ctx, "large")
	if err != nil {
		return err
	}
	answers := s.count(rowsOfOthers)
	if err := fill(ctx, large, answers); err != nil {
		return err
	}
	input, err := s.list("memory", rows)
	if err != nil {
		return err
	}
	for _, l := range []struct {
		url     string
		answers int
	}{{empty, 0}, {large, answers}} {
		cmd, cancel := s.sharing(api.url, input, l.url)
		c, err := measure(cmd)
		cancel()
		if err != nil {
			return err
		}
		s.add(fmt.Sprintf("memory, %d contacts, %d answers of others", rows, l.answers), fmt.Sprintf("<= %.1f MiB", maxMemory(rows)), fmt.Sprintf("%.1f MiB", c.peakMiB()), "")
	}
	return s.lookups(ctx, large, answers)
}

// lookups measures lookups in batches as a run makes them. Every second contact is known.
func (s *shared) lookups(ctx context.Context, url string, known int) error {
	n := s.count(rowsLookedUp)
	before, err := databaseCPU(ctx, url)
	if err != nil {
		return err
	}
	c, err := s.own("lookups", url, strconv.Itoa(known), strconv.Itoa(n))
	if err != nil {
		return err
	}
	after, err := databaseCPU(ctx, url)
	if err != nil {
		return err
	}
	server := float64((after - before).Microseconds()) / float64(n)
	s.add("lookups, in batches", "<= 10 us per row", fmt.Sprintf("%.1f us of CPU per row", c.cpuPerRow(n)+server),
		fmt.Sprintf("client %.1f, database %.1f; %.1f us by the clock", c.cpuPerRow(n), server, float64(c.wall.Microseconds())/float64(n)))
	return nil
}

// otherKey is the key of the n-th answer of others.
func otherKey(n int) contact.Key { return md5.Sum([]byte("other " + strconv.Itoa(n))) }

// fill adds answers of others. Nothing but lookups reads them, so they have no checksums.
func fill(ctx context.Context, url string, answers int) error {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	const outcomes = `INSERT INTO enrich.outcome (run, at, n, crc, attempts, status, kind, charged, key, failure, message, contact, body)
		SELECT 0, now(), i, 0, 1, 200, 1, 1, md5('other ' || i)::uuid, '', '', '{"email":"other.' || i || '@northwind.example"}',
			'{"contact":{"credit_charged":true,"email":"other.' || i || '@northwind.example","title":"VP Sales","company":{"name":"Northwind Traders"}}}'
		FROM generate_series(1, $1::bigint) AS i`
	const contacts = `INSERT INTO enrich.contact (key, email, ref, at, generation, kind)
		SELECT key, md5('address ' || n)::uuid, id, at, 0, 1 FROM enrich.outcome`
	_, err = c.Exec(ctx, outcomes, answers)
	if err == nil {
		_, err = c.Exec(ctx, contacts)
	}
	if err == nil {
		_, err = c.Exec(ctx, "VACUUM ANALYZE enrich.contact")
	}
	return errors.Join(err, c.Close(ctx))
}

// lookUp looks contacts up: the part of the measurement that is a process of its own.
func lookUp(url, known, count string) error {
	ctx := context.Background()
	answers, err := strconv.Atoi(known)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	l, err := postgres.Open(ctx, postgres.Options{URL: url, MustExist: true})
	if err != nil {
		return err
	}
	const batch = 256 // as a run
	keys, states := make([]contact.Keys, batch), make([]ledger.State, batch)
	found := 0
	for from := 0; from < n; from += batch {
		for i := range keys {
			keys[i].Request = otherKey(1 + (from+i)*7919%(2*answers))
		}
		if err := l.States(ctx, keys, states); err != nil {
			return err
		}
		for i := range states {
			if states[i].Kind != 0 {
				found++
			}
		}
	}
	if found == 0 || found >= n {
		return fmt.Errorf("%d of %d contacts were known", found, n)
	}
	return l.Close()
}
