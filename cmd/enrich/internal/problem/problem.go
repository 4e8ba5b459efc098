// Package problem describes errors for people and for programs.
//
// People read the text of an error. Programs read its parts: a code that never changes its meaning, the flag that is at
// fault, what happened, and what to do. An [Error] has both, and keeps them when it is wrapped with %w. [Of] takes the parts
// from any error; what no [Error] says is left empty, for the caller to complete.
//
// The package has no list of codes. They are in doc/errors.md.
package problem

import (
	"errors"
	"strings"
)

// A Problem is an error in parts.
type Problem struct {
	Code    string // one word, with underscores; "" if unknown
	Flag    string // without dashes, or as it was typed; "" if no flag is at fault
	Message string // what happened
	Advice  string // what to do; "" if unknown
}

// An Error is a Problem as an error. Its text is the message and the advice.
type Error struct {
	Problem
	separator string // between the message and the advice
	cause     error  // may be nil
}

// New returns a Problem as an error. A colon separates its advice.
func New(p Problem) error { return Join(p, ": ") }

// Join is New with another separator.
func Join(p Problem, separator string) error { return &Error{p, separator, nil} }

// Wrap returns an error that keeps cause, whose text is the message, and adds what is known about it. A flag becomes a
// part of the message: "--flag: cause". It returns nil for a nil cause.
func Wrap(cause error, code, flag, advice string) error {
	if cause == nil {
		return nil
	}
	message := cause.Error()
	if flag != "" {
		message = "--" + flag + ": " + message
	}
	return &Error{Problem{code, flag, message, advice}, ": ", cause}
}

func (e *Error) Error() string {
	if e.Advice == "" {
		return e.Message
	}
	return e.Message + e.separator + e.Advice
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Of returns the parts of an error. The outermost Error that has a code, a flag or an advice gives it. The message is the
// whole text without the advice at its end.
func Of(err error) Problem {
	p := Problem{Message: err.Error()}
	for e := (*Error)(nil); errors.As(err, &e); err = e.cause {
		p.Code, p.Flag = first(p.Code, e.Code), first(p.Flag, e.Flag)
		if p.Advice == "" && e.Advice != "" {
			if message, last := strings.CutSuffix(p.Message, e.separator+e.Advice); last {
				p.Message = message
			}
			p.Advice = e.Advice
		}
		if e.cause == nil {
			break
		}
	}
	return p
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
