package writer

import (
	"reflect"
	"strings"
)

// A resultRow is what we add to a row of results. The csv tags are the columns that gocsv binds it to, in this order;
// an api tag is the path in the answer, of which this struct is the only list.
type resultRow struct {
	Status  cell `csv:"enrich_status"`
	At      cell `csv:"enrich_at"`
	Credit  cell `csv:"enrich_credit"`
	Message cell `csv:"enrich_message"`

	FirstName              cell `csv:"enrich_first_name" api:"contact.first_name"`
	LastName               cell `csv:"enrich_last_name" api:"contact.last_name"`
	Email                  cell `csv:"enrich_email" api:"contact.email"`
	OfficePhone            cell `csv:"enrich_office_phone" api:"contact.office_phone"`
	MobilePhone            cell `csv:"enrich_mobile_phone" api:"contact.mobile_phone"`
	Country                cell `csv:"enrich_location_country" api:"contact.location.country"`
	State                  cell `csv:"enrich_location_state" api:"contact.location.state"`
	ZipCode                cell `csv:"enrich_location_zip_code" api:"contact.location.zip_code"`
	Title                  cell `csv:"enrich_title" api:"contact.title"`
	JobLevel               cell `csv:"enrich_job_level" api:"contact.job_level"`
	Department             cell `csv:"enrich_department" api:"contact.department"`
	LinkedIn               cell `csv:"enrich_linkedin" api:"contact.linkedin"`
	CompanyName            cell `csv:"enrich_company_name" api:"contact.company.name"`
	CompanyDescription     cell `csv:"enrich_company_description" api:"contact.company.description"`
	CompanyWebsite         cell `csv:"enrich_company_website" api:"contact.company.website"`
	CompanyEmployees       cell `csv:"enrich_company_employees_category" api:"contact.company.employees_category"`
	CompanyRevenue         cell `csv:"enrich_company_revenue_category" api:"contact.company.revenue_category"`
	CompanyLocationCountry cell `csv:"enrich_company_location_country" api:"contact.company.location.country"`
	CompanyLocationState   cell `csv:"enrich_company_location_state" api:"contact.company.location.state"`
	CompanyLocationZipCode cell `csv:"enrich_company_location_zip_code" api:"contact.company.location.zip_code"`

	Extra cell `csv:"enrich_extra"`
}

// An answer reads bodies into one resultRow, again and again.
type answer struct {
	row    resultRow
	cells  []cell // the row's, in the order of its columns
	root   node
	fields []field
	rest   []byte // reused
}

// A field is a documented one: where its value goes, and how often it was filled.
type field struct {
	name   string // its column without enrich_
	value  cell
	filled int64
}

func newAnswer() *answer {
	a := &answer{}
	a.cells = fillCells(&a.row)
	v := reflect.ValueOf(a.row)
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		if path := tag.Get("api"); path != "" {
			f := field{name: strings.TrimPrefix(tag.Get("csv"), "enrich_"), value: v.Field(i).Interface().(cell)}
			a.root.at(path).leaf = f.value.text
			a.fields = append(a.fields, f)
		}
	}
	a.root.at("remaining_credits").told = everything
	a.root.at("contact.remaining_credits").told = everything
	a.root.at("contact.credit_charged").told = boolean
	a.root.at("contact.error").told = text
	return a
}

// read fills the row's fields and Extra from a body, and counts what was filled.
func (a *answer) read(body []byte) error {
	a.root.reset()
	scan := cursor{text: string(body)}
	if scan.enter() {
		a.root.read(&scan)
	}
	if !scan.ended() {
		return errNoObject
	}
	for i := range a.fields {
		if f := &a.fields[i]; strings.TrimSpace(*f.value.text) != "" {
			f.filled++
		}
	}
	extra := ""
	if a.rest = a.root.appendRest(append(a.rest[:0], '{')); len(a.rest) > 1 {
		extra = string(append(a.rest, '}'))
	}
	a.row.Extra.set(extra)
	return nil
}

// Shapes of members that are told elsewhere: enrich_credit, enrich_message, or on purpose nowhere.
func everything(string) bool    { return true }
func boolean(value string) bool { return value == "true" || value == "false" }
func text(value string) bool    { return value[0] == '"' }
