package client

import (
	"context"
	"log/slog"
	"time"
)

// log tells of one attempt: never the key, which is in nothing that is logged, nor control characters, which bounded took off.
func (r *row) log(p permit, reply *reply, v *verdict) {
	if r.c.o.Log == nil {
		return
	}
	waited, why := p.waited, p.why
	if r.waited > waited {
		why = waitBackoff
	}
	waited += r.waited
	attrs := []slog.Attr{
		slog.Int64("row", r.ticket.Row),
		slog.Int("attempt", r.ticket.Attempts+max(r.sent, 1)),
		slog.Int("status", reply.status),
		slog.Float64("latency_ms", float64(reply.took.Round(10*time.Microsecond))/float64(time.Millisecond)),
		slog.String("result", v.act.String()),
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
func (a act) String() string {
	switch a {
	case actAnswer:
		return "answer"
	case actReject:
		return "rejected"
	case actAbsent:
		return "absent"
	case actRetry:
		return "retry"
	case actExhaust:
		return "exhausted"
	case actPause:
		return "pause"
	case actLost:
		return "lost"
	case actSpoilt:
		return "unusable"
	}
	return "stop"
}
