// Package allowance has the arithmetic of reservations in blocks.
//
// The runs of a team take calls and credits from a pool in the database. A round trip for each would be slow, so a run takes a
// block and makes its reservations from that. The database grants a total, and never more than the cap for all runs together. What
// a run does with its grant is its own, so a cap is exact however many runs there are, and whenever one dies.
//
// Blocks are as large as a run needs between two exchanges, and smaller the less is left in the pool: near its end a run asks for
// single reservations, and gives back what it has not used, because another run may need it.
package allowance

// Unlimited is the room in a pool without a cap.
const Unlimited = int64(1) << 60

// minElapsed bounds by how much an exchange that comes early overestimates what a run uses.
const minElapsed = 1.0 / 16

// A Pool is a run's share of a pool: it makes reservations from what is granted. The zero value has nothing.
type Pool struct {
	// Unit is what one reservation takes; 0: 1.
	Unit int64

	limit   int64 // what may be taken in total: what was granted, or less if some of it is being given back
	taken   int64
	needed  int64 // by those who wait
	recent  int64 // taken since the last exchange
	use     int64 // taken between two regular exchanges, about
	held    int64 // must not be taken, whatever is granted
	room    int64 // left in the pool after the last exchange
	sharers int64 // how many runs take from the pool
	yields  bool  // another run waits for what is returned
}

func (p *Pool) unit() int64 { return max(p.Unit, 1) }

// Take takes n, if they were granted.
func (p *Pool) Take(n int64) bool {
	if n > p.Stock() {
		return false
	}
	p.taken += n
	p.recent += n
	return true
}

// Return gives n back that were taken.
func (p *Pool) Return(n int64) { p.taken -= n }

// Stock is how much can be taken now.
func (p *Pool) Stock() int64 { return max(0, p.limit-p.taken-p.held) }

// Taken is how much is taken.
func (p *Pool) Taken() int64 { return p.taken }

// Hold keeps n of the stock from being taken, because the pool has less than it knows; 0: none.
func (p *Pool) Hold(n int64) { p.held = n }

// Need says that somebody waits for n; a negative n, that nobody does any more. A reservation may need several pools. If one of
// them has nothing left, the database takes back what is in stock of the others, because two runs could wait for what the other
// one has. So nothing is taken until the exchange has ended.
func (p *Pool) Need(n int64) { p.needed += n }

// Needed is for how much somebody waits.
func (p *Pool) Needed() int64 { return p.needed }

// IsLow reports whether the stock is too low to last until the next exchange. block is the size of the smallest block.
func (p *Pool) IsLow(block int64) bool { return p.Stock() < p.reserve(block)/4 }

// Target returns the total that the run asks for at the next exchange. If it is below what was granted, the rest is given back,
// and must not be taken from now on. elapsed is the time since the last exchange, as a part of that between two regular ones.
func (p *Pool) Target(block int64, elapsed float64) int64 {
	before := p.use
	p.use = int64(float64(p.recent) / max(elapsed, minElapsed))
	if !p.yields { // calls come in bursts, so it is not believed at once that less is used
		p.use = max(p.use, int64(float64(before)*(1-min(1, elapsed)/4)))
	}
	p.recent = 0
	target := p.taken + p.needed + p.reserve(block)
	if p.limit = min(p.limit, target); p.needed > 0 { // all of the stock may be given back: see Need
		p.limit = p.taken
	}
	return target
}

// reserve is the stock to have after an exchange: what is used between two of them, but at least block, and no more than a part
// of what is left.
func (p *Pool) reserve(block int64) int64 {
	n := 2 * max(p.use, p.recent)
	if !p.yields {
		n = max(n, block*p.unit())
	}
	if p.room < Unlimited/2 {
		n = min(n, max(0, p.room+p.limit-p.taken)/(4*max(p.sharers, 1)))
	}
	return n / p.unit() * p.unit()
}

// Yield says whether another run waits for what this one may return: then it keeps only what it uses.
func (p *Pool) Yield(yields bool) { p.yields = yields }

// Grant takes the result of an exchange: how much was granted in total, what is left in the pool, and how many runs take from it.
func (p *Pool) Grant(total, room, sharers int64) {
	p.limit, p.room, p.sharers = total, room, sharers
}

// Final returns the total that the run keeps when it ends.
func (p *Pool) Final() int64 {
	p.limit = p.taken
	return p.taken
}
