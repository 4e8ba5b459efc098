package writer

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"enrich/contact"
	"enrich/internal/columns"
)

// A ResultRecord has the columns that enrich adds to a row of results, in their order. [gocsv] reads a results file into structs
// that embed it next to the input's own columns:
//
//	type lead struct {
//		contact.Contact // columns named email, first_name, …
//		writer.ResultRecord
//	}
//
// The api tag of a field is its path in the API's answer. This struct is the only list of columns and paths.
//
// [gocsv]: https://pkg.go.dev/github.com/gocarina/gocsv
type ResultRecord struct {
	// Status is matched or no_match.
	Status string `csv:"enrich_status"`
	// At is when the answer came, in UTC and in whole seconds.
	At time.Time `csv:"enrich_at"`
	// Credit is true in the first row of a contact that was charged, so that it can be summed.
	Credit bool `csv:"enrich_credit"`
	// Message is the API's contact.error.
	Message string `csv:"enrich_message"`

	FirstName              string `csv:"enrich_first_name" api:"contact.first_name"`
	LastName               string `csv:"enrich_last_name" api:"contact.last_name"`
	Email                  string `csv:"enrich_email" api:"contact.email"`
	OfficePhone            string `csv:"enrich_office_phone" api:"contact.office_phone"`
	MobilePhone            string `csv:"enrich_mobile_phone" api:"contact.mobile_phone"`
	Country                string `csv:"enrich_location_country" api:"contact.location.country"`
	State                  string `csv:"enrich_location_state" api:"contact.location.state"`
	ZipCode                string `csv:"enrich_location_zip_code" api:"contact.location.zip_code"`
	Title                  string `csv:"enrich_title" api:"contact.title"`
	JobLevel               string `csv:"enrich_job_level" api:"contact.job_level"`
	Department             string `csv:"enrich_department" api:"contact.department"`
	LinkedIn               string `csv:"enrich_linkedin" api:"contact.linkedin"`
	CompanyName            string `csv:"enrich_company_name" api:"contact.company.name"`
	CompanyDescription     string `csv:"enrich_company_description" api:"contact.company.description"`
	CompanyWebsite         string `csv:"enrich_company_website" api:"contact.company.website"`
	CompanyEmployees       string `csv:"enrich_company_employees_category" api:"contact.company.employees_category"`
	CompanyRevenue         string `csv:"enrich_company_revenue_category" api:"contact.company.revenue_category"`
	CompanyLocationCountry string `csv:"enrich_company_location_country" api:"contact.company.location.country"`
	CompanyLocationState   string `csv:"enrich_company_location_state" api:"contact.company.location.state"`
	CompanyLocationZipCode string `csv:"enrich_company_location_zip_code" api:"contact.company.location.zip_code"`

	// Extra is a JSON object of all other fields of the answer, or "".
	Extra string `csv:"enrich_extra"`
}

// A FailureRecord has the columns that enrich adds to a row of failures, in their order. It is used like [ResultRecord].
type FailureRecord struct {
	Kind contact.Failure `csv:"enrich_error_kind"`
	// Status is the HTTP status of the last response; 0 if there was none: then the cell is empty.
	Status   int    `csv:"enrich_error_status"`
	Message  string `csv:"enrich_error_message"`
	Attempts int    `csv:"enrich_error_attempts"`
	// Extra is a JSON array of strings: the cells beyond the header or, for a line that is not a JSON object, its text. It is ""
	// if there are none.
	Extra string `csv:"enrich_error_extra"`
}

// ResultColumns returns the columns of a [ResultRecord].
func ResultColumns() []string { return tags(reflect.TypeFor[ResultRecord](), "csv") }

// Fields returns the names of the columns of a [ResultRecord] that [Options.Fields] may choose, without enrich_: the documented
// fields of the answer, and extra.
func Fields() []string {
	names := ResultColumns()[messageColumn+1:]
	for i, name := range names {
		names[i] = strings.TrimPrefix(name, columns.Prefix)
	}
	return names
}

// chosenColumns returns the indexes among [ResultColumns] of the columns that a results file has: those that are not a field, then
// the chosen fields.
func chosenColumns(fields []string) ([]int, error) {
	var chosen []int
	for i := range messageColumn + 1 {
		chosen = append(chosen, i)
	}
	all := Fields()
	for _, name := range fields {
		i := slices.Index(all, name)
		if i < 0 {
			return nil, fmt.Errorf("%q is not a field of an answer", name)
		}
		chosen = append(chosen, messageColumn+1+i)
	}
	return chosen, nil
}

// FailureColumns returns the columns of a [FailureRecord].
func FailureColumns() []string { return tags(reflect.TypeFor[FailureRecord](), "csv") }

// tags returns a tag of each field of a struct.
func tags(record reflect.Type, key string) []string {
	values := make([]string, record.NumField())
	for i := range values {
		values[i] = record.Field(i).Tag.Get(key)
	}
	return values
}

// The columns of a result that are not a field of the answer.
const (
	statusColumn = iota
	atColumn
	creditColumn
	messageColumn
)

// The columns of a failure.
const (
	errorKindColumn = iota
	errorStatusColumn
	errorMessageColumn
	errorAttemptsColumn
	errorExtraColumn
)
