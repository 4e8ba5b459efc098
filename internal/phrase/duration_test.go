package phrase_test

import (
	"testing"
	"time"

	"enrich/internal/phrase"
)

func TestADurationIsWrittenAsPeopleDo(t *testing.T) {
	for d, expected := range map[time.Duration]string{
		0: "0s", 1500 * time.Millisecond: "1.5s", 25 * time.Second: "25s", 2 * time.Minute: "2m", 90 * time.Second: "1m30s",
		time.Hour: "1h", time.Hour + time.Second: "1h0m1s", 36 * time.Hour: "36h", 48 * time.Hour: "2d",
	} {
		if text := phrase.Duration(d); text != expected {
			t.Errorf("%d ns: %q, expected %q", d, text, expected)
		}
	}
}
