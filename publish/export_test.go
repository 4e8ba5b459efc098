package publish

// Inject makes operations of a set fail, or the process end in them.
func (s *Set) Inject(f func(operation, path string) error) { s.inject = f }
