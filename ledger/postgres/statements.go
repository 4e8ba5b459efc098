package postgres

import (
	"slices"
	"time"

	"enrich/contact"
	"enrich/ledger/postgres/internal/wire"
)

// attemptTime bounds one attempt of a transaction. It is longer than a commit of a healthy database takes.
const attemptTime = 30 * time.Second

// claimNew claims contacts of which nothing was known, and records the intents. A row that exists is another's claim or answer, and
// ends the transaction with a unique violation: that is rare, and it costs the database more to allow for a row.
const claimNew = `WITH claimed AS (
		INSERT INTO enrich.contact (key, email, ref, claim)
		SELECT key, email, 0, $1 FROM unnest($2::uuid[], $3::uuid[]) AS asked(key, email))
	INSERT INTO enrich.intent (run, commit, crc, keys, contacts) VALUES ($1, $4, $5, $6, $7)`

// claimAny claims contacts that may have rows, and records the intents. The places of the contacts that were not claimed are in column
// refused; $8 are those of the keys in $2.
const claimAny = claimRows + "$9" + claimIfSeen + recordIntents

// addClaimed makes claimed rows for contacts that have none. $1 is the holder of the claim: a run, or minus the number of a job.
const addClaimed = `
		INSERT INTO enrich.contact (key, email, ref, claim)
		SELECT key, email, 0, $1 FROM unnest($2::uuid[], $3::uuid[]) AS asked(key, email)
		ON CONFLICT (key) DO NOTHING RETURNING key`

// claimRows and claimIfSeen, with a parameter between them, claim contacts. A contact is claimed if nobody has it and its state is
// that of the parameter: -1 is any state. Rows that are locked by another transaction are waited for in the order of their keys.
const (
	claimRows = `WITH added AS (` + addClaimed + `),
	locked AS (
		SELECT c.key FROM unnest($2::uuid[], `
	claimIfSeen = `::bigint[]) AS asked(key, seen) JOIN enrich.contact AS c ON c.key = asked.key
		WHERE c.claim IS NULL AND asked.seen IN (-1, CASE WHEN c.kind = 0 THEN 0 ELSE c.ref << 4 | coalesce(cardinality(c.lost), 0) END)
		ORDER BY c.key FOR UPDATE OF c),
	changed AS (
		UPDATE enrich.contact AS c SET claim = $1 FROM locked WHERE c.key = locked.key RETURNING c.key),
	claimed AS (SELECT key FROM added UNION ALL SELECT key FROM changed)`
)

const recordIntents = `
	INSERT INTO enrich.intent (run, commit, crc, keys, contacts, refused)
	SELECT $1, $4, $5, $6, $7, CASE WHEN (SELECT count(*) FROM claimed) < cardinality($2::uuid[]) THEN
		(SELECT array_agg(place) FROM unnest($2::uuid[], $8::integer[]) AS asked(key, place) WHERE key NOT IN (SELECT key FROM claimed)) END
	RETURNING refused`

// addOutcomesSQL records outcomes and makes them the states of their contacts: an answer stays the state until there is a newer
// answer; a lost call after it is only counted. $3 is the holder of the claim that ends, unless the
// contact is in $18. A contact that one run releases is left to the other runs of its generation.
const addOutcomesSQL = `WITH added AS (
		INSERT INTO enrich.outcome (run, job, at, n, crc, attempts, status, kind, charged, key, failure, message, contact, body, raw)
		SELECT $1, nullif($2::bigint, 0), o.* FROM unnest($5::timestamptz[], $6::integer[], $7::integer[], $8::integer[], $9::smallint[],
			$10::smallint[], $11::smallint[], $12::uuid[], $13::text[], $14::text[], $15::text[], $16::text[], $17::bytea[]) AS o
		RETURNING id, key, kind, at)
	UPDATE enrich.contact AS c SET
		ref = CASE WHEN added.kind <= 2 OR c.kind NOT IN (1, 2) THEN added.id ELSE c.ref END,
		at = CASE WHEN added.kind <= 2 OR c.kind NOT IN (1, 2) THEN added.at ELSE c.at END,
		kind = CASE WHEN added.kind <= 2 OR c.kind NOT IN (1, 2) THEN added.kind ELSE c.kind END,
		generation = CASE WHEN added.kind = 5 THEN -$1 ELSE $4 END,
		claim = CASE WHEN c.claim = $3 AND NOT c.key = ANY ($18::uuid[]) THEN NULL ELSE c.claim END,
		lost = CASE WHEN added.kind <= 2 THEN NULL WHEN added.kind = 4 THEN c.lost[greatest(cardinality(c.lost) - 13, 1):] || added.id ELSE c.lost END
	FROM (SELECT * FROM added ORDER BY key) AS added WHERE c.key = added.key`

