package client

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"enrich/client/internal/jobresults"
	"enrich/contact"
)

// Constants are fields that are the same in every request (--set). The zero value has none.
type Constants struct {
	members []byte // the members of the object, sorted by name; nil: none
}

// JSON returns the constants as an object with its members sorted by name; nil if there are none.
func (c Constants) JSON() []byte {
	if len(c.members) == 0 {
		return nil
	}
	return append(append([]byte{'{'}, c.members...), '}')
}

// ParseConstants parses NAME=VALUE settings. Dots nest: metadata.mobile_phone_exists=true. A value that is a JSON scalar
// (true, false, null, a number or a quoted string) is sent as such; any other value is sent as a string.
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
		if path[0] == "custom_fields" && (len(path) < 2 || path[1] == jobresults.IDField) {
			return Constants{}, fmt.Errorf("%q: enrich needs this field for bulk jobs; set custom_fields.OTHER_NAME", name)
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

// literal returns the JSON scalar in s, or s itself as a string if it is not one.
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

// appendRequest appends the body of a request: the contact's fields in the order of contact.Fields without the empty ones,
// then the constants.
func appendRequest(b []byte, c *contact.Contact, emailAs string, constants Constants) []byte {
	b = append(b, '{')
	start := len(b)
	b = c.AppendMembers(b, emailAs)
	if len(constants.members) > 0 {
		if len(b) > start {
			b = append(b, ',')
		}
		b = append(b, constants.members...)
	}
	return append(b, '}')
}
