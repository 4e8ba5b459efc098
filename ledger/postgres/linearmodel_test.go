package postgres_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/anishathalye/porcupine"

	"enrich/contact"
)

// A keyState is what a ledger may know of one contact, as a program without concurrency would keep it.
type keyState struct {
	outcome outcomeID // of its state; 0: none
	kind    contact.Kind
	lost    int
	holder  int64   // the run that has claimed it; 0: none
	fenced  runsSet // that were taken over
}

// A runsSet has a bit for each run. It can be compared, as the checker does with states. A fast machine begins more than a hundred runs.
type runsSet [16]uint64

func (s *runsSet) has(run int64) bool { return s[run/64]>>(run%64)&1 != 0 }
func (s *runsSet) add(run int64)      { s[run/64] |= 1 << (run % 64) }

// An outcomeID tells the outcomes of a history apart: those of its operations, and those of takeovers.
type outcomeID int64

// lostWith is the outcome of a call that was lost with its run.
func lostWith(run int64, key int) outcomeID { return outcomeID(-1000*run - int64(key)) }

// seenState is what States says of a contact.
type seenState struct {
	outcome   outcomeID
	kind      contact.Kind
	lost      int
	elsewhere bool
}

type operation int

const (
	opRead     operation = iota // States
	opClaim                     // Commit with an intent
	opOutcome                   // Commit with an outcome
	opAgain                     // Commit with an outcome and an intent of the same contact
	opTakeover                  // Open, which records the open claims of a dead run
)

// An opInput is what was asked of the store about one contact.
type opInput struct {
	key     int
	op      operation
	run     int64 // that asks; opTakeover: the dead one
	outcome outcomeID
	kind    contact.Kind
	seen    seenState // opClaim, opAgain: in which state it is claimed
	any     bool      // whatever its state is
}

// An opOutput is the store's answer.
type opOutput struct {
	seen    seenState // opRead
	yes     bool      // opClaim, opAgain: it was claimed; opTakeover: its call was lost
	unknown bool      // the answer was not received, or says nothing
	dead    bool      // the run ended with it: nothing of it takes effect after the takeover
}

// step is the sequential specification of what a ledger promises about one contact.
func (s keyState) step(in opInput, out opOutput) (bool, keyState) {
	fenced := s.fenced.has(in.run)
	switch in.op {
	case opRead:
		is := seenState{s.outcome, s.kind, min(s.lost, 15), s.holder != 0 && s.holder != in.run}
		return is == out.seen, s
	case opClaim:
		is := seenState{outcome: s.outcome, kind: s.kind, lost: min(s.lost, 15)}
		in.seen.elsewhere = false
		free := !fenced && s.holder == 0 && (in.any || is == in.seen)
		if free {
			s.holder = in.run
		}
		return out.unknown || out.yes == free, s
	case opOutcome, opAgain:
		if fenced && out.dead {
			return true, s
		}
		keeps := in.op == opAgain && !fenced && s.holder == in.run
		if !fenced || in.kind != contact.Lost { // otherwise the takeover has recorded that the call was lost
			s = s.record(in, keeps)
		}
		return in.op == opOutcome || out.unknown || out.yes == keeps, s
	default:
		held := !fenced && s.holder == in.run
		if held {
			s = s.record(opInput{run: in.run, kind: contact.Lost, outcome: lostWith(in.run, in.key)}, false)
		}
		s.fenced.add(in.run)
		return out.yes == held, s
	}
}

// record adds an outcome: the latest answer is the state, or the latest outcome if there is no answer.
func (s keyState) record(in opInput, keeps bool) keyState {
	if s.holder == in.run && !keeps {
		s.holder = 0
	}
	if in.kind.Answered() || !s.kind.Answered() {
		s.outcome, s.kind = in.outcome, in.kind
	}
	switch {
	case in.kind.Answered():
		s.lost = 0
	case in.kind == contact.Lost:
		s.lost = min(s.lost+1, 15)
	}
	return s
}

// keyModel is the specification of each contact by itself.
var keyModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[int][]porcupine.Operation{}
		for _, o := range history {
			key := o.Input.(opInput).key
			byKey[key] = append(byKey[key], o)
		}
		parts := make([][]porcupine.Operation, 0, len(byKey))
		for _, part := range byKey {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return keyState{} },
	Step: func(state, input, output any) (bool, any) {
		ok, next := state.(keyState).step(input.(opInput), output.(opOutput))
		return ok, next
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %+v", input, output) },
	DescribeState:     func(state any) string { return fmt.Sprintf("%+v", state) },
}

// bounded ends operations without an answer when nothing of their run can take effect any more, so that the checker has less to try:
// after the takeover of the run. Those of a run that was not taken over last until the end of the history.
func bounded(history []porcupine.Operation) []porcupine.Operation {
	over := map[int64]int64{}
	for _, o := range history {
		if in := o.Input.(opInput); in.op == opTakeover {
			over[in.run] = max(over[in.run], o.Return)
		}
	}
	for i := range history {
		o := &history[i]
		if out := o.Output.(opOutput); out.dead {
			o.Return = math.MaxInt64
			if end, ok := over[o.Input.(opInput).run]; ok {
				o.Return = max(end+1, o.Call+1)
			}
		}
	}
	slices.SortFunc(history, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	return history
}
