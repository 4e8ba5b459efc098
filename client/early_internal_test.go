package client

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
)

func TestRefusedAlikeGivesUpEarly(t *testing.T) {
	html := said{status: 200, body: "<html>welcome</html>"}
	for _, c := range []struct {
		name    string
		answer  func(incoming) said
		calls   int
		kind    contact.Kind
		advice  string
		emailAs string
	}{
		{"400", func(incoming) said { return status(400) }, giveUpAlike, contact.Refused, "--email-as business_email", "email"},
		{"400 to business_email", func(incoming) said { return status(400) }, giveUpAlike, contact.Refused, "--email-as email", "business_email"},
		{"422 and 400", func(in incoming) said { return status(400 + 22*(in.n%2)) }, giveUpAlike, contact.Refused, "--map", "email"},
		{"404 of the API", func(incoming) said { return apiError(404) }, giveUpAlike, contact.Released, "--url", "email"},
		{"307", func(incoming) said { return status(307) }, giveUpAlike, contact.Refused, "--url", "email"},
		{"409", func(incoming) said { return status(409) }, giveUpAlike, contact.Refused, "--set", "email"},
		{"unusable", func(incoming) said { return html }, giveUpUnusable, contact.Lost, "--url", "email"},
		{"each another", func(in incoming) said { return status(405 + in.n%3) }, giveUpAny, contact.Refused, "--url", "email"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, workers int) {
				w := &wire{answer: c.answer}
				crowd := newCrowd(t, workers, Options{carrier: w, EmailAs: c.emailAs})
				crowd.ask(500)
				if w.calls() != c.calls || crowd.stop != StopRejectedAll || !strings.Contains(crowd.detail, c.advice) {
					t.Errorf("%d calls, stop %q: %s", w.calls(), crowd.stop, crowd.detail)
				}
				asked := 0
				for _, rs := range crowd.ended {
					if rs[0].Outcome.Attempts > 0 {
						asked++
						if o := rs[0].Outcome; o.Kind != c.kind {
							t.Errorf("ended as %v", o.Kind)
						}
					}
				}
				if asked != c.calls {
					t.Errorf("%d rows were asked", asked)
				}
			})
		})
	}
}

func TestEarlyAbsentIsDecidedLater(t *testing.T) {
	bubble(t, func(t *testing.T, workers int) {
		w := &wire{answer: func(in incoming) said {
			if in.n <= 15 || in.n%7 == 0 {
				return apiError(404)
			}
			return ok()
		}}
		c := newCrowd(t, workers, Options{carrier: w})
		c.ask(100)
		if len(c.absent) != 15 || w.calls() != 100 {
			t.Fatalf("%d absent, %d calls", len(c.absent), w.calls())
		}
		for row := range c.ended {
			if o := c.last(row); o.Kind != contact.Matched && (o.Kind != contact.NoMatch || string(o.Body) != "{}" || o.Status != 404) {
				t.Errorf("row %d: %v %d %s", row, o.Kind, o.Status, o.Body)
			}
		}
	})
}

func TestShortListOfAbsentIsRejected(t *testing.T) {
	bubble(t, func(t *testing.T, workers int) {
		w := &wire{answer: func(incoming) said { return apiError(404) }}
		c := newCrowd(t, workers, Options{carrier: w})
		c.ask(5)
		if k := c.kinds(); k[contact.Refused] != 5 || c.stop != "" || c.last(1).Failure != contact.Rejected {
			t.Errorf("ended as %v, stop %q", k, c.stop)
		}
	})
}

func TestNoGivingUpOnceProved(t *testing.T) {
	bubble(t, func(t *testing.T, workers int) {
		w := &wire{answer: func(in incoming) said {
			if in.n == 3 {
				return ok()
			}
			return status(400)
		}}
		c := newCrowd(t, workers, Options{carrier: w})
		c.ask(200)
		if k := c.kinds(); k[contact.Refused] != 199 || c.stop != "" {
			t.Errorf("ended as %v, stop %q", k, c.stop)
		}
	})
}

func TestUnusableAnswersInTheMiddleAreAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(in incoming) said {
			if in.n > 50 {
				return said{status: 200, body: "<html>maintenance</html>", after: 10 * time.Millisecond}
			}
			return ok()
		}}
		c := newCrowd(t, 8, Options{carrier: w})
		c.ask(1000)
		if k := c.kinds(); k[contact.Lost] > 40 || c.stop != StopAPIDown {
			t.Errorf("ended as %v, stop %q", k, c.stop)
		}
	})
}