// addContacts makes rows for contacts that nobody has claimed.
const addContacts = `INSERT INTO enrich.contact (key, email, ref) SELECT key, email, 0 FROM unnest($1::uuid[], $2::uuid[]) AS o(key, email)
	ON CONFLICT (key) DO NOTHING`

// addIntents adds the statement that claims the contacts and records the intents.
func (t *transaction) addIntents() {
	if len(t.intents) == 0 {
		return
	}
	b := &t.l.buffers
	b.keys.BeginUUIDs()
	b.emails.BeginUUIDs()
	b.seen.BeginInt8s()
	b.places.BeginInt4s()
	isNew := !t.mayExist
	places := t.pack()
	for _, i := range t.order {
		intent := &t.intents[i]
		b.keys.UUID(intent.Keys.Request)
		b.emails.UUID(intent.Keys.Email)
		b.places.Int4(places[i])
		seen := intent.Seen
		if t.l.options.ByEmail { // that of the address: claimAddresses has compared it
			seen = 0
		}
		b.seen.Int8(int64(seen) - 1)
		isNew = isNew && seen == 1
	}
	packed, texts := b.intents.Packed()
	params := [][]byte{
		wire.Int8(nil, t.run.id), b.keys.Value(), b.emails.Value(), wire.Int8(nil, t.n),
		wire.Int4(nil, intentSum(t.run.id, t.n, 0, packed, texts)), packed, texts,
	}
	if isNew {
		t.statements = append(t.statements, statement{sql: claimNew, params: params})
		return
	}
	t.statements = append(t.statements, statement{
		sql: claimAny, params: append(params, b.places.Value(), b.seen.Value()),
		row: func(values [][]byte) error {
			row := wire.NewRow(values)
			t.refused = row.Int4s()
			return row.Err()
		},
	})
}

// pack packs the keys and the contacts of the intents that are claimed, in their order, and returns the place of each.
func (t *transaction) pack() (places []int32) {
	b := &t.l.buffers
	b.intents.Reset()
	t.packed = t.packed[:0]
	places = make([]int32, len(t.intents))
	for i := range places {
		places[i] = -1
	}
	for _, i := range slices.Concat(t.order, t.kept) {
		places[i] = 0
	}
	for i := range places {
		if places[i] < 0 {
			continue
		}
		places[i] = int32(len(t.packed))
		t.packed = append(t.packed, int32(i))
		b.intents.Add(&t.intents[i].Contact, t.intents[i].Keys)
	}
	return places
}

// addOutcomes adds the statements that record the outcomes, and end their claims.
func (t *transaction) addOutcomes() {
	if len(t.outcomes) == 0 {
		return
	}
	b := &t.l.buffers.outcomes
	b.begin()
	var missing []*contact.Outcome
	for i := range t.outcomes {
		o := &t.outcomes[i]
		b.add(t.run.id, 0, t.first+int64(i), o)
		if _, open := t.run.open[o.Keys.Request]; !open && (t.late || !t.claims(o.Keys.Request)) {
			missing = append(missing, o)
		}
	}
	if !t.late {
		for _, i := range t.kept {
			b.kept.UUID(t.intents[i].Keys.Request)
		}
	}
	if len(missing) > 0 {
		t.addMissing(missing)
	}
	t.statements = append(t.statements, statement{sql: addOutcomesSQL, params: b.params(t.run.id, 0, t.run.id, t.run.generation)})
}

