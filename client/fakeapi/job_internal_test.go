package fakeapi

import (
	"testing"
	"time"
)

func TestJobsHaveABoundAndExpiredOnesMakeRoom(t *testing.T) {
	js, err := newJobs(&Options{})
	if err != nil {
		t.Fatal(err)
	}
	js.most = 10
	at := time.Unix(1000, 0)
	for i := range 2 {
		j := &job{rows: make([]row, 4), expires: at.Add(time.Duration(i+1) * time.Minute)}
		js.number(j, 0)
		js.add(j)
	}
	for _, c := range []struct {
		n     int
		after time.Duration
		want  bool
	}{{2, 0, true}, {3, time.Minute - 1, false}, {6, time.Minute, true}, {7, time.Minute, false}, {10, 2 * time.Minute, true}, {11, time.Hour, false}} {
		if got := js.admits(c.n, at.Add(c.after)); got != c.want {
			t.Errorf("%d contacts after %s: %v", c.n, c.after, got)
		}
	}
	if len(js.byID) != 0 || js.contacts != 0 {
		t.Errorf("%d jobs with %d contacts are left", len(js.byID), js.contacts)
	}
}

// A later job with the same id, which faults can order, takes the place of the first.
func TestAJobReplacesOneWithItsID(t *testing.T) {
	js, err := newJobs(&Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		js.add(&job{id: "0", rows: make([]row, n+1)})
	}
	if j := js.find("0"); len(js.byID) != 1 || js.contacts != 3 || j == nil || len(j.rows) != 3 {
		t.Errorf("%d jobs with %d contacts", len(js.byID), js.contacts)
	}
}
