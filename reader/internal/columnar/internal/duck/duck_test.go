package duck_test

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"enrich/reader/internal/columnar/internal/duck"
	"enrich/reader/internal/columnar/internal/file"
	"enrich/reader/internal/columnar/internal/page"
)

// text returns the text of a value of a type.
func text(t file.Logical, physical file.Physical, v page.Value) string {
	b, ok := duck.Append(nil, &file.Leaf{Physical: physical, Type: t}, &v)
	if !ok {
		return "not a value of its type"
	}
	return string(b)
}

func integer(v int64) page.Value  { return page.Value{Int: v} }
func bytesOf(s string) page.Value { return page.Value{Bytes: []byte(s)} }
func double(v float64) page.Value { return page.Value{Int: int64(math.Float64bits(v))} }
func single(v float32) page.Value { return page.Value{Int: int64(math.Float32bits(v))} }
func halfOf(bits uint16) page.Value {
	return bytesOf(string(binary.LittleEndian.AppendUint16(nil, bits)))
}

// interval returns months, days and milliseconds as they are stored.
func interval(months, days int32, millis uint32) page.Value {
	b := binary.LittleEndian.AppendUint32(nil, uint32(months))
	return bytesOf(string(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, uint32(days)), millis)))
}

// impala returns a timestamp of 96 bits: nanoseconds of a day, and the day.
func impala(nanos uint64, day uint32) page.Value {
	return bytesOf(string(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint64(nil, nanos), day)))
}

// Each value has the text that DuckDB prints; the reader's tests compare more of them with DuckDB itself.
func TestValues(t *testing.T) {
	decimal := func(scale int) file.Logical { return file.Logical{Type: file.TypeDecimal, Scale: scale} }
	times := func(kind file.Type, unit file.Unit) file.Logical { return file.Logical{Type: kind, Unit: unit} }
	for _, c := range []struct {
		t        file.Logical
		physical file.Physical
		v        page.Value
		expected string
	}{
		{file.Logical{Type: file.TypeBoolean}, file.Boolean, integer(1), "true"},
		{file.Logical{Type: file.TypeBoolean}, file.Boolean, integer(0), "false"},
		{file.Logical{Type: file.TypeSigned, Bits: 8}, file.Int32, integer(-128), "-128"},
		{file.Logical{Type: file.TypeSigned, Bits: 8}, file.Int32, integer(0x1ff), "-1"},
		{file.Logical{Type: file.TypeSigned, Bits: 64}, file.Int64, integer(491701234567), "491701234567"},
		{file.Logical{Type: file.TypeUnsigned, Bits: 32}, file.Int32, integer(-1), "4294967295"},
		{file.Logical{Type: file.TypeUnsigned, Bits: 64}, file.Int64, integer(-1), "18446744073709551615"},
		{file.Logical{Type: file.TypeHalf}, file.Fixed, halfOf(0x3c00), "1.0"},
		{file.Logical{Type: file.TypeHalf}, file.Fixed, halfOf(0xc100), "-2.5"},
		{file.Logical{Type: file.TypeHalf}, file.Fixed, halfOf(0x7c00), "inf"},
		{file.Logical{Type: file.TypeHalf}, file.Fixed, halfOf(0x7e00), "nan"},
		{file.Logical{Type: file.TypeHalf}, file.Fixed, halfOf(0x8000), "-0.0"},
		{file.Logical{Type: file.TypeFloat}, file.Float, single(0.1), "0.1"},
		{file.Logical{Type: file.TypeFloat}, file.Float, single(float32(math.Inf(-1))), "-inf"},
		{file.Logical{Type: file.TypeDouble}, file.Double, double(491701234567), "491701234567.0"},
		{file.Logical{Type: file.TypeDouble}, file.Double, double(1e15), "1000000000000000.0"},
		{file.Logical{Type: file.TypeDouble}, file.Double, double(1e16), "1e+16"},
		{file.Logical{Type: file.TypeDouble}, file.Double, double(0.0001), "0.0001"},
		{file.Logical{Type: file.TypeDouble}, file.Double, double(0.00001), "1e-05"},
		{file.Logical{Type: file.TypeDouble}, file.Double, double(math.NaN()), "nan"},
		{file.Logical{Type: file.TypeDouble}, file.Double, double(0), "0.0"},
		{decimal(2), file.Int32, integer(1250), "12.50"},
		{decimal(2), file.Int64, integer(-5), "-0.05"},
		{decimal(0), file.Int64, integer(-5), "-5"},
		{decimal(3), file.Fixed, bytesOf("\xff\xff"), "-0.001"},
		{decimal(3), file.ByteArray, bytesOf("\x01\x00\x00\x00\x00\x00\x00\x00\x00"), "18446744073709551.616"},
		{decimal(3), file.ByteArray, bytesOf(""), "0.000"},
		{decimal(3), file.ByteArray, bytesOf(strings.Repeat("1", 1025)), "not a value of its type"},
		{file.Logical{Type: file.TypeDecimalDouble, Scale: 1}, file.Int64, integer(15), "1.5"},
		{file.Logical{Type: file.TypeDate}, file.Int32, integer(19787), "2024-03-05"},
		{file.Logical{Type: file.TypeDate}, file.Int32, integer(-719528), "0001-01-01 (BC)"},
		{file.Logical{Type: file.TypeDate}, file.Int32, integer(2932897), "10000-01-01"},
		{file.Logical{Type: file.TypeDate}, file.Int32, integer(math.MaxInt32), "infinity"},
		{file.Logical{Type: file.TypeDate}, file.Int32, integer(-math.MaxInt32), "-infinity"},
		{times(file.TypeTime, file.Milliseconds), file.Int32, integer(49510500), "13:45:10.5"},
		{times(file.TypeTime, file.Microseconds), file.Int64, integer(10), "00:00:00.00001"},
		{times(file.TypeTimeUTC, file.Nanoseconds), file.Int64, integer(1), "00:00:00.000000001+00"},
		{times(file.TypeTimeUTC, file.Microseconds), file.Int64, integer(-13_899_000_000), "20:08:21+00"},
		{times(file.TypeTimeUTC, file.Milliseconds), file.Int32, integer(-86_400_000), "00:00:00+00"},
		{times(file.TypeTime, file.Microseconds), file.Int64, integer(-13_899_000_000), "-03:51:39"},
		{times(file.TypeTimestamp, file.Milliseconds), file.Int64, integer(-1), "1969-12-31 23:59:59.999"},
		{times(file.TypeTimestampUTC, file.Microseconds), file.Int64, integer(1709646310000000), "2024-03-05 13:45:10+00"},
		{times(file.TypeTimestamp, file.Microseconds), file.Int64, integer(math.MaxInt64), "infinity"},
		{times(file.TypeTimestampUTC, file.Microseconds), file.Int64, integer(-math.MaxInt64), "-infinity"},
		{file.Logical{Type: file.TypeInt96}, file.Int96, impala(1_500_000_000, 2440588), "1970-01-01 00:00:01.5"},
		{file.Logical{Type: file.TypeInterval}, file.Fixed, interval(14, -1, 3_600_500), "1 year 2 months -1 day 01:00:00.5"},
		{file.Logical{Type: file.TypeInterval}, file.Fixed, interval(0, 0, 0), "00:00:00"},
		{file.Logical{Type: file.TypeUUID}, file.Fixed, bytesOf("\x55\x0e\x84\x00\xe2\x9b\x41\xd4\xa7\x16\x44\x66\x55\x44\x00\x00"), "550e8400-e29b-41d4-a716-446655440000"},
		{file.Logical{Type: file.TypeText}, file.ByteArray, bytesOf("Zürich"), "Zürich"},
		{file.Logical{Type: file.TypeBlob}, file.ByteArray, bytesOf("a \x00\xff'\\~\x7f"), `a \x00\xFF\x27\x5C~\x7F`},
		{file.Logical{Type: file.TypeNull}, file.Int32, integer(0), "not a value of its type"},
	} {
		if got := text(c.t, c.physical, c.v); got != c.expected {
			t.Errorf("%+v %d %q: %q, expected %q", c.t, c.v.Int, c.v.Bytes, got, c.expected)
		}
	}
}

