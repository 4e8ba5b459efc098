package client

import (
	"context"
	"log/slog"
	"time"
)

// log tells of one attempt: never the key, which is in nothing that is logged, nor control characters, which bounded took off.
func (r *question) log(p permit, reply *reply, v *decision) {
	if r.c.o.Log == nil {
		return
	}
	waited, why := p.waited, p.reason
	if r.waited > waited {
		why = waitBackoff
	}
	waited += r.waited
	attrs := []slog.Attr{
		slog.Int64("row", r.Row),
		slog.Int("attempt", r.Attempts+max(r.sent, 1)),
		slog.Int("status", reply.status),
		slog.Float64("latency_ms", float64(reply.took.Round(10*time.Microsecond))/float64(time.Millisecond)),
		slog.String("result", v.action.String()),
	}
	if waited > 0 {
		attrs = append(attrs, slog.Int64("wait_ms", waited.Milliseconds()), slog.String("waited_for", string(why)))
	}
	if v.message != "" {
		attrs = append(attrs, slog.String("message", v.message))
	}
	r.c.o.Log.LogAttrs(context.Background(), slog.LevelInfo, "attempt", attrs...)
}

// String is an act's word in the log.
func (a action) String() string {
	switch a {
	case actionAnswer:
		return "answer"
	case actionReject:
		return "rejected"
	case actionNotFound:
		return "absent"
	case actionRetry:
		return "retry"
	case actionExhausted:
		return "exhausted"
	case actionPause:
		return "pause"
	case actionLost:
		return "lost"
	case actionUnusable:
		return "unusable"
	}
	return "stop"
}
