package writer

import (
	"reflect"
	"strings"
)

// A resultRow is what we add to a row of results. The csv tags are the columns that gocsv binds it to, in this order;
// an api tag is the path in the answer, of which this struct is the only list.
type resultRow struct {
	Status  string `csv:"enrich_status"`
	At      string `csv:"enrich_at"`
	Credit  string `csv:"enrich_credit"`
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

	Extra string `csv:"enrich_extra"`
}

// An answer reads bodies into one resultRow, again and again.
type answer struct {
	row    resultRow
	root   node
	fields []field
	extra  []byte
}

// A field is a documented one: where its value goes, and how often it was filled.
type field struct {
	name   string // its column without enrich_
	value  *string
	filled int64
}

func newAnswer() *answer {
	a := &answer{}
	v := reflect.ValueOf(&a.row).Elem()
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		if path := tag.Get("api"); path != "" {
			value := v.Field(i).Addr().Interface().(*string)
			a.root.at(path).leaf = value
			a.fields = append(a.fields, field{name: strings.TrimPrefix(tag.Get("csv"), "enrich_"), value: value})
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
	scan := cursor{text: string(body)}
	if scan.enter() {
		a.root.read(&scan)
	}
	if scan.bad {
		return errNoObject
	}
	for i := range a.fields {
		f := &a.fields[i]
		if strings.TrimSpace(*f.value) != "" {
			f.filled++
		}
	}
	a.row.Extra = ""
	if a.extra = a.root.appendRest(append(a.extra[:0], '{')); len(a.extra) > 1 {
		a.row.Extra = string(append(a.extra, '}'))
	}
	return nil
}

// Shapes of members that are told elsewhere: enrich_credit, enrich_message, or on purpose nowhere.
func everything(string) bool   { return true }
func boolean(value string) bool { return value == "true" || value == "false" }
func text(value string) bool    { return value[0] == '"' }
