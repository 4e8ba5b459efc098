package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"enrich/contact"
	"enrich/internal/localpg/pgproxy"
	"enrich/ledger"
	"enrich/ledger/ledgertest"
	"enrich/ledger/postgres"
)

// Claims, outcomes and takeovers of each contact are linearizable: whatever several runs do at the same time, they see what they
// could have seen one after the other. Connections are cut before and after a commit, runs are killed in a commit, and runs are
// declared dead while they go on.
func TestTheLedgerIsLinearizable(t *testing.T) {
	const workers = 4
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	h := &history{t: t, url: newLedger(t), server: shared.Server(t).Addr(), folder: t.TempDir(), start: time.Now(), doomed: map[int64]bool{}}
	for w := range workers {
		h.lives.Go(func() { h.live(w, rand.New(rand.NewPCG(seed, uint64(w)))) })
	}
	h.lives.Wait()
	if t.Failed() {
		return
	}
	l := open(t, postgres.Options{URL: h.url})
	(&process{history: h, l: l, seen: map[int]ledger.State{}}).read(keysOf(allKeys))
	h.name(query(t, h.url, "SELECT id, run, message, encode(uuid_send(key), 'hex') FROM enrich.outcome"))
	counts := h.count()
	if t.Logf("%+v", counts); !counts.areComplete() {
		t.Error("the history lacks one of these")
	}
	result, info := porcupine.CheckOperationsVerbose(keyModel, bounded(h.operations), time.Minute)
	if result != porcupine.Ok {
		path := filepath.Join(t.ArtifactDir(), "history.html")
		t.Errorf("the history is not linearizable (%s): see %s (go test -artifacts keeps it)", result, path)
		if err := porcupine.VisualizePath(keyModel, info, path); err != nil {
			t.Error(err)
		}
	}
	ledgertest.Valid(t, l)
}

// allKeys is how many contacts there are: few, so that the runs get into each other's way.
const allKeys = 5

func keysOf(n int) (keys []int) {
	for k := range n {
		keys = append(keys, k)
	}
	return keys
}

// A history is what several processes did, and when.
type history struct {
	t      *testing.T
	url    string
	server string // its address
	folder string // for outcomes that could not be committed
	start  time.Time
	lives  sync.WaitGroup

	mu         sync.Mutex
	operations []porcupine.Operation
	doomed     map[int64]bool // runs that are to be taken over
	outcomes   outcomeID      // the last one that was named

	cut, killed, zombies int
}

func (h *history) now() int64 { return int64(time.Since(h.start)) }

// add records what one call did to contacts. Until the end, outcomes that were seen have their references as names.
func (h *history) add(client int, call int64, in []opInput, out []opOutput) {
	end := h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range in {
		h.operations = append(h.operations, porcupine.Operation{ClientId: client, Call: call, Return: end, Input: in[i], Output: out[i]})
	}
}

// name gives the outcomes that were seen the names that the operations have given them.
func (h *history) name(rows [][]any) {
	keys, names := map[string]int{}, map[outcomeID]outcomeID{}
	for k := range allKeys {
		keys[fmt.Sprintf("%x", ledgertest.Person(k).Keys.Request)] = k
	}
	for _, row := range rows {
		var name outcomeID
		if _, err := fmt.Sscanf(row[2].(string), operationMessage, &name); err != nil {
			name = lostWith(row[1].(int64), keys[row[3].(string)])
		}
		names[outcomeID(row[0].(int64))] = name
	}
	takeovers := map[int64]int64{} // when the first one of each run began
	for _, o := range h.operations {
		if in := o.Input.(opInput); in.op == opTakeover {
			if at, ok := takeovers[in.run]; !ok || o.Call < at {
				takeovers[in.run] = o.Call
			}
		}
	}
	for i := range h.operations {
		o := &h.operations[i]
		in, out := o.Input.(opInput), o.Output.(opOutput)
		in.seen.outcome, out.seen.outcome = names[in.seen.outcome], names[out.seen.outcome]
		// A run that was taken over before its commit returned is told that it claimed nothing, whatever it had claimed.
		if at, ok := takeovers[in.run]; ok && (in.op == opClaim || in.op == opAgain) && !out.yes && at < o.Return {
			out.unknown = true
		}
		o.Input, o.Output = in, out
	}
}

const operationMessage = "operation %d"

// counts are how often what happened that the history is about.
type counts struct {
	claims, refusals, lost, late int // lost in takeovers; late are outcomes of runs that were to be taken over
	cut, killed, zombies         int // connections, and runs
}

