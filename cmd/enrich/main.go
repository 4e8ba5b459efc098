// Command enrich asks a paid contact API about every row of a lead list, once.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(execute(os.Args[1:], process(os.Exit))) }

// process is the world of this process.
func process(exit func(int)) world {
	crashSafely()
	// If the reader of standard output goes away, the write fails, and the process does not end in the middle of a call. SIGPIPE is
	// caught and not ignored, because the command of --on-finish would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	return world{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, lookupEnv: os.LookupEnv, environ: os.Environ(),
		signals: signals, notify: func() (release func()) { return notify(signals) }, exit: exit,
	}
}

// notify relays the signals that end a command to a channel, except those that are ignored, as under nohup.
func notify(signals chan<- os.Signal) (release func()) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	return func() { signal.Stop(signals) }
}
