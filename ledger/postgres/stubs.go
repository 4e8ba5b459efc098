package postgres

import (
	"context"
	"errors"
	"time"

	"enrich/contact"
	"enrich/ledger"
)

var errNotYet = errors.New("not implemented yet")

var _ ledger.Store = (*Ledger)(nil)

func (l *Ledger) CommitJob(context.Context, int64, []ledger.Intent) (int64, []bool, error) {
	return 0, nil, errNotYet
}
func (l *Ledger) OpenJob(context.Context, int64, string, time.Time) error { return errNotYet }
func (l *Ledger) CommitResults(context.Context, int64, int64, []contact.Outcome, [][]byte, ledger.JobState) error {
	return errNotYet
}
func (l *Ledger) OpenJobs(context.Context, string) ([]contact.Job, error) { return nil, nil }
func (l *Ledger) JobContacts(context.Context, int64, func(ledger.JobContact) error) error {
	return errNotYet
}

func (l *Ledger) AdoptJob(context.Context, int64, int64) (bool, error) { return false, errNotYet }
func (l *Ledger) LeaveJob(context.Context, int64, int64) error         { return errNotYet }
func (v *verification) checkJobs(context.Context) error                { return nil }

func (e *erasure) forgetJobs(context.Context, *ledger.Filter) error { return nil }
func (e *erasure) pruneJobs(context.Context) error                  { return nil }
