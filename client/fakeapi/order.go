package fakeapi

import (
	"fmt"
	"strconv"
	"strings"
)

// An order is a kind, with its argument, that applies to a call.
type order struct {
	kind *kind
	// arg is what follows the kind's name, such as 300ms.
	arg string
	// count is to how many calls of a contact it applies; 0: to all.
	count int64
	name  string // as it was written, without the count
}

// parseOrder parses an order such as 500, 500x2, slow300ms or 429ra3x1. It returns false if the text is not an order that fits.
func parseOrder(text string, where places) (order, bool) {
	o := order{name: text}
	if i := strings.LastIndexByte(text, 'x'); i > 0 {
		if n, err := strconv.ParseInt(text[i+1:], 10, 32); err == nil && n > 0 {
			o.name, o.count = text[:i], n
		}
	}
	for i := range kinds {
		k := &kinds[i]
		arg, ok := strings.CutPrefix(o.name, k.Name)
		if k.status != nil {
			arg, ok = o.name, true
		}
		if ok && k.fits(where) && k.takes(arg) && (o.kind == nil || len(k.Name) > len(o.kind.Name)) {
			o.kind, o.arg = k, arg
		}
	}
	return o, o.kind != nil
}

// ordersOf parses the tags of an address: the text after each plus sign before the @.
func ordersOf(address string) []order {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return nil
	}
	_, tags, found := strings.Cut(address[:at], "+")
	if !found {
		return nil
	}
	var orders []order
	for tag := range strings.SplitSeq(tags, "+") {
		if o, ok := parseOrder(tag, onContact); ok {
			orders = append(orders, o)
		}
	}
	return orders
}

// counted reports whether an order depends on the number of a contact's calls.
func counted(orders []order) bool {
	for _, o := range orders {
		if o.count > 0 {
			return true
		}
	}
	return false
}

// current returns the order that applies to a contact's call number turn, or nil. Each order applies to as many calls as its count
// says, then the next one follows.
func current(orders []order, turn int64) *order {
	for i := range orders {
		if o := &orders[i]; o.count == 0 || turn <= o.count {
			return o
		}
		turn -= orders[i].count
	}
	return nil
}

// A fault is a Fault with its kinds parsed.
type fault struct {
	Fault
	orders []order
}

func prepare(faults []Fault, where places) ([]fault, error) {
	var prepared []fault
	for _, f := range faults {
		p := fault{Fault: f}
		for _, text := range f.Kinds {
			o, ok := parseOrder(strings.ToLower(text), where)
			if !ok {
				return nil, fmt.Errorf("unknown fault %q", text)
			}
			p.orders = append(p.orders, o)
		}
		if len(p.orders) == 0 || f.After < 0 || f.First < 0 || f.Every < 0 || !(f.Share >= 0 && f.Share <= 1) {
			return nil, fmt.Errorf("fault %q: expected a kind, counts that are not negative and a share from 0 to 1", f.Kinds)
		}
		prepared = append(prepared, p)
	}
	return prepared, nil
}

// at returns what the fault does to call number n, which is number turn of its contact, or nil. roll is a hash of the call.
func (f *fault) at(n, turn int64, roll uint64) *order {
	k := n - f.After
	switch {
	case k <= 0, f.First > 0 && k > f.First, f.Every > 1 && k%f.Every != 0, f.Share > 0 && share(roll) >= f.Share:
		return nil
	}
	o := &f.orders[mix(roll)%uint64(len(f.orders))]
	if o.count > 0 && turn > o.count {
		return nil
	}
	return o
}

// share maps a hash to [0, 1).
func share(hash uint64) float64 { return float64(hash>>11) / (1 << 53) }

// mix is the last step of splitmix64: similar inputs get different hashes.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// hashOf is FNV-1a, mixed.
func hashOf(s string, seed int64) uint64 {
	h := uint64(14695981039346656037) ^ uint64(seed)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}
