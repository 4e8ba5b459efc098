package member

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/ledger/postgres/internal/connect"
)

// rateTarget is the part of a rate that is used. With the tolerance it keeps every span of the rate's time within the rate, also
// if the network delays calls by varying times. See client/limiter.go.
const rateTarget = 0.98

// A request is what a lease asks for. It has totals, so it can be repeated.
type request struct {
	number int64 // the beat
	// calls, extra and credits are how much the run asks to be granted in total.
	calls, extra, credits  int64
	usedCalls, usedCredits int64
	// takenCalls and takenCredits are what the run has taken of the calls and the credits. If a reservation waits, it needs oneCall
	// and oneCredit besides, or none of them.
	takenCalls, takenCredits, oneCall, oneCredit int64
	unexplained                                  int64 // credits by which the balance fell besides
	slots                                        int64
	ahead                                        time.Duration // slots may be so far ahead
	statedCalls, statedPer                       int64         // the API's rate, in milliseconds; 0: as it is
	answered                                     bool
	pause                                        time.Duration // pause for so long from now
	stop                                         contact.Stop
	stopDetail                                   string
	leavesUnsent                                 bool  // contacts are left for another round
	waits                                        bool  // the run waits for what others return
	maxCalls, maxCredits                         int64 // of a run alone; 0: none
	perDay, perMonth, perCall                    int64
}

// A reply is the result of a lease.
type reply struct {
	sent, received time.Time
	now            time.Time // of the database's clock; between the two
	renewed        bool      // false: the run is not live any more, or a newer lease was renewed before

	calls, extra, credits int64 // granted in total
	room                  rooms
	accountCredits        int64 // that all runs of the key have counted as used

	slots      int64
	firstSlot  time.Time // of the database's clock; also if there is none: when the next would be
	every, per float64   // seconds between two slots, and of the rate's time; 0: there is no rate
	pauseUntil time.Time // of the database's clock
	answers    int64

	state, takenBy, beat int64
	stop                 contact.Stop
	stopDetail           string
	others               []otherRun
}

// rooms is what is left under each cap, [allowance.Unlimited] if there is none.
type rooms struct {
	calls, credits, day, month int64
	maxCalls, maxCredits       int64 // of the work
	renewDay, renewMonth       time.Time
}

// An otherRun is one that is live as far as the ledger knows.
type otherRun struct {
	id, beat, work, generation, api int64
	timeout                         time.Duration
	host                            string
	idleCalls, idleCredits          int64 // granted, and perhaps returned
	waits                           bool  // for what others return
}

