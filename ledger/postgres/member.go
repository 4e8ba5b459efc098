package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"enrich/contact"
	"enrich/ledger/postgres/internal/connect"
	"enrich/ledger/postgres/member"
)

// Member makes the run that was begun on this ledger a member of the team of runs that share it. It must be closed before the run
// is finished.
func (l *Ledger) Member(ctx context.Context, o member.Options) (*member.Member, error) {
	l.mu.Lock()
	r := l.run
	l.mu.Unlock()
	if r == nil || r.finished {
		return nil, errNoRun
	}
	return member.Join(ctx, member.Setup{Dial: l.dial, Run: r.id, Lose: loseRun}, o)
}

// loseRun is [member.Setup.Lose].
func loseRun(ctx context.Context, c *connect.Conn, tx pgx.Tx, run, beat int64) ([]contact.Outcome, bool, error) {
	return takeOverOnce(ctx, c, tx, run, runLive, beat, newToken())
}
