package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"enrich/client"
	"enrich/contact"
)

// ask runs the client alone: it sends what the bare loop posts, with its rate limit, retries and accounting. The answers are
// discarded.
func ask(url, input, goroutines string) error {
	n, err := strconv.Atoi(goroutines)
	if err != nil {
		return err
	}
	contacts, err := contactsOf(input)
	if err != nil {
		return err
	}
	key, err := client.ParseKey("bench")
	if err != nil {
		return err
	}
	c, err := client.New(client.Options{URL: url, Key: key, Workers: n})
	if err != nil {
		return err
	}
	defer c.Close()
	ctx := context.Background()
	next := make(chan *contact.Question, n)
	failed := make(chan error, n)
	var workers sync.WaitGroup
	for range n {
		workers.Go(func() {
			for q := range next {
				result, wait := c.Ask(ctx, ctx, q)
				if wait > 0 || result.Outcome.Kind != contact.Matched {
					select {
					case failed <- fmt.Errorf("not answered at once, or no match: %+v", result):
					default:
					}
				}
			}
		})
	}
	for i := range contacts {
		q := &contact.Question{Row: int64(i) + 1, Contact: contacts[i]}
		c.Queue(q)
		next <- q
	}
	close(next)
	workers.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}
