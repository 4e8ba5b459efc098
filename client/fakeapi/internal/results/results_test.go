package results_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"enrich/client/fakeapi/internal/results"
)

// A list is contacts: m was found, n was not, u is unpaid.
type list string

func (l list) Len() int           { return len(l) }
func (l list) Matched(i int) bool { return l[i] == 'm' }
func (l list) Unpaid(i int) bool  { return l[i] == 'u' }
func (l list) Left() int64        { return 7 }
func (l list) Fields(i int) []byte {
	return fmt.Appendf(nil, `{"enrich_id":"a%d"}`, i)
}

func (l list) Append(b []byte, i int) []byte {
	return fmt.Appendf(b, `{"s":"%c%d"}`, l[i], i)
}

func write(t *testing.T, contacts results.Contacts, o results.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := results.Write(&b, contacts, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func expected() map[string]string {
	const id = `"custom_fields":{"enrich_id":"a%d"}`
	m0, n1, m2, n3 := `{"s":"m0","custom_fields":{"enrich_id":"a0"}}`, `{"custom_fields":{"enrich_id":"a1"},"s":"n1"}`,
		`{"s":"m2","custom_fields":{"enrich_id":"a2"}}`, `{"custom_fields":{"enrich_id":"a3"},"s":"n3"}`
	bare := []string{`{"s":"m0"}`, `{"s":"n1"}`, `{"s":"m2"}`, `{"s":"n3"}`}
	join := func(elements ...string) string { return `{"contacts":[` + strings.Join(elements, ",") + `]}` }
	all := join(m0, n1, m2, n3)
	// fields replaces custom_fields in all elements.
	fields := func(of func(i int) string) string {
		body := all
		for i := range 4 {
			body = strings.Replace(body, fmt.Sprintf(id, i), `"custom_fields":`+of(i), 1)
		}
		return body
	}
	same := func(text string) string { return fields(func(int) string { return text }) }
	text := func(element string) string { return `"` + strings.ReplaceAll(element, `"`, `\"`) + `"` }
	second := func(i int) string {
		return fmt.Sprintf(`{"credit_charged":false,"error":"This is the second element.","custom_fields":{"enrich_id":"a%d"}}`, i)
	}
	return map[string]string{
		"": all, "unknown": all,
		"missnomatch": join(m0, m2), "missmatch": join(n1, n3), "misssome": join(n1, m2), "missall": join(),
		"duplicate": join(m0, second(0), n1, second(1), m2, second(2), n3, second(3)),
		"truncated": `{"contacts":[` + m0 + `,` + n1 + `,` + m2[:len(m2)/2],
		"nofields":  join(bare...), "nofieldssome": join(bare[0], n1, m2, bare[3]),
		"fieldsnull": same("null"), "fieldsempty": same("{}"), "fieldsnumber": same("7"),
		"fieldstext":  fields(func(i int) string { return fmt.Sprintf(`"{\"enrich_id\":\"a%d\"}"`, i) }),
		"fieldsarray": fields(func(i int) string { return fmt.Sprintf(`[{"enrich_id":"a%d"}]`, i) }),
		"fieldsmore":  fields(func(i int) string { return fmt.Sprintf(`{"crm":{"enrich_id":7},"enrich_id":"a%d","source":"api"}`, i) }),
		"upperids":    fields(func(i int) string { return fmt.Sprintf(`{"enrich_id":"A%d"}`, i) }),
		"numberids":   same(`{"enrich_id":12345678901234567890}`), "nullids": same(`{"enrich_id":null}`),
		"contactsobject":  `{"contacts":{"0":` + m0 + `,"1":` + n1 + `,"2":` + m2 + `,"3":` + n3 + `}}`,
		"contactsnull":    `{"contacts":null}`,
		"contactstext":    `{"contacts":"done"}`,
		"contactsnumber":  `{"contacts":17}`,
		"contactsmissing": strings.Replace(all, "contacts", "results", 1),
		"contactstwice":   strings.Replace(all, `"contacts":`, `"contacts":[],"contacts":`, 1),
		"contactslist":    `[` + strings.Join([]string{m0, n1, m2, n3}, ",") + `]`,
		"elementstext":    join(text(m0), text(n1), text(m2), text(n3)),
		"elementsnumber":  join("17", "17", "17", "17"),
		"elementsnull":    join("null", "null", "null", "null"),
		"elementslist":    join("["+m0+"]", "["+n1+"]", "["+m2+"]", "["+n3+"]"),
		"elementssome":    join(text(m0), n1, m2, text(n3)),
		"elementswrapped": join(`{"contact":`+m0+`}`, `{"contact":`+n1+`}`, `{"contact":`+m2+`}`, `{"contact":`+n3+`}`),
		"remaining":       strings.TrimSuffix(all, "}") + `,"remaining_credits":7}`,
		"remainingfirst":  `{"remaining_credits":7,` + all[1:],
		"remaininginside": `{"contacts":[{"s":"m0","custom_fields":{"enrich_id":"a0"},"remaining_credits":7},{"custom_fields":{"enrich_id":"a1"},"s":"n1","remaining_credits":7},` +
			`{"s":"m2","custom_fields":{"enrich_id":"a2"},"remaining_credits":7},{"custom_fields":{"enrich_id":"a3"},"s":"n3","remaining_credits":7}]}`,
		"unpaid": all, "unpaidmissing": all, "unpaidtop": strings.TrimSuffix(all, "}") + `,"error":"You are out of credits.","remaining_credits":0}`,
	}
}

func TestEachFaultChangesTheResultsAsItSays(t *testing.T) {
	want := expected()
	for name, body := range want {
		if got := write(t, list("mnmn"), results.Options{Fault: name}); got != body {
			t.Errorf("%s:\n%s\nexpected\n%s", name, got, body)
		}
	}
	for _, f := range results.Faults() {
		if _, tested := want[f.Name]; !tested && f.Name != "shuffle" && f.Name != "foreign" && f.Name != "otherids" {
			t.Errorf("%s is not tested", f.Name)
		}
		if f.What == "" {
			t.Errorf("%s is not described", f.Name)
		}
	}
}

func TestUnpaidContactsCanBeMissing(t *testing.T) {
	for _, o := range []results.Options{{Fault: "unpaidmissing"}, {SkipUnpaid: true}} {
		if got, want := write(t, list("mu"), o), `{"contacts":[{"s":"m0","custom_fields":{"enrich_id":"a0"}}]}`; got != want {
			t.Errorf("%+v: %s", o, got)
		}
	}
	if got, want := write(t, list("um"), results.Options{Fault: "unpaidtop"}), `{"contacts":[{"custom_fields":{"enrich_id":"a1"},"s":"m1"}],"error":"You are out of credits.","remaining_credits":0}`; got != want {
		t.Error(got)
	}
	if got, want := write(t, list("u"), results.Options{Fault: "unpaid"}), `{"contacts":[{"s":"u0","custom_fields":{"enrich_id":"a0"}}]}`; got != want {
		t.Error(got)
	}
}

// ids returns the ids of the elements in their order.
func ids(t *testing.T, body string) (ids []string) {
	t.Helper()
	var r struct {
		Contacts []struct {
			Fields struct {
				ID string `json:"enrich_id"`
			} `json:"custom_fields"`
		} `json:"contacts"`
	}
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatal(err)
	}
	for _, e := range r.Contacts {
		ids = append(ids, e.Fields.ID)
	}
	return ids
}

func TestRandomFaultsAreTheSameEachTime(t *testing.T) {
	contacts := list(strings.Repeat("mn", 50))
	for _, name := range []string{"shuffle", "foreign", "otherids"} {
		first := write(t, contacts, results.Options{Fault: name, Seed: 3})
		if again := write(t, contacts, results.Options{Fault: name, Seed: 3}); again != first {
			t.Errorf("%s: differs when it is written again", name)
		}
		if other := write(t, contacts, results.Options{Fault: name, Seed: 4}); other == first {
			t.Errorf("%s: another seed changes nothing", name)
		}
	}
}

func TestShuffledForeignAndOtherIDs(t *testing.T) {
	contacts := list(strings.Repeat("mn", 50))
	in := ids(t, write(t, contacts, results.Options{}))
	shuffled := ids(t, write(t, contacts, results.Options{Fault: "shuffle"}))
	if slices.Equal(in, shuffled) {
		t.Error("shuffle: the order is the same")
	}
	slices.Sort(shuffled)
	sorted := slices.Sorted(slices.Values(in))
	if !slices.Equal(shuffled, sorted) {
		t.Error("shuffle: the ids differ")
	}
	known := func(id string) bool { return slices.Contains(in, id) }
	if foreign := ids(t, write(t, contacts, results.Options{Fault: "foreign"})); len(foreign) != 134 || !slices.Equal(slices.DeleteFunc(slices.Clone(foreign), func(id string) bool { return !known(id) }), in) {
		t.Errorf("foreign: %d elements", len(foreign))
	}
	other := ids(t, write(t, contacts, results.Options{Fault: "otherids"}))
	if len(other) != 100 || slices.ContainsFunc(other, known) || len(other[0]) != 32 {
		t.Errorf("otherids: %d elements, first %s", len(other), other[0])
	}
}

type failing struct{ after int }

var errFull = errors.New("full")

func (f *failing) Write(b []byte) (int, error) {
	if f.after -= len(b); f.after < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestAWriteErrorEndsTheResults(t *testing.T) {
	whole := len(write(t, list("mnmn"), results.Options{}))
	for n := range whole {
		if err := results.Write(&failing{n}, list("mnmn"), results.Options{}); !errors.Is(err, errFull) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	if err := results.Write(&failing{whole}, list("mnmn"), results.Options{}); err != nil {
		t.Error(err)
	}
}
