package postgres

import "time"

// lockedFor is how long a wait for the locks of another command may take before it is said: most take much less.
const lockedFor = 3 * time.Second

// warnIfLocked calls do, which takes locks, and warns once if that takes long: an erasure or a copy keeps all others out.
func (l *Ledger) warnIfLocked(do func() error) error {
	warned := make(chan struct{})
	timer := time.AfterFunc(lockedFor, func() {
		defer close(warned)
		l.options.warn("waiting for another command that has locked the ledger, such as enrich ledger forget, prune or copy")
	})
	err := do()
	if !timer.Stop() {
		<-warned
	}
	return err
}
