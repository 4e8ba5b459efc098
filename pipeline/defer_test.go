package pipeline

import (
	"context"
	"fmt"
	"testing"

	"enrich/client/fakeapi"
	"enrich/contact"
	"enrich/ledger"
)

// A lost call is repeated under a cap as soon as others give their credits back, and does not end the run before.
func TestALostCallWaitsForACredit(t *testing.T) {
	server, err := fakeapi.Listen(context.Background(), "127.0.0.1:0", fakeapi.Options{Match: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	ask := newAsk(t, server.URL, 4, []string{"first+match@x.example", "lost+truncatex1+match@x.example", "a+slow400ms@x.example", "b+slow400ms@x.example"})
	ask.LostRetries, ask.Caps = 2, Caps{MaxCredits: 4, CreditsPerCall: 1}
	asked, err := ask.Do(t.Context(), t.Context())
	if err != nil || asked.Stop != "" || ask.Counters.Matched.Load() != 2 || ask.Counters.NoMatch.Load() != 2 || server.Stats().Calls != 5 {
		t.Errorf("%+v, %v, %d matched after %d calls", asked, err, ask.Counters.Matched.Load(), server.Stats().Calls)
	}
}

// A ledger in which an earlier run saw every contact refused.
type refusingLedger struct{ Ledger }

func (l refusingLedger) States(ctx context.Context, keys []contact.Keys, states []ledger.State) error {
	err := l.Ledger.States(ctx, keys, states)
	for i := range keys {
		if states[i].Kind == 0 {
			states[i] = ledger.State{Kind: contact.Refused}
		}
	}
	return err
}

// However many 404s wait for the first answer, only so many are kept. The others are failures, which a later run sends again.
func TestTheNotFoundsInDoubtAreBounded(t *testing.T) {
	const beyond = 50
	server, err := fakeapi.Listen(context.Background(), "127.0.0.1:0", fakeapi.Options{Uncounted: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	list := make([]string, 0, maxAbsent+beyond+1)
	for n := range maxAbsent + beyond {
		list = append(list, fmt.Sprintf("a%d+404@x.example", n))
	}
	ask := newAsk(t, server.URL, 8, append(list, "last+match@x.example"))
	ask.Ledger = refusingLedger{ask.Ledger}
	asked, err := ask.Do(t.Context(), t.Context())
	c := ask.Counters
	if err != nil || asked.Stop != "" || c.NoMatch.Load() < maxAbsent || c.Failed.Load() == 0 ||
		c.NoMatch.Load()+c.Failed.Load() != maxAbsent+beyond || c.Matched.Load() != 1 || c.Released.Load() != 0 {
		t.Errorf("%+v, %v, %d no match, %d failed, %d matched", asked, err, c.NoMatch.Load(), c.Failed.Load(), c.Matched.Load())
	}
}
