package client

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Rate is the maximum number of calls in any span of a length of time. The zero Rate means no limit.
type Rate struct {
	calls int
	per   time.Duration
}

// maxRate bounds the calls of a rate: a higher limit is as good as none.
const maxRate = 1_000_000_000

// ParseRate parses a number of calls per second, minute or hour: 10/s, 300/m, 5000/h. "" is the zero Rate.
func ParseRate(s string) (Rate, error) {
	if s == "" {
		return Rate{}, nil
	}
	number, unit, _ := strings.Cut(s, "/")
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	if per == 0 {
		return Rate{}, errors.New("expected a number of calls per second, minute or hour, such as 10/s, 300/m or 5000/h")
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil || n == 0 || n > maxRate {
		return Rate{}, fmt.Errorf("expected a whole number from 1 to %d before the slash", maxRate)
	}
	return Rate{int(n), per}, nil
}

// Calls returns the number of calls and the length of time; zero: no limit.
func (r Rate) Calls() (calls int, per time.Duration) { return r.calls, r.per }

// PerSecond returns the rate in calls per second; 0: no limit.
func (r Rate) PerSecond() float64 {
	if r.per == 0 {
		return 0
	}
	return float64(r.calls) / r.per.Seconds()
}
