package main

import (
	"context"
	"fmt"
	"syscall"

	"enrich/client"
	"enrich/cmd/enrich/internal/console"
	"enrich/contact"
)

// announceInterruption reports a signal as soon as it arrives: calls in flight may take the whole grace, and a user who sees nothing
// presses Ctrl-C again, which loses them. The returned function must be called when the outputs are published; it waits for the message.
func (j *job) announceInterruption(api *client.Client) (end func()) {
	said := make(chan struct{})
	stop := context.AfterFunc(j.shutdown.Interrupted, func() {
		defer close(said)
		if sig := j.shutdown.Signal(); sig != nil {
			n := int64(api.InFlight())
			j.printer.Warn(stoppingText(n, sig == syscall.SIGINT), "event", "stop", "stopped", string(contact.StopInterrupted),
				"calls", api.Stats().Sent, "in_flight", n)
		}
	})
	return func() {
		if !stop() {
			<-said
		}
	}
}

// stoppingText says what a run does after a signal, and how to quit at once.
func stoppingText(inFlight int64, ctrlC bool) string {
	what, again := "writing the results", "a second signal quits at once"
	if inFlight > 0 {
		what = fmt.Sprintf("finishing %s in flight, then writing the results", console.Count(inFlight, "call"))
	}
	if ctrlC {
		again = "Ctrl-C again to quit now"
	}
	return fmt.Sprintf("interrupted: %s (%s)", what, again)
}
