package client

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"enrich/contact"
)

// Constants are fields that every request has alike (--set). The zero value is none.
type Constants struct {
	body []byte // what stands inside the object's braces, in a canonical order; nil: nothing
}

// JSON is the constants as an object, in one order and spelling whatever order they were given in; empty for none.
func (c Constants) JSON() []byte {
	if len(c.body) == 0 {
		return nil
	}
	return append(append([]byte{'{'}, c.body...), '}')
}

// ParseConstants reads NAME=VALUE, nested by dots: metadata.mobile_phone_exists=true. A value that is true, false,
// null or a number is sent as that; everything else, also what stands in double quotes, as a string.
func ParseConstants(settings []string) (Constants, error) {
	root := map[string]any{}
	for _, s := range settings {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return Constants{}, fmt.Errorf("%q: expected NAME=VALUE, such as metadata.mobile_phone_enrichment=true", s)
		}
		path := strings.Split(name, ".")
		if slices.Contains(path, "") {
			return Constants{}, fmt.Errorf("%q: a part of the name is empty", name)
		}
		if slices.Contains(contact.Fields(), contact.Field(path[0])) || path[0] == "business_email" {
			return Constants{}, fmt.Errorf("%q is a field that comes from the input: map a column to it with --map", path[0])
		}
		if err := put(root, path, literal(value)); err != nil {
			return Constants{}, fmt.Errorf("%q: %w", name, err)
		}
	}
	if len(root) == 0 {
		return Constants{}, nil
	}
	b, err := json.Marshal(root) // sorts the names
	if err != nil {
		return Constants{}, err
	}
	return Constants{b[1 : len(b)-1]}, nil
}

func put(m map[string]any, path []string, value any) error {
	for _, name := range path[:len(path)-1] {
		switch next := m[name].(type) {
		case nil:
			inner := map[string]any{}
			m[name], m = inner, inner
		case map[string]any:
			m = next
		default:
			return fmt.Errorf("%q already has a value", name)
		}
	}
	last := path[len(path)-1]
	if _, twice := m[last]; twice {
		return fmt.Errorf("%q is given twice", last)
	}
	m[last] = value
	return nil
}

// literal returns the JSON scalar that s is, with or without white space around it; otherwise s itself as a string.
func literal(s string) any {
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		return s
	}
	switch v.(type) {
	case map[string]any, []any:
		return s
	case float64:
		return json.Number(strings.TrimSpace(s)) // a number with white space around it is not a valid json.Number
	}
	return v
}
