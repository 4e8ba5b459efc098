package numfmt

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

const (
	secondsADay = 24 * 60 * 60
	// maxSerial is the day after 9999-12-31.
	maxSerial = 2958466
	// leapDay is the 29 February 1900 of the 1900 system, which there was not.
	leapDay = 60
	// maxElapsed is the largest elapsed time that is shown, in days.
	maxElapsed = 1 << 24
	// unixEpoch is 1970-01-01 in the 1900 system.
	unixEpoch = 25569
)

// appendTime appends a date or time as ISO 8601. It reports false if the number is not a date: it is negative or too large.
func (s *section) appendTime(dst []byte, v float64, date1904 bool) ([]byte, bool) {
	if s.elapsed {
		return s.appendElapsed(dst, v)
	}
	if v < 0 || v >= maxSerial {
		return dst, false
	}
	scale := math.Pow10(s.secondDecimals)
	if s.date && !s.time {
		scale = 1000 // a date is not rounded up to the next day by its time
	}
	ticks := int64(math.Round(v * secondsADay * scale))
	aDay := int64(secondsADay * scale)
	day, rest := ticks/aDay, ticks%aDay
	switch {
	case !s.date:
		return s.appendClock(dst, rest, int64(scale)), true
	case day == 0 && !date1904 && s.time: // a time without a day
		return s.appendClock(dst, rest, int64(scale)), true
	case day == 0 && !date1904:
		return dst, false
	}
	dst = appendDay(dst, day, date1904)
	if s.time {
		dst = s.appendClock(append(dst, 'T'), rest, int64(scale))
	}
	return dst, true
}

// AppendISO appends a date or time that is stored as ISO 8601 and not as a number, as precise as the format. What is not one, and what
// has an offset from UTC, is appended as it is.
func (f *Format) AppendISO(dst, stored []byte) []byte {
	s, _ := f.choose(1)
	if v, ok := serial(string(bytes.TrimSuffix(stored, []byte("Z")))); ok && s != nil && (s.date || s.time) {
		if text, ok := s.appendTime(dst, v, false); ok {
			return text
		}
	}
	return append(dst, stored...)
}

// serial returns a date or time as a number of the 1900 system; false for a date before March 1900, which that system does not
// count as others do.
func serial(text string) (float64, bool) {
	for _, layout := range [...]string{"2006-01-02T15:04:05", "2006-01-02", "2006-01-02T15:04", "15:04:05", "15:04"} { // seconds may have decimals
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		midnight := t.Truncate(24 * time.Hour)
		fraction := t.Sub(midnight).Hours() / 24
		if t.Year() == 0 { // only a time
			return fraction, true
		}
		days := midnight.Unix()/secondsADay + unixEpoch
		return float64(days) + fraction, days > leapDay
	}
	return 0, false
}

// appendDay appends a date. The 1900 system has a day too many, and begins with day 1.
func appendDay(dst []byte, day int64, date1904 bool) []byte {
	switch {
	case date1904:
		return time.Date(1904, 1, 1+int(day), 0, 0, 0, 0, time.UTC).AppendFormat(dst, time.DateOnly)
	case day == leapDay:
		return append(dst, "1900-02-29"...)
	case day > leapDay:
		day--
	}
	return time.Date(1900, 1, int(day), 0, 0, 0, 0, time.UTC).AppendFormat(dst, time.DateOnly)
}

// appendClock appends a time of a day, in ticks of which a second has scale.
func (s *section) appendClock(dst []byte, ticks, scale int64) []byte {
	seconds := ticks / scale
	dst = appendTwo(dst, seconds/3600)
	dst = appendTwo(append(dst, ':'), seconds/60%60)
	dst = appendTwo(append(dst, ':'), seconds%60)
	if s.secondDecimals > 0 {
		dst = append(dst, '.')
		for unit := scale / 10; unit > 0; unit /= 10 {
			dst = append(dst, byte('0'+ticks/unit%10))
		}
	}
	return dst
}

// appendElapsed appends a time that may have more than 24 hours.
func (s *section) appendElapsed(dst []byte, v float64) ([]byte, bool) {
	if math.Abs(v) >= maxElapsed {
		return dst, false
	}
	if v < 0 {
		dst, v = append(dst, '-'), -v
	}
	scale := math.Pow10(s.secondDecimals)
	return s.appendClock(dst, int64(math.Round(v*secondsADay*scale)), int64(scale)), true
}

// appendTwo appends a number with at least two digits.
func appendTwo(dst []byte, n int64) []byte {
	if n < 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, n, 10)
}