// The statements of a lease. All of them come after the fence, and do nothing if it did nothing: $1 and $2 are the run and the
// number of the lease. Locks are taken in the order run, work, api, account, spending.
const (
	fence    = "UPDATE enrich.run SET beat = $2 WHERE id = $1 AND state = 0 AND beat < $2"
	lockWork = "SELECT 1 FROM enrich.work WHERE id = $1 FOR NO KEY UPDATE"
	lockAPI  = "SELECT 1 FROM enrich.api WHERE id = $1 FOR NO KEY UPDATE"

	// takeSlots moves the schedule. A time of the schedule, or an end of a pause, that is further ahead than it can be is from
	// a server whose clock was ahead. The call whose response stated the first rate takes a slot.
	takeSlots = `WITH me AS (
		SELECT FROM enrich.run WHERE id = $1 AND state = 0 AND beat = $2
	), moment AS MATERIALIZED (
		SELECT clock_timestamp() AS now
	), set_rate AS (
		SELECT max(rate_ms / 1000.0 / rate_calls) AS every, min(rate_ms / 1000.0) AS per
		FROM enrich.run JOIN enrich.account ON account.id = run.account WHERE state = 0 AND account.api = $3 AND rate_calls > 0
	), stated AS (
		SELECT api.*, coalesce(nullif($4::bigint, 0), rate_calls) AS calls, coalesce(nullif($5::bigint, 0), rate_ms) AS ms
		FROM enrich.api WHERE id = $3
	), schedule AS (
		SELECT now, coalesce(set_rate.every, ms / 1000.0 / calls)::float8 / $6::float8 AS every, coalesce(set_rate.per, ms / 1000.0)::float8 AS per,
			set_rate.every IS NULL AND rate_calls IS NULL AND calls IS NOT NULL AS is_first, calls, ms,
			least(pause_until, now + make_interval(secs => pause_ms / 1000.0)) AS paused, tat
		FROM moment, set_rate, stated
	), free AS (
		SELECT *, greatest(now, least(tat, now + make_interval(secs => every + $8::float8)))
			+ make_interval(secs => CASE WHEN is_first THEN every ELSE 0 END) AS slot FROM schedule
	), taken AS (
		SELECT *, CASE WHEN every > 0 THEN greatest(0, least($7::bigint, ceil(extract(epoch FROM now - slot + make_interval(secs => $8::float8)) / every)))::bigint
			ELSE 0 END AS n FROM free
	)
	UPDATE enrich.api SET rate_calls = calls, rate_ms = ms, tat = coalesce(slot + make_interval(secs => n * every), api.tat),
		answers = answers + CASE WHEN $9::boolean THEN 1 ELSE 0 END,
		pause_until = greatest(paused, now + make_interval(secs => $10::float8)),
		pause_ms = CASE WHEN now + make_interval(secs => $10::float8) > paused THEN ceil($10::float8 * 1000) ELSE pause_ms END
	FROM taken WHERE api.id = $3 AND EXISTS (SELECT FROM me)
	RETURNING now, n, slot, coalesce(every, 0), coalesce(per, 0), pause_until, answers`

	notifyPause = "SELECT pg_notify('enrich', 'pause') FROM enrich.run WHERE id = $1 AND state = 0 AND beat = $2"

	// takeShares gives back what the run does not need, and grants what is left under all caps. The unused credits are booked
	// on the day on which they may be spent: today.
	takeShares = `WITH moment AS MATERIALIZED (
		SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today
	), me AS MATERIALIZED (
		SELECT run.id, account.api, account.id AS account, run.work, granted_calls, granted_extra, granted_credits, used_credits, first_day,
			date_trunc('month', first_day)::date AS first_month, booked_day, greatest(booked_day, today) AS today,
			coalesce(max_calls, nullif($11::bigint, 0)) AS max_calls, coalesce(max_credits, nullif($12::bigint, 0)) AS max_credits,
			CASE WHEN run.work IS NULL THEN granted_calls + granted_extra ELSE calls END AS calls,
			CASE WHEN run.work IS NULL THEN granted_credits ELSE work.credits END AS credits
		FROM enrich.run JOIN enrich.account ON account.id = run.account LEFT JOIN enrich.work ON work.id = run.work, moment
		WHERE run.id = $1 AND state = 0 AND beat = $2
	), spent AS (
		SELECT coalesce(sum(s.credits) FILTER (WHERE day >= first_day), 0)::bigint AS day, coalesce(sum(s.credits), 0)::bigint AS month
		FROM enrich.spending AS s, me WHERE s.api = me.api AND day >= first_month
	), unbooked AS ( -- reservations of earlier days that may be spent now
		SELECT coalesce(sum(run.granted_credits - run.used_credits) FILTER (WHERE run.booked_day < me.first_day), 0)::bigint AS day,
			coalesce(sum(run.granted_credits - run.used_credits) FILTER (WHERE run.booked_day < me.first_month), 0)::bigint AS month
		FROM me, enrich.run JOIN enrich.account ON account.id = run.account
		WHERE account.api = me.api AND run.state = 0 AND run.id <> me.id
	), room AS (
		SELECT coalesce(me.max_calls - me.calls, no_cap) AS calls, coalesce(me.max_credits - me.credits - $8::bigint, no_cap) AS credits,
			coalesce(nullif($9::bigint, 0) - spent.day - unbooked.day - $8, no_cap) AS day,
			coalesce(nullif($10::bigint, 0) - spent.month - unbooked.month - $8, no_cap) AS month
		FROM me, spent, unbooked, (SELECT 1::bigint << 60 AS no_cap) AS x
	), for_calls AS (
		SELECT least($3::bigint - granted_calls, greatest(0, room.calls)) AS n FROM me, room
	), for_extra AS (
		SELECT least($4::bigint - granted_extra, greatest(0, room.calls - n)) AS n FROM me, room, for_calls
	), for_credits AS (
		SELECT CASE WHEN $5::bigint <= granted_credits THEN $5 - granted_credits
			ELSE least($5 - granted_credits, greatest(0, least(room.credits, room.day, room.month))) / $13::bigint * $13 END AS n FROM me, room
	), complete AS ( -- there is enough of both for one that waits, or nobody does; otherwise nothing is kept for it
		SELECT granted_calls + for_calls.n >= $16::bigint + $17::bigint AND granted_credits + for_credits.n >= $18::bigint + $19::bigint AS ok
		FROM me, for_calls, for_credits
	), change AS MATERIALIZED (
		SELECT CASE WHEN ok OR $17 = 0 THEN for_calls.n ELSE $16 - granted_calls END AS calls, for_extra.n AS extra,
			CASE WHEN ok OR $19 = 0 THEN for_credits.n ELSE $18 - granted_credits END AS credits
		FROM me, for_calls, for_extra, for_credits, complete
	), booked AS (
		INSERT INTO enrich.spending AS s (api, day, credits)
		SELECT api, day, sum(credits) FROM (
			SELECT api, booked_day AS day, $7::bigint - granted_credits AS credits FROM me WHERE booked_day < today
			UNION ALL
			SELECT api, today, change.credits + CASE WHEN booked_day < today THEN granted_credits - $7 ELSE 0 END FROM me, change
		) AS x GROUP BY 1, 2 HAVING sum(credits) <> 0 ORDER BY 1, 2
		ON CONFLICT (api, day) DO UPDATE SET credits = s.credits + excluded.credits
	), shared AS (
		UPDATE enrich.work SET calls = work.calls + change.calls + change.extra, credits = work.credits + change.credits,
			unsent = unsent OR $14::boolean
		FROM me, change WHERE work.id = me.work
	), counted AS (
		UPDATE enrich.account SET credits = account.credits + $7 - me.used_credits FROM me WHERE account.id = me.account RETURNING account.credits
	), granted AS (
		UPDATE enrich.run SET granted_calls = run.granted_calls + change.calls, granted_extra = run.granted_extra + change.extra,
			granted_credits = run.granted_credits + change.credits, used_calls = $6::bigint, used_credits = $7, booked_day = me.today,
			waits = $15::boolean
		FROM me, change WHERE run.id = me.id
		RETURNING run.granted_calls AS calls, run.granted_extra AS extra, run.granted_credits AS credits
	)
	SELECT granted.calls, granted.extra, granted.credits, counted.credits,
		room.calls - change.calls - change.extra, room.credits - change.credits, room.day - change.credits, room.month - change.credits,
		coalesce(me.max_calls, 0), coalesce(me.max_credits, 0), (first_day + 1)::timestamp AT TIME ZONE 'UTC',
		(first_month + interval '1 month') AT TIME ZONE 'UTC'
	FROM granted, counted, room, change, me`

	// publishStop ends all runs of the key that have begun.
	publishStop = `WITH me AS (
		SELECT account FROM enrich.run WHERE id = $1 AND state = 0 AND beat = $2
	), stopped AS (
		UPDATE enrich.account SET stop = $3, stop_detail = $4, stop_at = clock_timestamp(),
			stop_run = (SELECT max(id) FROM enrich.run) FROM me WHERE account.id = me.account AND stop_run < $1 RETURNING account.id
	)
	SELECT pg_notify('enrich', 'account ' || id) FROM stopped`

	readState = `SELECT state, coalesce(taken_by, 0), beat, CASE WHEN stop_run >= run.id THEN coalesce(stop, '') ELSE '' END, coalesce(stop_detail, '')
		FROM enrich.run LEFT JOIN enrich.account ON account.id = run.account WHERE run.id = $1`

	readOthers = `SELECT run.id, beat, coalesce(work, 0), generation, coalesce(account.api, 0), timeout_ms, host,
		granted_calls + granted_extra - used_calls, granted_credits - used_credits, waits
		FROM enrich.run LEFT JOIN enrich.account ON account.id = run.account WHERE state = 0 AND run.id <> $1`
)

