package pipeline

import (
	"fmt"

	"enrich/contact"
)

// A scope is which rows of the input a pass looks at. The zero scope is all of them.
type scope struct {
	share *share                   // the chunks of this run; nil: all rows
	only  map[contact.Key]struct{} // the contacts; nil: all
	again bool                     // an earlier pass has read the input
}

// has reports whether a contact is in the scope.
func (s *scope) has(k contact.Key) bool {
	if s.only == nil {
		return true
	}
	_, found := s.only[k]
	return found
}

// A share is the chunks of a work that are this run's in one round. Chunks are only a hint: a contact of another chunk may be
// sent too, because it must be claimed first.
type share struct {
	*askPass
	row   int64 // of the input, from 0: the next one
	chunk int64 // the latest that was taken; -1: none
	over  bool  // no more chunks are taken
}

func newShare(p *askPass) *share {
	if p.Work == nil {
		return nil
	}
	return &share{askPass: p, chunk: -1}
}

// next reports whether the next row is this run's. Every run looks at the rows beyond --limit until it has found one that the
// limit leaves unsent.
func (s *share) next() (mine bool, err error) {
	row := s.row
	s.row++
	if s.Limit > 0 && row >= s.Limit {
		return !s.unsent, nil
	}
	if s.over || row < (s.chunk+1)*ChunkRows {
		return !s.over && row >= s.chunk*ChunkRows, nil
	}
	if s.over = s.isOver(); s.over {
		return false, nil
	}
	chunk, err := s.Work.Take(s.stop.soft)
	switch {
	case err != nil && s.stop.stopped():
		s.over = true
		return false, nil
	case err != nil:
		return false, fmt.Errorf("take rows of the input: %w", err)
	case row >= (chunk+1)*ChunkRows: // its rows were read already, and nobody would send them
		return false, fmt.Errorf("internal error, please report it: chunk %d was handed out at row %d", chunk, row)
	}
	s.chunk = chunk
	return row >= chunk*ChunkRows, nil
}
