package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"enrich/contact"
)

// benchJob is how many contacts a job of the benchmark has.
const benchJob = 5000

var benchAccepted = benchResponse([]byte(`{"job_id":"bench","download_url":"http://127.0.0.1/","expiration_date":"2220091200"}`))

func benchResponse(body []byte) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 02 Mar 2026 10:00:00 GMT\r\nRate_limit: 60000000\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// benchResults has the typical answer for each contact of a job.
var benchResults = sync.OnceValue(func() []byte {
	_, single, _ := bytes.Cut(benchAnswer, []byte(`{"contact":{`))
	single, _, _ = bytes.Cut(single, []byte(`},"remaining_credits"`))
	body := []byte(`{"contacts":[`)
	for i := range benchJob {
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"custom_fields":{"enrich_id":"%032x"},%s}`, i, single)
	}
	return benchResponse(append(body, "]}"...))
})

// BenchmarkJob is the CPU per contact of bulk jobs: the request, the results, and reading them twice, as the pipeline does. Compare
// it with BenchmarkCall/enrich:
//
//	go test ./client -run - -bench 'Call/enrich|Job' -benchtime 100000x -count 5
func BenchmarkJob(b *testing.B) {
	c, err := New(Options{URL: startBenchServer(b), Key: Key{"bench-key-0123456789"}})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	contacts := make([]*contact.Question, benchJob)
	for i := range contacts {
		contacts[i] = &contact.Question{Contact: benchContact(i), Keys: contact.Keys{Request: contact.Key{byte(i), byte(i >> 8)}}}
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu()
	for n := 0; n < b.N; n += benchJob {
		if err := benchOneJob(c, contacts); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64((b.N+benchJob-1)/benchJob*benchJob), "cpu-ns/op")
}

func benchOneJob(c *Client, contacts []*contact.Question) error {
	ctx := context.Background()
	a := c.Submit(ctx, ctx, contacts, nil)
	p := c.Poll(ctx, ctx, &contact.Job{ID: a.ID, Contacts: len(contacts)}, nil)
	if p.State != contact.PollReady {
		return fmt.Errorf("%+v, %+v", a, p)
	}
	defer func() { _ = p.Results.Close() }()
	for range 2 {
		n := 0
		for ; ; n++ {
			r, err := p.Results.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || !r.Identified || r.Outcome.Kind != contact.Matched {
				return fmt.Errorf("element %d: %+v, %w", n, r, err)
			}
		}
		if n != len(contacts) {
			return fmt.Errorf("%d elements", n)
		}
		if err := p.Results.Rewind(); err != nil {
			return err
		}
	}
	return nil
}
