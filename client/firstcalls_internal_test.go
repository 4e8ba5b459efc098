package client

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"enrich/contact"
)

func TestRefusedAlikeGivesUpEarly(t *testing.T) {
	html := fakeResponse{status: 200, body: "<html>welcome</html>"}
	for _, c := range []struct {
		name    string
		answer  func(fakeRequest) fakeResponse
		calls   int
		kind    contact.Kind
		advice  string
		emailAs string
	}{
		{"400", func(fakeRequest) fakeResponse { return status(400) }, maxSameRejections, contact.Refused, "--email-as business_email", "email"},
		{"400 to business_email", func(fakeRequest) fakeResponse { return status(400) }, maxSameRejections, contact.Refused, "--email-as email", "business_email"},
		{"422 and 400", func(in fakeRequest) fakeResponse { return status(400 + 22*(in.n%2)) }, maxSameRejections, contact.Refused, "--map", "email"},
		{"404 of the API", func(fakeRequest) fakeResponse { return apiError(404) }, maxSameRejections, contact.Released, "--url", "email"},
		{"307", func(fakeRequest) fakeResponse { return status(307) }, maxSameRejections, contact.Refused, "--url", "email"},
		{"409", func(fakeRequest) fakeResponse { return status(409) }, maxSameRejections, contact.Refused, "--set", "email"},
		{"unusable", func(fakeRequest) fakeResponse { return html }, maxUnusableInARow, contact.Lost, "--url", "email"},
		{"each another", func(in fakeRequest) fakeResponse { return status(405 + in.n%3) }, maxRejections, contact.Refused, "--url", "email"},
	} {
		t.Run(c.name, func(t *testing.T) {
			withWorkers(t, func(t *testing.T, workers int) {
				w := &fakeNetwork{answer: c.answer}
				crowd := newHarness(t, workers, Options{transport: w, EmailAs: c.emailAs})
				crowd.run(500)
				if w.calls() != c.calls || crowd.stopped != contact.StopRejectedAll || !strings.Contains(crowd.detail, c.advice) {
					t.Errorf("%d calls, stop %q: %s", w.calls(), crowd.stopped, crowd.detail)
				}
				asked := 0
				for _, rs := range crowd.results {
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
	withWorkers(t, func(t *testing.T, workers int) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n <= 15 || in.n%7 == 0 {
				return apiError(404)
			}
			return ok()
		}}
		c := newHarness(t, workers, Options{transport: w})
		c.run(100)
		if len(c.notFound) != 15 || w.calls() != 100 {
			t.Fatalf("%d absent, %d calls", len(c.notFound), w.calls())
		}
		for row := range c.results {
			if o := c.last(row); o.Kind != contact.Matched && (o.Kind != contact.NoMatch || string(o.Body) != "{}" || o.Status != 404) {
				t.Errorf("row %d: %v %d %s", row, o.Kind, o.Status, o.Body)
			}
		}
	})
}

func TestShortListOfAbsentIsRejected(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		w := &fakeNetwork{answer: func(fakeRequest) fakeResponse { return apiError(404) }}
		c := newHarness(t, workers, Options{transport: w})
		c.run(5)
		if k := c.kinds(); k[contact.Refused] != 5 || c.stopped != "" || c.last(1).Failure != contact.Rejected {
			t.Errorf("ended as %v, stop %q", k, c.stopped)
		}
	})
}

func TestNoGivingUpOnceProved(t *testing.T) {
	withWorkers(t, func(t *testing.T, workers int) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n == 3 {
				return ok()
			}
			return status(400)
		}}
		c := newHarness(t, workers, Options{transport: w})
		c.run(200)
		if k := c.kinds(); k[contact.Refused] != 199 || c.stopped != "" {
			t.Errorf("ended as %v, stop %q", k, c.stopped)
		}
	})
}

func TestUnusableAnswersInTheMiddleAreAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeNetwork{answer: func(in fakeRequest) fakeResponse {
			if in.n > 50 {
				return fakeResponse{status: 200, body: "<html>maintenance</html>", after: 10 * time.Millisecond}
			}
			return ok()
		}}
		c := newHarness(t, 8, Options{transport: w})
		c.run(1000)
		if k := c.kinds(); k[contact.Lost] > 40 || c.stopped != contact.StopAPIDown {
			t.Errorf("ended as %v, stop %q", k, c.stopped)
		}
	})
}
