package fakeapi

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTagsOfAnAddressAreOrders(t *testing.T) {
	for address, want := range map[string]string{
		"ann@x.example":                     "",
		"ann+500@x.example":                 "500",
		"ann+500x2@x.example":               "500 500 -",
		"ann+500x2+429ra3x1@x.example":      "500 500 429ra3 -",
		"ann+resetx1+nomatch@x.example":     "reset nomatch",
		"ann+slow300ms@x.example":           "slow300ms",
		"ann+slow1h2mx1@x.example":          "slow1h2m -",
		"ann+newsletter@x.example":          "",
		"ann+newsletter+403@x.example":      "403",
		"ann+echo401@x.example":             "echo401",
		"ann+nocreditsinsidex1@x.example":   "nocreditsinside -",
		"ann+closeafter@x.example":          "closeafter",
		"ann+close@x.example":               "close",
		"ann+99@x.example":                  "",
		"ann+600@x.example":                 "",
		"ann+101@x.example":                 "",
		"ann+429radate@x.example":           "429radate",
		"ann+429rasoon@x.example":           "",
		"ann+500x0@x.example":               "",
		"ann+truncatex@x.example":           "",
		"ann+slow-1s@x.example":             "",
		"ann@x+500.example":                 "",
		"":                                  "",
		"+@":                                "",
		"no address+500":                    "",
		"\"a@b\"+500@x.example":             "500",
		"ann+html502x1+garbage@x.example":   "html502 garbage",
		"ann+matchx1+garbage500@x.example":  "match garbage500",
		"ann+two+500@x.example":             "two",
		"ann+errorobject@x.example":         "errorobject",
		"ann+503ra@x.example":               "503ra",
		"ann+trickle10ms@x.example":         "trickle10ms",
		"ann+hugex1@x.example":              "huge -",
		"ann+huge500@x.example":             "huge500",
		"ann+redirect+unknown+x@x.example":  "redirect",
		"ann+x1@x.example":                  "",
		"ann+500x99999999999999@x.example":  "",
		"ann+nothing+nothttp+n@x.example":   "nothing",
		"ann+nothttpx1+nothingx1@x.example": "nothttp nothing -",
	} {
		orders := ordersOf(address)
		var got []string
		for turn := int64(1); len(orders) > 0; turn++ {
			o := current(orders, turn)
			if o == nil {
				got = append(got, "-")
				break
			}
			got = append(got, o.name)
			if o.count == 0 {
				break
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s, expected %s", address, got, want)
		}
	}
}

func TestAFaultHappensToTheCallsItNames(t *testing.T) {
	for _, c := range []struct {
		fault Fault
		want  []int64
	}{
		{Fault{}, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{Fault{First: 2}, []int64{1, 2}},
		{Fault{After: 8}, []int64{9, 10}},
		{Fault{After: 3, First: 2}, []int64{4, 5}},
		{Fault{Every: 4}, []int64{4, 8}},
		{Fault{After: 1, Every: 3, First: 6}, []int64{4, 7}},
	} {
		c.fault.Kinds = []string{"500"}
		faults, err := prepare([]Fault{c.fault}, onContact)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for n := int64(1); n <= 10; n++ {
			if faults[0].at(n, 1, 0) != nil {
				got = append(got, n)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, expected %v", c.fault, got, c.want)
		}
	}
}

func TestAShareOfTheCallsIsMeantAndEachKindComes(t *testing.T) {
	faults, err := prepare([]Fault{{Kinds: []string{"500", "Reset"}, Share: 0.2}}, onContact)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	const calls = 20_000
	for n := range int64(calls) {
		if o := faults[0].at(n+1, 1, mix(uint64(n))); o != nil {
			count[o.name]++
		}
	}
	for _, kind := range []string{"500", "reset"} {
		if count[kind] < calls/12 || count[kind] > calls/8 {
			t.Errorf("%s %d times of %d, expected about a tenth", kind, count[kind], calls)
		}
	}
}

func TestACountedFaultMeansEachContactsFirstCalls(t *testing.T) {
	faults, err := prepare([]Fault{{Kinds: []string{"500x2"}}}, onContact)
	if err != nil {
		t.Fatal(err)
	}
	for turn, want := range map[int64]bool{1: true, 2: true, 3: false} {
		if got := faults[0].at(100, turn, 0) != nil; got != want {
			t.Errorf("call %d of a contact: %v", turn, got)
		}
	}
}

func TestFaultsThatCannotBeMeantAreRefused(t *testing.T) {
	for _, f := range []Fault{
		{},
		{Kinds: []string{"nonsense"}},
		{Kinds: []string{""}},
		{Kinds: []string{"500"}, Share: 1.5},
		{Kinds: []string{"500"}, After: -1},
		{Kinds: []string{"500"}, First: -1},
		{Kinds: []string{"500"}, Every: -1},
		{Kinds: []string{"500"}, Share: -0.1},
	} {
		o := Options{Faults: []Fault{f}}
		if err := o.Validate(); err == nil {
			t.Errorf("%+v is taken", f)
		}
	}
}

func TestTheLimitIsKeptInEveryWindow(t *testing.T) {
	w := newRateWindow(&Options{RateLimit: 3})
	start := time.Unix(1000, 0)
	var taken []time.Duration
	for at := time.Duration(0); at < 3*time.Minute; at += time.Second {
		if w.take(start.Add(at)) {
			taken = append(taken, at)
		}
	}
	for i, at := range taken {
		if i >= 3 && at-taken[i-3] < time.Minute {
			t.Errorf("4 calls within %s", at-taken[i-3])
		}
	}
	if len(taken) != 9 {
		t.Errorf("%d calls were taken in three minutes, expected 9", len(taken))
	}
}
