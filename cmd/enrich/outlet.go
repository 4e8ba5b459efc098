package main

import (
	"context"
	"io"

	"enrich/publish"
)

// An outlet is standard output. While a command listens to signals, a write ends with the command's time, although nobody
// reads: a pipe whose reader stalls must not keep a process from exiting.
type outlet struct {
	io.Writer
	out io.Writer
}

// withOutlet gives a world its outlet. A world inside another (the demo's runs) shares it.
func (w world) withOutlet() world {
	if _, shared := w.stdout.(*outlet); !shared {
		w.stdout = &outlet{w.stdout, w.stdout}
	}
	return w
}

// outletOf is the outlet of a world; execute gives every world one.
func outletOf(w world) *outlet {
	if o, ok := w.stdout.(*outlet); ok {
		return o
	}
	return &outlet{w.stdout, w.stdout}
}

// until sets the context that ends writes. It must not be called during a write.
func (o *outlet) until(ctx context.Context) {
	o.Writer = publish.Interruptible(ctx, "standard output", o.out)
}