// exchange sends a lease, and reads the reply.
func (m *Member) exchange(ctx context.Context, c *connect.Conn, q *request) (*reply, error) {
	r := &reply{}
	b := &pgx.Batch{}
	b.Queue(fence, m.run, q.number)
	if m.work != 0 {
		b.Queue(lockWork, m.work)
	}
	b.Queue(lockAPI, m.api)
	b.Queue(takeSlots, m.run, q.number, m.api, q.statedCalls, q.statedPer, rateTarget, q.slots, q.ahead.Seconds(), q.answered, q.pause.Seconds()).
		QueryRow(func(row pgx.Row) error {
			err := row.Scan(&r.now, &r.slots, &r.firstSlot, &r.every, &r.per, &r.pauseUntil, &r.answers)
			r.renewed = err == nil
			return ignoreNoRows(err)
		})
	b.Queue(takeShares, m.run, q.number, q.calls, q.extra, q.credits, q.usedCalls, q.usedCredits, q.unexplained, q.perDay, q.perMonth,
		q.maxCalls, q.maxCredits, q.perCall, q.leavesUnsent, q.waits, q.takenCalls, q.oneCall, q.takenCredits, q.oneCredit).QueryRow(func(row pgx.Row) error {
		return ignoreNoRows(row.Scan(&r.calls, &r.extra, &r.credits, &r.accountCredits, &r.room.calls, &r.room.credits, &r.room.day, &r.room.month,
			&r.room.maxCalls, &r.room.maxCredits, &r.room.renewDay, &r.room.renewMonth))
	})
	if q.pause > 0 {
		b.Queue(notifyPause, m.run, q.number)
	}
	if q.stop != "" {
		b.Queue(publishStop, m.run, q.number, string(q.stop), q.stopDetail)
	}
	b.Queue(readState, m.run).QueryRow(func(row pgx.Row) error {
		return row.Scan(&r.state, &r.takenBy, &r.beat, &r.stop, &r.stopDetail)
	})
	b.Queue(readOthers, m.run).Query(func(rows pgx.Rows) (err error) {
		r.others, err = pgx.CollectRows(rows, scanOther)
		return err
	})
	r.sent = m.o.Now()
	err := c.SendBatch(ctx, b).Close()
	r.received = m.o.Now()
	return r, err
}

// dialLease makes the connection for leases. The server plans their statements once for each connection: to plan them takes several
// times as long as to run them, and a fast run has many leases a second.
func (s *Setup) dialLease(ctx context.Context) (*connect.Conn, error) {
	c, err := s.Dial(ctx)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, longestAttempt)
	defer cancel()
	for _, sql := range [...]string{fence, lockWork, lockAPI, takeSlots, takeShares, readState, readOthers} {
		if _, err := c.Conn.Prepare(bounded, sql, sql); err != nil {
			return nil, errors.Join(err, c.Close(ctx))
		}
	}
	return c, nil
}

func scanOther(row pgx.CollectableRow) (o otherRun, err error) {
	var ms int64
	err = row.Scan(&o.id, &o.beat, &o.work, &o.generation, &o.api, &ms, &o.host, &o.idleCalls, &o.idleCredits, &o.waits)
	o.timeout = time.Duration(ms) * time.Millisecond
	return o, err
}

func ignoreNoRows(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return err
}
