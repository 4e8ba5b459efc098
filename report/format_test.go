package report

import (
	"testing"
	"time"
)

func TestNumbersAreReadable(t *testing.T) {
	for got, want := range map[string]string{
		Group(0): "0", Group(-1234): "-1,234", Group(999): "999", Group(1_000_000): "1,000,000",
		percent(0, 0): "–", percent(1, 1_000_000): "< 0.1 %", percent(999_999, 1_000_000): "> 99.9 %", percent(3, 3): "100 %", percent(1, 3): "33.3 %",
		each(16, 0): "–", each(16, 16): "1", each(1, 3): "0.333", each(10, 1): "10",
		milliseconds(0): "–", milliseconds(1.25): "1.2 ms", milliseconds(93.4): "93 ms", milliseconds(12_345): "12.3 s",
		span(1500 * time.Millisecond): "1.5 s", span(83 * time.Minute): "1h23m0s",
		clock(1250 * time.Millisecond): "1.25 s", clock(61 * time.Second): "1:01", clock(3661 * time.Second): "1:01:01",
		size(1234): "1,234 bytes", size(123_456): "123 kB", size(12_345_678): "12.3 MB",
	} {
		if got != want {
			t.Errorf("got %q, expected %q", got, want)
		}
	}
}
