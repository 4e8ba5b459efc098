package jsonscan

import (
	"iter"
	"strconv"
)

// Members are the members of an object in their order, duplicates included: the unquoted names and the values. They end where
// the text is not valid; a value of another type has none.
func Members[T Text](object T) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		var s Scanner[T]
		s.Reset(object, MaxDepth)
		s.Object()
		for name, ok := s.Member(); ok; name, ok = s.Member() {
			if value := s.Value(); s.status != Valid || !yield(string(name), value) {
				return
			}
		}
	}
}

// Elements are the elements of an array, in their order. They end where the text is not valid; a value of another type has
// none.
func Elements[T Text](array T) iter.Seq[T] {
	return func(yield func(T) bool) {
		var s Scanner[T]
		s.Reset(array, MaxDepth)
		for s.Array(); s.Element(); {
			if value := s.Value(); s.status != Valid || !yield(value) {
				return
			}
		}
	}
}

// Scalars are all strings, numbers and literals in a valid value, however deep, in their order. isName says that one is the
// name of a member.
func Scalars[T Text](value T) iter.Seq2[T, bool] {
	return func(yield func(scalar T, isName bool) bool) {
		var s Scanner[T]
		s.Reset(value, MaxDepth)
		for b := s.Peek(); b != 0 && s.status == Valid; b = s.Peek() {
			from := s.at
			switch b {
			case '{', '}', '[', ']', ',', ':':
				s.at++
				continue
			}
			s.begin()
			scalar := value[from:s.at]
			if s.status == Valid && !yield(scalar, b == '"' && s.Peek() == ':') {
				return
			}
		}
	}
}

// Get returns the value at a path of member names below a value; empty if there is none. In an array the name is an index,
// from 0. Of duplicate members the last one counts.
func Get[T Text](value T, path ...string) T {
	for _, name := range path {
		value = child(value, name)
	}
	return value
}

func child[T Text](value T, name string) (found T) {
	for n, v := range Members(value) {
		if n == name {
			found = v
		}
	}
	n := 0
	for v := range Elements(value) {
		if strconv.Itoa(n) == name {
			return v
		}
		n++
	}
	return found
}

// IsObject reports whether a text is one valid object, with nothing but white space around it.
func IsObject[T Text](text T) bool {
	var s Scanner[T]
	s.Reset(text, MaxDepth)
	isObject := s.Peek() == '{'
	s.Value()
	return isObject && s.End()
}

// IsContainer reports whether a value is an object or an array.
func IsContainer[T Text](value T) bool {
	return len(value) > 0 && (value[0] == '{' || value[0] == '[')
}