func (c counts) areComplete() bool {
	return min(c.claims, c.refusals, c.lost, c.late, c.cut, c.killed, c.zombies) > 0
}

func (h *history) count() (c counts) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.cut, c.killed, c.zombies = h.cut, h.killed, h.zombies
	for _, o := range h.operations {
		switch in, out := o.Input.(opInput), o.Output.(opOutput); {
		case in.op == opClaim && out.yes:
			c.claims++
		case in.op == opClaim && !out.unknown:
			c.refusals++
		case in.op == opTakeover && out.yes:
			c.lost++
		case in.op == opOutcome && h.doomed[in.run] && !out.dead:
			c.late++
		}
	}
	return c
}

// isOver reports whether the processes are to end: when the history has what it is about, which takes a busy machine longer.
func (h *history) isOver() bool {
	const least, most = 3 * time.Second, time.Minute
	took := time.Since(h.start)
	return took > most || took > least && h.count().areComplete()
}

// live runs one process after the other until the end of the test.
func (h *history) live(worker int, rng *rand.Rand) {
	for !h.isOver() && !h.t.Failed() {
		p := h.begin(rng)
		if p == nil {
			return
		}
		zombie := p.work()
		if zombie { // the next process takes it over while it goes on
			next := rand.New(rand.NewPCG(rng.Uint64(), uint64(worker)))
			h.lives.Go(func() { h.live(worker, next) })
			for range 6 {
				p.commit()
			}
		}
		p.end()
		if zombie {
			return
		}
	}
}

// A process has the ledger open and has begun a run.
type process struct {
	*history
	l     *postgres.Ledger
	proxy *pgproxy.Proxy
	run   int64
	rng   *rand.Rand
	seen  map[int]ledger.State
	mine  map[int]bool // contacts that it has claimed

	faults sync.Mutex
	random *rand.Rand // which connections are cut
	dying  bool       // the connection is cut in the next commit, and no other is made
	dead   bool
}

// begin opens the ledger, which takes over runs that are dead, and begins a run.
func (h *history) begin(rng *rand.Rand) *process {
	p := &process{history: h, rng: rng, seen: map[int]ledger.State{}, mine: map[int]bool{}, random: rand.New(rand.NewPCG(rng.Uint64(), 0))}
	var err error
	server := h.server
	if p.proxy, err = pgproxy.Start(server); err != nil {
		h.t.Error(err)
		return nil
	}
	p.proxy.OnBatch(p.decide)
	var mu sync.Mutex
	found := map[int64]bool{}
	call := h.now()
	p.l, err = postgres.Open(h.t.Context(), postgres.Options{URL: p.proxy.URL(h.url), Uncommitted: h.folder}.PresumeDead(func(run int64) bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		mu.Lock()
		defer mu.Unlock()
		found[run] = found[run] || h.doomed[run]
		return h.doomed[run]
	}))
	if err != nil {
		h.t.Error(err)
		return nil
	}
	p.tookOver(call, found)
	if p.run, err = p.l.Begin(h.t.Context(), ledger.Run{Started: ledgertest.Noon, URL: ledgertest.URL, Input: "leads.csv", Version: "test"}); err != nil {
		h.t.Error(err)
		return nil
	}
	return p
}

// tookOver records the takeovers of an Open.
func (p *process) tookOver(call int64, dead map[int64]bool) {
	lost := map[int64]map[contact.Key]bool{}
	for _, o := range p.l.InterruptedCalls() {
		if lost[o.Run] == nil {
			lost[o.Run] = map[contact.Key]bool{}
		}
		lost[o.Run][o.Keys.Request] = true
	}
	var in []opInput
	var out []opOutput
	for run, is := range dead {
		if !is {
			continue
		}
		for k := range allKeys {
			in = append(in, opInput{key: k, op: opTakeover, run: run})
			out = append(out, opOutput{yes: lost[run][ledgertest.Person(k).Keys.Request]})
		}
	}
	p.add(0, call, in, out)
}

// decide cuts connections in commits.
func (p *process) decide(_ context.Context, b pgproxy.Batch) pgproxy.Action {
	p.faults.Lock()
	defer p.faults.Unlock()
	commits := b.Commits && (b.Has("update enrich.run set commits") || len(b.Statements) == 1 && b.Has("commit"))
	action := []pgproxy.Action{pgproxy.CutBefore, pgproxy.CutAfter, pgproxy.CutSent}[p.random.IntN(3)]
	switch {
	case p.dead:
		return pgproxy.CutBefore
	case p.dying && commits:
		p.dead = true
	case !commits || p.random.IntN(40) > 0:
		return pgproxy.Forward
	default:
		p.mu.Lock()
		p.cut++
		p.mu.Unlock()
	}
	return action
}

