package schedule

import "time"

// drift is how far two clocks may move apart in a second, in parts of a second: an old estimate loses to a newer one.
const drift = 100e-6

// A Clock estimates when a moment of the database's clock is on this machine's monotonic clock. It does not compare the two
// clocks: only times of the database that were read in an exchange are converted, so clocks that are hours apart do no harm.
//
// The estimate is that of the exchange with the shortest round trip so far. It is wrong by at most half of that. If the
// database's clock is set, or another server takes over, the next exchange contradicts the estimate and replaces it.
type Clock struct {
	local, remote time.Time // the same moment
	off           time.Duration
}

// Sample takes an exchange with the database: when it was sent and received here, and what the database's clock said meanwhile.
func (c *Clock) Sample(sent, received, remote time.Time) {
	off := received.Sub(sent) / 2
	middle := sent.Add(off)
	if !c.local.IsZero() {
		aged := c.off + time.Duration(float64(middle.Sub(c.local))*drift)
		if off > aged && middle.Sub(c.Local(remote)).Abs() <= off+aged {
			return
		}
	}
	c.local, c.remote, c.off = middle, remote, off
}

// Local returns when a moment of the database's clock is here.
func (c *Clock) Local(remote time.Time) time.Time { return c.local.Add(remote.Sub(c.remote)) }
