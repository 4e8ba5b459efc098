package writer

import (
	"testing"
	"time"
)

func TestATimeIsWrittenInWholeSecondsOfUTC(t *testing.T) {
	var text timeText
	east := time.FixedZone("", 5*60*60)
	for _, tt := range []struct {
		at       time.Time
		expected string
	}{
		{time.Unix(0, 0), "1970-01-01T00:00:00Z"},
		{time.Unix(0, 999_999_999), "1970-01-01T00:00:00Z"},
		{time.Unix(-1, 0), "1969-12-31T23:59:59Z"},
		{time.Time{}, ""},
		{time.Unix(1700000000, 0), "2023-11-14T22:13:20Z"},
		{time.Unix(1700000000, 5).In(east), "2023-11-14T22:13:20Z"},
		{time.Unix(1700000001, 0).In(east), "2023-11-14T22:13:21Z"},
		{time.Time{}, ""},
		{time.Unix(1700000001, 0), "2023-11-14T22:13:21Z"},
		{time.Unix(1700000000, 0), "2023-11-14T22:13:20Z"},
	} {
		if got := text.format(tt.at); got != tt.expected {
			t.Errorf("%v: got %q, expected %q", tt.at, got, tt.expected)
		}
	}
}
