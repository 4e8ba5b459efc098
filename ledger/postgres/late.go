package postgres

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/internal/jsonscan"
	"enrich/internal/phrase"
	"enrich/ledger"
	"enrich/ledger/internal/codec"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/internal/wire"
	"enrich/ledger/postgres/member"
)

// maxLine bounds a line of a file of uncommitted outcomes: an answer has at most 1 MiB, and hexadecimal doubles it.
const maxLine = 4 << 20

// AddUncommitted records the outcomes of a file that a store wrote when it could not commit them. It returns how many it recorded, and
// how many were in the ledger already: a commit whose reply was lost may have been made.
//
// A run that wrote such a file could not say that it ended. If nobody has taken it over, AddUncommitted does that first, which takes as
// long as for a run: its calls' timeout and 30 seconds without a sign of it. [ledger.ErrLocked] means that it is in progress.
func (l *Ledger) AddUncommitted(ctx context.Context, r io.Reader) (added, known int, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	ended := map[int64]bool{}
	for n := 1; lines.Scan(); n++ {
		run, o, err := parseUncommitted(lines.Bytes())
		if err == nil && !ended[run] {
			ended[run] = true
			err = l.awaitEnd(ctx, run)
		}
		if err == nil {
			var isNew int
			isNew, err = l.addLate(ctx, run, []contact.Outcome{o})
			added, known = added+isNew, known+1-isNew
		}
		if err != nil {
			return added, known, fmt.Errorf("line %d of the file of uncommitted answers: %w", n, err)
		}
	}
	return added, known, lines.Err()
}

// awaitEnd waits until a run that somebody says has ended is not live, and declares it dead if it could not say so itself.
func (l *Ledger) awaitEnd(ctx context.Context, run int64) error {
	wait := func(name string, most time.Duration) {
		l.options.warn(fmt.Sprintf("%s has not said that it has ended: waiting until there was no sign of it for %s", name, phrase.Duration(most)))
	}
	return connect.Retry(ctx, l.policy, func(ctx context.Context) error {
		lost, err := member.TakeOver(ctx, member.Setup{Dial: l.dial, Run: run, Lose: loseRun}, l.options.timing, wait)
		if len(lost) > 0 {
			l.options.warn(fmt.Sprintf("run %d is dead; calls that are lost with it: %d", run, len(lost)))
		}
		return err
	})
}

// AwaitRuns waits until no run is live that gives no sign any more: its open calls are then lost. [ledger.ErrLocked] means that a run
// is in progress. Without such runs it returns at once.
func (l *Ledger) AwaitRuns(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.writable(); err != nil {
		return err
	}
	err := l.awaitRuns(ctx)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return explain(err)
}

// awaitRuns is AwaitRuns. l.mu is held.
func (l *Ledger) awaitRuns(ctx context.Context) error {
	if l.run != nil && !l.run.finished {
		return fmt.Errorf("%w: run %d is in progress", ledger.ErrLocked, l.run.id)
	}
	var live []int64
	err := l.writer.Use(ctx, func(c *connect.Conn) (err error) {
		rows, err := c.Query(ctx, "SELECT id FROM enrich.run WHERE state = $1 ORDER BY id", int16(runLive))
		if err == nil {
			live, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		}
		return err
	})
	if err != nil {
		return err
	}
	// All are observed at once: the waits do not add up. One that is in progress ends the wait for the others.
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	ends := make(chan error)
	for _, run := range live {
		go func() { ends <- l.awaitEnd(waiting, run) }()
	}
	for range live {
		if ended := <-ends; ended != nil && err == nil {
			err = ended
			stop()
		}
	}
	return err
}

