package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"enrich/internal/columns"
	"enrich/writer"
)

// A FieldList is a flag that takes fields of the answer, separated by commas, with or without the enrich_ of their columns.
type FieldList struct{ Value *[]string }

// Type implements [pflag.Value].
func (FieldList) Type() string { return "LIST" }

func (l FieldList) String() string {
	if l.Value == nil {
		return ""
	}
	return strings.Join(*l.Value, ",")
}

// Set implements [pflag.Value]. A flag that is repeated continues the list.
func (l FieldList) Set(text string) error {
	for _, name := range strings.Split(text, ",") {
		name = strings.TrimPrefix(strings.TrimSpace(name), columns.Prefix)
		if err := checkField(name, *l.Value); err != nil {
			return fmt.Errorf("%w (the fields are %s)", err, strings.Join(writer.Fields(), ", "))
		}
		*l.Value = append(*l.Value, name)
	}
	return nil
}

// checkField returns an error if a name cannot be added to a list of fields.
func checkField(name string, before []string) error {
	all := writer.Fields()
	switch {
	case name == "":
		return errors.New("expected names of fields, separated by commas")
	case slices.Contains(before, name):
		return fmt.Errorf("%s is given twice", name)
	case slices.Contains(all, name):
		return nil
	case slices.Contains(writer.ResultColumns(), columns.Prefix+name):
		return fmt.Errorf("%s is always written, before the fields: leave it out", columns.Prefix+name)
	}
	if near := Nearest(name, all); near != "" {
		return fmt.Errorf("unknown field %q: did you mean %s?", name, near)
	}
	return fmt.Errorf("unknown field %q", name)
}
