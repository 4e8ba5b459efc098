package client

import (
	"context"
	"log/slog"
	"time"
)

// log writes one line about an attempt. who says what was sent: a row, or a request of a bulk job. The line contains neither the key nor a
// control character, because messages were cleaned before.
func (s *sender) log(t turn, r *reply, d *decision, who ...slog.Attr) {
	waited, reason := t.waited, t.reason
	if s.waited > waited {
		reason = waitBackoff
	}
	waited += s.waited
	attrs := append(who,
		slog.Int("status", r.status),
		slog.Float64("latency_ms", float64(r.took.Round(10*time.Microsecond))/float64(time.Millisecond)),
		slog.String("result", d.action.String()),
	)
	if waited > 0 {
		attrs = append(attrs, slog.Int64("wait_ms", waited.Milliseconds()), slog.String("waited_for", string(reason)))
	}
	if d.message != "" {
		attrs = append(attrs, slog.String("message", d.message))
	}
	s.c.o.Log.LogAttrs(context.Background(), slog.LevelInfo, "attempt", attrs...)
}

// String returns the action's word in the log.
func (a action) String() string {
	return [...]string{
		actionAnswer: "answer", actionReject: "rejected", actionNotFound: "not_found", actionRetry: "retry", actionExhausted: "exhausted",
		actionPause: "pause", actionLost: "lost", actionUnusable: "unusable", actionStop: "stop", actionRunning: "running",
	}[a]
}
