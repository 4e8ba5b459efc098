package report

import (
	"cmp"
	"slices"
	"strings"
)

// A field is one field of the answers, with the number of rows in which it is filled.
type field struct {
	Name, Label string
	N           int64
}

// A fieldGroup is the fields of the person or of the company.
type fieldGroup struct {
	Name string
	// Partial are missing in some rows, the most often missing first; Full are filled in every matched row.
	Partial, Full []field
}

// A fieldTable is what the template needs to draw a list of fields.
type fieldTable struct {
	List    []field
	Matched int64
}

// labels are the names that people use for the API's fields; other names are made readable by [labelOf].
var labels = map[string]string{
	"email": "E-mail address", "linkedin": "LinkedIn profile", "title": "Job title", "location_zip_code": "ZIP code",
	"location_country": "Country", "location_state": "State", "company_location_zip_code": "ZIP code", "company_location_country": "Country",
	"company_location_state": "State", "company_employees_category": "Employees", "company_revenue_category": "Revenue",
}

// labelOf is a field's name for people, without the group that it is in.
func labelOf(name string) string {
	if label, ok := labels[name]; ok {
		return label
	}
	label := strings.ReplaceAll(strings.TrimPrefix(name, companyPrefix), "_", " ")
	if label == "" {
		return name
	}
	return strings.ToUpper(label[:1]) + label[1:]
}

const companyPrefix = "company_"

// groupFields splits the fields into those of the person and those of the company.
func groupFields(counts []Count, matched int64) []fieldGroup {
	person, company := fieldGroup{Name: "Person"}, fieldGroup{Name: "Company"}
	for _, c := range counts {
		group := &person
		if strings.HasPrefix(c.Name, companyPrefix) {
			group = &company
		}
		f := field{Name: c.Name, Label: labelOf(c.Name), N: c.N}
		if c.N >= matched {
			group.Full = append(group.Full, f)
		} else {
			group.Partial = append(group.Partial, f)
		}
	}
	var groups []fieldGroup
	for _, g := range []fieldGroup{person, company} {
		slices.SortStableFunc(g.Partial, func(a, b field) int { return cmp.Compare(a.N, b.N) })
		if len(g.Partial)+len(g.Full) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}
