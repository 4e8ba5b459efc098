package pipeline

import (
	"maps"
	"sync"

	"enrich/contact"
)

// awaitedContacts are the contacts of the input that other runs have: claimed, or in a bulk job. They are few: what other runs
// have in flight.
type awaitedContacts struct {
	mu       sync.Mutex
	contacts map[contact.Key]awaitedContact
	// overdue are those that were waited for as long as the run may.
	overdue map[contact.Key]awaitedContact
}

type awaitedContact struct {
	keys  contact.Keys
	inJob bool
}

func (s *awaitedContacts) add(k contact.Key, c awaitedContact) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.contacts == nil {
		s.contacts = map[contact.Key]awaitedContact{}
	}
	s.contacts[k] = c
}

func (s *awaitedContacts) has(k contact.Key) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, found := s.contacts[k]
	return found
}

// count returns how many are claimed, and how many in jobs.
func (s *awaitedContacts) count() (claimed, inJobs int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.contacts {
		if c.inJob {
			inJobs++
		} else {
			claimed++
		}
	}
	return claimed, inJobs
}

// batches yields the contacts in batches.
func (s *awaitedContacts) batches(yield func(batch []awaitedContact) bool) {
	s.mu.Lock()
	var list []awaitedContact
	for _, c := range s.contacts {
		list = append(list, c)
	}
	s.mu.Unlock()
	for len(list) > 0 {
		n := min(len(list), batchRows)
		if !yield(list[:n]) {
			return
		}
		list = list[n:]
	}
}

func (s *awaitedContacts) remove(k contact.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.contacts, k)
}

// giveUp ends the wait for those that are left.
func (s *awaitedContacts) giveUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.overdue == nil {
		s.overdue = map[contact.Key]awaitedContact{}
	}
	maps.Copy(s.overdue, s.contacts)
	s.contacts = nil
}

// reopen takes those back that were given up, to look at them once more.
func (s *awaitedContacts) reopen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.contacts == nil {
		s.contacts = map[contact.Key]awaitedContact{}
	}
	maps.Copy(s.contacts, s.overdue)
	s.overdue = nil
}

// reset forgets all: another round begins, and the run that has their rows then looks at them again.
func (s *awaitedContacts) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.contacts, s.overdue = nil, nil
}
