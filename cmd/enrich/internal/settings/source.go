package settings

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// A SourceKind is where the value of a setting comes from, the strongest first.
type SourceKind string

// The kinds of sources.
const (
	FromFlag        SourceKind = "flag"
	FromEnvironment SourceKind = "environment"
	FromFile        SourceKind = "file"
	FromDefault     SourceKind = "default"
)

// A Source is where the value of a setting comes from.
type Source struct {
	Kind SourceKind
	Name string // the flag, the variable, or the path of the file; "" for a default
	Line int    // in the file; 0 elsewhere
}

func (s Source) String() string {
	switch s.Kind {
	case FromFile:
		return fmt.Sprintf("%s, line %d", s.Name, s.Line)
	case FromDefault:
		return "default"
	}
	return s.Name
}

// sourceNote is the annotation of a flag with its source.
const sourceNote = "source"

func setSource(f *pflag.Flag, s Source) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[sourceNote] = []string{string(s.Kind), s.Name, strconv.Itoa(s.Line)}
}

// SourceOf returns the source of a flag's value after [Apply].
func SourceOf(f *pflag.Flag) Source {
	note := f.Annotations[sourceNote]
	if len(note) != 3 {
		return Source{Kind: FromDefault}
	}
	line, _ := strconv.Atoi(note[2]) // setSource wrote it
	return Source{SourceKind(note[0]), note[1], line}
}

// ValueOf returns the value of a flag by its type: a bool, an int64, a float64, a string, or []string for a flag that may be
// repeated; nil for a flag that has no value and no default.
func ValueOf(f *pflag.Flag) any {
	text := f.Value.String()
	switch v := f.Value.(type) {
	case CreditCap:
		if text == "" {
			return nil
		}
		return strings.Split(text, ",")
	case pflag.SliceValue:
		if list := v.GetSlice(); len(list) > 0 {
			return list
		}
		return nil
	}
	if text == "" {
		return nil
	}
	switch typeOf(f) {
	case typeBool:
		return text == "true"
	case typeNumber:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case typeFloat:
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n
		}
	}
	return text
}
