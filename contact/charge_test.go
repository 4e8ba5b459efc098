package contact_test

import (
	"strings"
	"testing"

	"enrich/contact"
)

// Anything that cannot be read as "not charged" counts as charged, or keeps its reserved credit.
func TestCreditChargedIsRead(t *testing.T) {
	for value, want := range map[string]struct{ charged, unknown bool }{
		`true`: {true, false}, `"true"`: {true, false}, `1`: {true, false},
		`false`: {false, false}, `"false"`: {false, false}, `0`: {false, false},
		`null`: {true, true}, `"yes"`: {true, true}, `2`: {true, true}, `{}`: {true, true}, `[false]`: {true, true},
		`"False"`: {true, true}, `""`: {true, true}, `-1`: {true, true}, ``: {true, true},
	} {
		member := `"credit_charged":` + value + `,`
		if value == "" {
			member = ""
		}
		match, err := contact.ParseAnswer([]byte(`{"contact":{` + member + `"title":"CTO"}}`))
		if err != nil || !match.Matched || match.Charged != want.charged || match.ChargeUnknown != want.unknown {
			t.Errorf("match, credit_charged %q: %+v, %v", value, match, err)
		}
		none, err := contact.ParseAnswer([]byte(`{"contact":{` + member + `"title":""}}`))
		charged := want.charged && !want.unknown
		if err != nil || none.Matched != charged || none.Charged != charged || none.ChargeUnknown != want.unknown {
			t.Errorf("no match, credit_charged %q: %+v, %v", value, none, err)
		}
	}
}

// If credit_charged is repeated, the more expensive value counts.
func TestARepeatedChargeCountsAsCharged(t *testing.T) {
	for body, charged := range map[string]bool{
		`{"contact":{"credit_charged":true,"credit_charged":false}}`:             true,
		`{"contact":{"credit_charged":true},"contact":{"credit_charged":false}}`: true,
		`{"contact":{"credit_charged":false,"credit_charged":false,"a":"b"}}`:    false,
	} {
		if a, err := contact.ParseAnswer([]byte(body)); err != nil || a.Charged != charged || a.ChargeUnknown {
			t.Errorf("%s: %+v, %v", body, a, err)
		}
	}
}

func TestAnswersOfTheAPIAreRecognised(t *testing.T) {
	for body, want := range map[string]struct {
		fromAPI bool
		status  int
	}{
		`{"contact":{}}`:                             {true, 0},
		`{"contact":null}`:                           {true, 0},
		`{"remaining_credits":3}`:                    {true, 0},
		`{"contact":{},"contact":[]}`:                {false, 0},
		`{"contact":[],"remaining_credits":3}`:       {false, 0},
		`{"contact":"x"}`:                            {false, 0},
		`{"contact":true}`:                           {false, 0},
		`{}`:                                         {false, 0},
		`{"remaining_credits":null}`:                 {false, 0},
		`{"data":{"contact":{}}}`:                    {false, 0},
		`{"Contact":{}}`:                             {false, 0},
		`{"status":401,"error":"Unauthorized"}`:      {false, 401},
		`{"status":401.0,"error":"Unauthorized"}`:    {false, 401},
		`{"status":4.01e2}`:                          {false, 401},
		`{"status":401.5}`:                           {false, 0},
		`{"status":"401"}`:                           {false, 0},
		`{"status":399}`:                             {false, 0},
		`{"status":400}`:                             {false, 400},
		`{"status":599}`:                             {false, 599},
		`{"status":600}`:                             {false, 0},
		`{"status":200}`:                             {false, 0},
		`{"status":{"code":401}}`:                    {false, 0},
		`{"status":401,"remaining_credits":3}`:       {true, 401},
		`{"status":401,"contact":null}`:              {true, 401},
		`{"status":401,"contact":{"title":"CEO"}}`:   {true, 0},
		`{"status":401,"contact":[]}`:                {false, 0},
		`{"status":401,"status":200,"message":"ok"}`: {false, 0},
	} {
		a, err := contact.ParseAnswer([]byte(body))
		if err != nil || a.FromAPI() != want.fromAPI || a.ErrorStatus() != want.status {
			t.Errorf("%s: from the API %t, status %d, %v", body, a.FromAPI(), a.ErrorStatus(), err)
		}
	}
	deep := `{"contact":` + strings.Repeat(`{"a":`, 20000) + `1` + strings.Repeat(`}`, 20001)
	if _, err := contact.ParseAnswer([]byte(deep)); err == nil {
		t.Error("20,000 levels are read")
	}
}
