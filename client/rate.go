package client

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Rate is how many calls may be made at most in any span of time; the zero Rate is none.
type Rate struct {
	calls int
	per   time.Duration
}

// maxRate bounds the calls of a rate: above it a limit is none.
const maxRate = 1_000_000_000

// ParseRate reads a number of calls a second, minute or hour: 10/s, 300/m, 5000/h; "" is none.
func ParseRate(s string) (Rate, error) {
	if s == "" {
		return Rate{}, nil
	}
	number, unit, _ := strings.Cut(s, "/")
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	if per == 0 {
		return Rate{}, errors.New("expected a number of calls a second, minute or hour, such as 10/s, 300/m or 5000/h")
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil || n == 0 || n > maxRate {
		return Rate{}, fmt.Errorf("expected a whole number from 1 to %d before the slash", maxRate)
	}
	return Rate{int(n), per}, nil
}

// PerSecond is the rate as calls a second; 0: none.
func (r Rate) PerSecond() float64 {
	if r.per == 0 {
		return 0
	}
	return float64(r.calls) / r.per.Seconds()
}