func (p *process) isDead() bool {
	p.faults.Lock()
	defer p.faults.Unlock()
	return p.dead
}

// work reads and commits until the process is killed or declared dead, which it notices late: then zombie is true.
func (p *process) work() (zombie bool) {
	for !p.isOver() && !p.t.Failed() {
		switch n := p.rng.IntN(100); {
		case n < 30:
			p.read(p.rng.Perm(allKeys)[:1+p.rng.IntN(allKeys)])
		case n < 93:
			p.commit()
		case n < 97:
			p.faults.Lock()
			p.dying = true
			p.faults.Unlock()
			p.l.SetMaxElapsed(100 * time.Millisecond)
			for !p.isDead() {
				p.commit()
			}
			p.doom(&p.killed)
			return false
		default:
			p.doom(&p.zombies)
			return true
		}
	}
	return false
}

func (p *process) doom(count *int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doomed[p.run] = true
	*count++
}

func (p *process) end() {
	p.l.Drop()
	if err := p.proxy.Close(); err != nil {
		p.t.Error(err)
	}
}

// read looks contacts up.
func (p *process) read(which []int) {
	keys, states := make([]contact.Keys, len(which)), make([]ledger.State, len(which))
	in, out := make([]opInput, len(which)), make([]opOutput, len(which))
	for i, k := range which {
		keys[i] = ledgertest.Person(k).Keys
		in[i] = opInput{key: k, op: opRead, run: p.run}
	}
	call := p.now()
	if err := p.l.States(p.t.Context(), keys, states); err != nil {
		p.t.Error(err)
		return
	}
	for i, k := range which {
		p.seen[k] = states[i]
		out[i].seen = asSeen(&states[i])
	}
	p.add(int(p.run), call, in, out)
}

func asSeen(s *ledger.State) seenState {
	return seenState{outcome: outcomeID(s.Ref), kind: s.Kind, lost: s.Lost, elsewhere: s.ClaimedElsewhere}
}

// A commit is a call of Commit.
type commit struct {
	in       []opInput
	intents  []ledger.Intent
	outcomes []contact.Outcome
	intentOf []int // for each of in, its intent; -1: none
}

// commit commits outcomes of what the process has claimed, and claims other contacts.
func (p *process) commit() {
	c := p.plan()
	call := p.now()
	claimed, err := p.l.Commit(p.t.Context(), p.run, c.intents, c.outcomes)
	if err != nil && !p.isDead() {
		p.t.Error(err)
		return
	}
	out := make([]opOutput, len(c.in))
	for i, in := range c.in {
		out[i] = opOutput{unknown: err != nil, dead: err != nil}
		if n := c.intentOf[i]; n >= 0 && err == nil {
			out[i].yes = claimed[n]
		}
		holds := in.op == opClaim && p.mine[in.key]
		p.mine[in.key] = out[i].yes || holds
	}
	p.add(int(p.run), call, c.in, out)
}

// plan chooses what to commit.
func (p *process) plan() (c commit) {
	for _, k := range p.rng.Perm(allKeys) {
		in := opInput{key: k, op: opClaim, run: p.run}
		if p.mine[k] && p.rng.IntN(6) > 0 { // otherwise it claims what it has claimed
			in.op, in.kind, in.outcome = opOutcome, contact.Kind(1+p.rng.IntN(5)), p.newOutcome()
			if p.rng.IntN(4) == 0 {
				in.op = opAgain
			}
			o := ledgertest.Outcome(k, in.kind)
			o.Message = fmt.Sprintf(operationMessage, in.outcome)
			c.outcomes = append(c.outcomes, o)
		}
		if p.rng.IntN(3) == 0 && in.op == opClaim {
			continue
		}
		c.in, c.intentOf = append(c.in, in), append(c.intentOf, -1)
		if in.op == opOutcome {
			continue
		}
		intent := ledgertest.Person(k)
		state := p.seen[k]
		c.in[len(c.in)-1].seen = asSeen(&state)
		intent.Seen = state.Version()
		if p.rng.IntN(8) == 0 {
			intent.Seen, c.in[len(c.in)-1].any = 0, true
		}
		c.intentOf[len(c.intentOf)-1] = len(c.intents)
		c.intents = append(c.intents, intent)
	}
	return c
}

func (p *process) newOutcome() outcomeID {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outcomes++
	return p.outcomes
}
