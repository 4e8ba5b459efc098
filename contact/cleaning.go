package contact

import (
	"slices"
	"strings"
)

// mostExamples is how many examples are kept of each kind.
const mostExamples = 3

// Cleaning counts what cleaning changed in the rows of an input, by kind, with examples. Its zero value is ready to use.
type Cleaning struct{ kinds []Cleaned }

// Cleaned is one kind of change.
type Cleaned struct {
	// Kind is "trimmed", "emptied", "address", "host", "page" or "name".
	Kind     string    `json:"kind"`
	Cells    int64     `json:"cells"`
	Examples []Example `json:"examples"`
}

// An Example is a cell as it is in the input and as it is sent; of a full name, both parts are.
type Example struct {
	Cell string   `json:"cell"`
	Sent []string `json:"sent"`
}

// Kinds lists what was changed, in the order of the fields in [Cleaned].
func (c *Cleaning) Kinds() []Cleaned {
	if c == nil {
		return nil
	}
	var found []Cleaned
	for _, kind := range [...]string{"trimmed", "emptied", "address", "host", "page", "name"} {
		if i := c.find(kind); i >= 0 {
			found = append(found, c.kinds[i])
		}
	}
	return found
}

// Note counts the changes of one row: its cells, its full name, and the contact that [Contact.Clean] made of them.
func (c *Cleaning) Note(cells *Contact, fullName string, sent *Contact, split bool) {
	if !split && *sent == *cells {
		return
	}
	if split {
		c.add("name", fullName, sent.FirstName, sent.LastName)
	}
	for _, f := range [...]Field{Email, FirstName, LastName, CompanyName, CompanyDomain, LinkedInURL} {
		cell, value := cells.Get(f), sent.Get(f)
		if cell == value || split && (f == FirstName || f == LastName) {
			continue
		}
		c.add(kindOf(f, cell, value), cell, value)
	}
}

// kindOf returns the kind of a change.
func kindOf(f Field, cell, value string) string {
	switch bare := squeeze(trim(cell)); {
	case value == bare, value == trim(cell):
		return "trimmed"
	case f == CompanyDomain && value == "" && IsPage(bare):
		return "page"
	case value == "":
		return "emptied"
	case f == Email:
		return "address"
	}
	return "host"
}

func (c *Cleaning) find(kind string) int {
	return slices.IndexFunc(c.kinds, func(k Cleaned) bool { return k.Kind == kind })
}

// add counts a change. An example is cloned, because a row's cells are valid only until the next one is read.
func (c *Cleaning) add(kind, cell string, sent ...string) {
	i := c.find(kind)
	if i < 0 {
		i = len(c.kinds)
		c.kinds = append(c.kinds, Cleaned{Kind: kind, Examples: []Example{}})
	}
	k := &c.kinds[i]
	k.Cells++
	if len(k.Examples) >= mostExamples || slices.ContainsFunc(k.Examples, func(e Example) bool { return e.Cell == cell }) {
		return
	}
	e := Example{Cell: strings.Clone(cell[:min(len(cell), mostExample)])}
	for _, s := range sent {
		e.Sent = append(e.Sent, strings.Clone(s[:min(len(s), mostExample)]))
	}
	k.Examples = append(k.Examples, e)
}

// mostExample bounds an example, in bytes.
const mostExample = 200