// Dates and timestamps of four-digit years are those of the standard library.
func TestTimesAreThoseOfTheStandardLibrary(t *testing.T) {
	const first, last = -62135596800, 253402300799 // seconds, of the years 1 and 9999
	check := func(seed uint64, nanos uint32) bool {
		at := time.Unix(int64(seed%(last-first))+first, int64(nanos%1e9)/1000*1000).UTC()
		day := text(file.Logical{Type: file.TypeDate}, file.Int32, integer(int64(math.Floor(float64(at.Unix())/86400))))
		moment := text(file.Logical{Type: file.TypeTimestamp, Unit: file.Microseconds}, file.Int64, integer(at.UnixMicro()))
		return day == at.Format("2006-01-02") && moment == at.Format("2006-01-02 15:04:05.999999")
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 20_000}); err != nil {
		t.Error(err)
	}
}

// A text in a list, map or struct is in quotes if it could be taken for something else.
func TestQuotes(t *testing.T) {
	for text, expected := range map[string]string{
		"plain": "plain", "two words": "two words", "Zürich": "Zürich", "a-b_c.d@e": "a-b_c.d@e", `back\slash`: `back\slash`,
		"": "''", " lead": "' lead'", "trail\t": "'trail\t'", "NULL": "'NULL'", "null": "'null'", "nullable": "nullable",
		"it's": `'it\'s'`, `"q"`: `'"q"'`, "a,b": "'a,b'", "a:b": "'a:b'", "a=b": "'a=b'", "(x)": "'(x)'", "[x]": "'[x]'", "{x}": "'{x}'",
		`a,\`: `'a,\\'`,
	} {
		if got := string(duck.AppendQuoted([]byte("x"), []byte(text))); got != "x"+expected {
			t.Errorf("%q: %s, expected %s", text, got[1:], expected)
		}
	}
	if got := string(duck.AppendName(nil, "it's")); got != `'it\'s'` {
		t.Errorf("a name: %s", got)
	}
}