// addMissing adds a statement that makes rows for the contacts of outcomes that are not claimed: normally all are.
func (t *transaction) addMissing(missing []*contact.Outcome) {
	var keys, emails wire.Array
	keys.BeginUUIDs()
	emails.BeginUUIDs()
	for _, i := range sorted(len(missing), func(i int32) contact.Key { return missing[i].Keys.Request }) {
		keys.UUID(missing[i].Keys.Request)
		emails.UUID(missing[i].Keys.Email)
	}
	t.statements = append(t.statements, statement{sql: addContacts, params: [][]byte{keys.Value(), emails.Value()}})
}

// outcomeArrays are the columns of outcomes that are recorded together.
type outcomeArrays struct {
	at, n, crc, attempts, status, kind, charged, key wire.Array
	kept                                             wire.Array // the contacts whose claims stay
	failure, message, contact, body, raw             wire.Array
	text                                             []byte
}

func newOutcomeArrays() *outcomeArrays {
	a := &outcomeArrays{}
	a.begin()
	return a
}

// begin empties the columns and keeps their memory.
func (a *outcomeArrays) begin() {
	a.at.BeginTimes()
	for _, ints := range []*wire.Array{&a.n, &a.crc, &a.attempts} {
		ints.BeginInt4s()
	}
	for _, ints := range []*wire.Array{&a.status, &a.kind, &a.charged} {
		ints.BeginInt2s()
	}
	a.key.BeginUUIDs()
	a.kept.BeginUUIDs()
	for _, texts := range []*wire.Array{&a.failure, &a.message, &a.contact, &a.body} {
		texts.BeginTexts()
	}
	a.raw.BeginBytes()
}

// add adds the n-th outcome of a run.
func (a *outcomeArrays) add(run, job, n int64, o *contact.Outcome) {
	charged := charge(o)
	message, failure := text(o.Message), text(string(o.Failure))
	a.text = append(append(a.text[:0], failure...), message...)
	texts := len(a.text)
	a.text = o.Contact.AppendJSON(a.text)
	row := outcomeRow{
		run: run, n: n, job: job, kind: int64(o.Kind), at: o.At.UnixMilli(), status: int64(o.Status), attempts: int64(o.Attempts),
		charged: int64(charged), key: o.Keys.Request[:], failure: a.text[:len(failure)], message: a.text[len(failure):texts],
		contact: a.text[texts:],
	}
	if o.Kind.Answered() {
		row.body = o.Body
	}
	a.at.Time(o.At)
	a.n.Int4(int32(n))
	a.crc.Int4(row.sum())
	a.attempts.Int4(int32(o.Attempts))
	a.status.Int2(int16(o.Status))
	a.kind.Int2(int16(o.Kind))
	a.charged.Int2(charged)
	a.key.UUID(o.Keys.Request)
	a.failure.Bytes(row.failure)
	a.message.Bytes(row.message)
	a.contact.Bytes(row.contact)
	switch {
	case row.body == nil:
		a.body.Null()
		a.raw.Null()
	case storable(row.body):
		a.body.Bytes(row.body)
		a.raw.Null()
	default:
		a.body.Null()
		a.raw.Bytes(row.body)
	}
}

func (a *outcomeArrays) params(run, job, holder, generation int64) [][]byte {
	return [][]byte{
		wire.Int8(nil, run), wire.Int8(nil, job), wire.Int8(nil, holder), wire.Int8(nil, generation), a.at.Value(), a.n.Value(), a.crc.Value(),
		a.attempts.Value(), a.status.Value(), a.kind.Value(), a.charged.Value(), a.key.Value(), a.failure.Value(), a.message.Value(),
		a.contact.Value(), a.body.Value(), a.raw.Value(), a.kept.Value(),
	}
}
