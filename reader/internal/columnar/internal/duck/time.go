package duck

import (
	"encoding/binary"
	"math"
	"strconv"

	"enrich/reader/internal/columnar/internal/file"
	"enrich/reader/internal/columnar/internal/page"
)

const (
	secondsPerDay = 24 * 60 * 60
	// julianEpoch is the day number of 1970-01-01 in the timestamps of Impala.
	julianEpoch = 2440588
)

// appendTime appends a date, time, timestamp or interval.
func appendTime(b []byte, l *file.Leaf, v *page.Value) []byte {
	t := l.Type
	switch t.Type {
	case file.TypeDate:
		switch v.Int {
		case math.MaxInt32:
			return append(b, "infinity"...)
		case -math.MaxInt32:
			return append(b, "-infinity"...)
		}
		return appendDate(b, v.Int)
	case file.TypeTime:
		return appendClock(b, v.Int, t.Unit)
	case file.TypeTimeUTC:
		return append(appendClock(b, ofDay(v.Int, t.Unit), t.Unit), "+00"...)
	case file.TypeInterval:
		return appendInterval(b, v.Bytes)
	case file.TypeInt96:
		nanos := int64(binary.LittleEndian.Uint64(v.Bytes))
		days := int64(int32(binary.LittleEndian.Uint32(v.Bytes[8:]))) - julianEpoch
		return appendTimestamp(b, days*secondsPerDay*int64(file.Microseconds)+nanos/1000, file.Microseconds)
	}
	switch v.Int {
	case math.MaxInt64:
		return append(b, "infinity"...)
	case -math.MaxInt64:
		return append(b, "-infinity"...)
	}
	b = appendTimestamp(b, v.Int, t.Unit)
	if t.Type == file.TypeTimestampUTC {
		b = append(b, "+00"...)
	}
	return b
}

// appendTimestamp appends the moment that is v units after the beginning of 1970.
func appendTimestamp(b []byte, v int64, unit file.Unit) []byte {
	perDay := secondsPerDay * int64(unit)
	days, rest := v/perDay, v%perDay
	if rest < 0 {
		days, rest = days-1, rest+perDay
	}
	return appendClock(append(appendDate(b, days), ' '), rest, unit)
}

// appendDate appends the day that is a number of days after 1970-01-01, in the Gregorian calendar. The year before 1 is 1 BC.
func appendDate(b []byte, days int64) []byte {
	year, month, day := civil(days)
	before := year <= 0
	if before {
		year = 1 - year
	}
	b = appendPadded(b, year, 4)
	b = appendPadded(append(b, '-'), month, 2)
	b = appendPadded(append(b, '-'), day, 2)
	if before {
		b = append(b, " (BC)"...)
	}
	return b
}

// civil returns the date of a day. It counts eras of 400 years, which begin in March.
func civil(days int64) (year, month, day int64) {
	const perEra = 146097
	days += 719468 // from 0000-03-01
	era := days / perEra
	if days < 0 {
		era = (days - perEra + 1) / perEra
	}
	ofEra := days - era*perEra
	years := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*years + years/4 - years/100)
	fromMarch := (5*ofYear + 2) / 153
	day = ofYear - (153*fromMarch+2)/5 + 1
	month = fromMarch + 3
	year = years + era*400
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// appendPadded appends a number with at least that many digits: zeros are before it.
func appendPadded(b []byte, v int64, digits int) []byte {
	limit := int64(1)
	for range digits - 1 {
		limit *= 10
	}
	for ; limit > 1 && v < limit; limit /= 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, v, 10)
}

// ofDay returns the time of day that is before or after midnight: some writers subtract the offset of a time zone.
func ofDay(v int64, unit file.Unit) int64 {
	if perDay := secondsPerDay * int64(unit); v < 0 {
		return (v%perDay + perDay) % perDay
	}
	return v
}

// appendClock appends a time of day. The fraction of the second has no zeros at its end.
func appendClock(b []byte, v int64, unit file.Unit) []byte {
	if v < 0 {
		b = append(b, '-')
		v = -v
	}
	seconds, fraction := v/int64(unit), v%int64(unit)
	b = appendPadded(b, seconds/3600, 2)
	b = appendPadded(append(b, ':'), seconds/60%60, 2)
	b = appendPadded(append(b, ':'), seconds%60, 2)
	if fraction == 0 {
		return b
	}
	digits := 0
	for u := int64(unit); u > 1; u /= 10 {
		digits++
	}
	b = appendPadded(append(b, '.'), fraction, digits)
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// appendInterval appends months, days and milliseconds.
func appendInterval(b, raw []byte) []byte {
	from := len(b)
	months := int64(int32(binary.LittleEndian.Uint32(raw)))
	part := func(v int64, name string) {
		if v == 0 {
			return
		}
		if len(b) > from {
			b = append(b, ' ')
		}
		b = append(strconv.AppendInt(b, v, 10), name...)
		if v != 1 && v != -1 {
			b = append(b, 's')
		}
	}
	part(months/12, " year")
	part(months%12, " month")
	part(int64(int32(binary.LittleEndian.Uint32(raw[4:]))), " day")
	millis := int64(binary.LittleEndian.Uint32(raw[8:]))
	switch {
	case millis == 0 && len(b) > from:
		return b
	case len(b) > from:
		b = append(b, ' ')
	}
	return appendClock(b, millis, file.Milliseconds)
}
