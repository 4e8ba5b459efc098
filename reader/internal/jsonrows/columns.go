package jsonrows

// The members of all rows together are the columns of a CSV that is made of them. More are no lead list; each would cost
// memory for the whole run.
const (
	maxMembers     = 4096    // different names
	maxMemberBytes = 1 << 20 // of all names together
)

// A memberSet is the names of the members seen so far, in order of first appearance.
type memberSet struct {
	names []string
	at    map[string]int
	bytes int
	guess int // where the next name is looked for first: rows mostly have the same members in the same order
}

func newMemberSet(names []string) *memberSet {
	s := &memberSet{at: map[string]int{}}
	for _, name := range names {
		if _, known := s.at[name]; !known {
			s.add(name)
		}
	}
	return s
}

// find returns the place of a name, or -1.
func (s *memberSet) find(name string) int {
	if s.guess < len(s.names) && s.names[s.guess] == name {
		s.guess++
		return s.guess - 1
	}
	at, known := s.at[name]
	if !known {
		return -1
	}
	s.guess = at + 1
	return at
}

func (s *memberSet) add(name string) int {
	at := len(s.names)
	s.names, s.at[name] = append(s.names, name), at
	s.bytes += len(name)
	return at
}

// full says whether there are more names than may be.
func (s *memberSet) full() bool { return len(s.names) > maxMembers || s.bytes > maxMemberBytes }

// truncate takes back all names from n on.
func (s *memberSet) truncate(n int) {
	for _, name := range s.names[n:] {
		delete(s.at, name)
		s.bytes -= len(name)
	}
	s.names = s.names[:n]
}