// parseUncommitted reads what appendUncommitted wrote.
func parseUncommitted(line []byte) (run int64, o contact.Outcome, err error) {
	number := func(name string) int64 {
		n, nerr := strconv.ParseInt(string(jsonscan.Get(line, name)), 10, 64)
		if nerr != nil {
			err = fmt.Errorf("member %q is not a number", name)
		}
		return n
	}
	word := func(name string) string {
		text, _ := jsonscan.ToText(jsonscan.Get(line, name))
		return text
	}
	if !jsonscan.IsObject(line) {
		return 0, o, errors.New("it is not a JSON object: it may have been cut off")
	}
	keys, herr := hex.DecodeString(word("keys"))
	if herr != nil || len(keys) != codec.KeysSize {
		return 0, o, errors.New(`member "keys" is not two keys`)
	}
	o = contact.Outcome{
		Contact: contact.ParseJSON(jsonscan.Get(line, "contact")), Keys: codec.ReadKeys(keys), Kind: contact.Kind(number("kind")), At: time.UnixMilli(number("at")).UTC(),
		Status: int(number("status")), Attempts: int(number("attempts")), Charged: word("charged") == "true",
		Failure: contact.Failure(word("failure")), Message: word("message"),
	}
	if o.Body = jsonscan.Get(line, "body"); o.Body == nil && o.Kind.Answered() {
		if o.Body, herr = hex.DecodeString(word("raw")); herr != nil {
			return 0, o, errors.New(`member "raw" is not hexadecimal`)
		}
	}
	if o.Kind < contact.Matched || o.Kind > contact.Released {
		return 0, o, fmt.Errorf("there is no kind %d of outcomes", o.Kind)
	}
	return number("run"), o, err
}

// addLate records outcomes of a run that has ended, but not those that are in the ledger already, and returns how many it recorded.
func (l *Ledger) addLate(ctx context.Context, run int64, outcomes []contact.Outcome) (added int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.writable(); err != nil {
		return 0, err
	}
	err = l.transact(ctx, l.policy, func(ctx context.Context, c *connect.Conn, _ pgx.Tx) error {
		added, err = recordLate(ctx, c, run, outcomes)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("record late answers of run %d: %w", run, explain(err))
	}
	return added, nil
}

func recordLate(ctx context.Context, c *connect.Conn, id int64, outcomes []contact.Outcome) (added int, err error) {
	r := run{id: id}
	var state int16
	var url, constants string
	const lock = "SELECT state, outcomes, first_id, url, constants FROM enrich.run WHERE id = $1 FOR UPDATE"
	var first int64
	err = c.QueryRow(ctx, lock, id).Scan(&state, &r.outcomes, &first, &url, &constants)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, errors.New("this ledger has no such run")
	case err != nil:
		return 0, err
	case state == runLive:
		return 0, fmt.Errorf("%w: the run is in progress, or another run has not taken it over yet", ledger.ErrLocked)
	}
	begun := ledger.Run{URL: url}
	if constants != "" {
		begun.Constants = []byte(constants)
	}
	identity := begun.Identity()
	t := transaction{l: &Ledger{}, change: &change{run: &r}, late: true, first: r.outcomes + 1}
	for i := range outcomes {
		if o := &outcomes[i]; identity.Keys(o.Contact) != o.Keys {
			return 0, errors.New("the answer is of another ledger: its key does not match its contact")
		}
		known, err := isRecorded(ctx, c, id, first, &outcomes[i])
		if err != nil {
			return 0, err
		}
		if !known && (state != runTaken || !isLost(outcomes[i])) {
			t.outcomes = append(t.outcomes, outcomes[i])
		}
	}
	if len(t.outcomes) == 0 {
		return 0, nil
	}
	t.addOutcomes()
	b := c.NewBatch()
	const count = "UPDATE enrich.run SET outcomes = outcomes + $2 WHERE id = $1"
	b.Add(ctx, count, wire.Int8(nil, id), wire.Int8(nil, int64(len(t.outcomes))))
	return len(t.outcomes), t.send(ctx, b, 1)
}

// isRecorded reports whether an outcome of a run is in the ledger.
func isRecorded(ctx context.Context, c *connect.Conn, run, first int64, o *contact.Outcome) (found bool, err error) {
	const query = "SELECT EXISTS (SELECT FROM enrich.outcome WHERE id >= $1 AND run = $2 AND key = $3 AND at = $4 AND kind = $5)"
	err = c.Lookup(ctx, query, func(values [][]byte) error {
		row := wire.NewRow(values)
		found = row.Bool()
		return row.Err()
	}, wire.Int8(nil, first), wire.Int8(nil, run), o.Keys.Request[:], wire.Time(nil, o.At), []byte{0, byte(o.Kind)})
	return found, err
}
