package duck

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"strings"

	"enrich/reader/internal/columnar/internal/file"
	"enrich/reader/internal/columnar/internal/page"
)

// Append appends the text of a value that is not null. ok is false if the value is not one of its type.
func Append(b []byte, l *file.Leaf, v *page.Value) (text []byte, ok bool) {
	t := l.Type
	switch t.Type {
	case file.TypeBoolean:
		return strconv.AppendBool(b, v.Int != 0), true
	case file.TypeSigned:
		return strconv.AppendInt(b, narrow(v.Int, t.Bits), 10), true
	case file.TypeUnsigned:
		return strconv.AppendUint(b, uint64(v.Int)&(math.MaxUint64>>(64-t.Bits)), 10), true
	case file.TypeHalf:
		return appendFloat(b, half(binary.LittleEndian.Uint16(v.Bytes)), 32), true
	case file.TypeFloat:
		return appendFloat(b, float64(math.Float32frombits(uint32(v.Int))), 32), true
	case file.TypeDouble:
		return appendFloat(b, math.Float64frombits(uint64(v.Int)), 64), true
	case file.TypeDecimal, file.TypeDecimalDouble:
		return appendDecimal(b, l, v)
	case file.TypeUUID:
		return appendUUID(b, v.Bytes), true
	case file.TypeText:
		return append(b, v.Bytes...), true
	case file.TypeBlob:
		return appendBlob(b, v.Bytes), true
	case file.TypeNull:
		return b, false
	}
	return appendTime(b, l, v), true
}

// narrow returns an integer with the bits that it has in DuckDB.
func narrow(v int64, bits int) int64 { return v << (64 - bits) >> (64 - bits) }

// half returns the value of a float of 16 bits.
func half(h uint16) float64 {
	exponent, fraction := int(h>>10&0x1f), float64(h&0x3ff)
	value := math.Ldexp(1+fraction/1024, exponent-15)
	switch exponent {
	case 0:
		value = math.Ldexp(fraction/1024, -14)
	case 0x1f:
		if value = math.Inf(1); fraction != 0 {
			value = math.NaN()
		}
	}
	if h>>15 != 0 {
		value = math.Copysign(value, -1)
	}
	return value
}

// appendFloat appends the shortest text that is the same number: as a decimal fraction from 1e-4 to 1e15, else with an
// exponent of at least two digits.
func appendFloat(b []byte, v float64, bits int) []byte {
	switch {
	case math.IsNaN(v) && math.Signbit(v):
		return append(b, "-nan"...)
	case math.IsNaN(v):
		return append(b, "nan"...)
	case math.IsInf(v, 1):
		return append(b, "inf"...)
	case math.IsInf(v, -1):
		return append(b, "-inf"...)
	}
	var room [32]byte
	text := strconv.AppendFloat(room[:0], v, 'e', -1, bits)
	at := len(text) - 1
	for text[at] != 'e' {
		at--
	}
	exponent, _ := strconv.Atoi(string(text[at+1:]))
	if v != 0 && (exponent < -4 || exponent >= 16) {
		return append(b, text...)
	}
	from := len(b)
	b = strconv.AppendFloat(b, v, 'f', -1, bits)
	for _, c := range b[from:] {
		if c == '.' {
			return b
		}
	}
	return append(b, ".0"...)
}

// appendDecimal appends an unscaled integer with its decimal point.
func appendDecimal(b []byte, l *file.Leaf, v *page.Value) ([]byte, bool) {
	var n *big.Int
	if l.Physical == file.Int32 || l.Physical == file.Int64 {
		if l.Type.Type == file.TypeDecimal {
			return appendScaled(b, strconv.FormatInt(v.Int, 10), l.Type.Scale), true
		}
		n = big.NewInt(v.Int)
	} else {
		if len(v.Bytes) > maxDecimal {
			return b, false
		}
		n = bigEndian(v.Bytes)
	}
	if l.Type.Type == file.TypeDecimal {
		return appendScaled(b, n.String(), l.Type.Scale), true
	}
	f, _ := new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(l.Type.Scale)), nil)).Float64()
	return appendFloat(b, f, 64), true
}

// maxDecimal is how many bytes an unscaled decimal may have.
const maxDecimal = 1 << 10

// bigEndian returns the integer of bytes in two's complement.
func bigEndian(raw []byte) *big.Int {
	n := new(big.Int).SetBytes(raw)
	if len(raw) > 0 && raw[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
	}
	return n
}

// appendScaled appends digits with a decimal point before the last ones.
func appendScaled(b []byte, digits string, scale int) []byte {
	if digits[0] == '-' {
		b = append(b, '-')
		digits = digits[1:]
	}
	if scale == 0 {
		return append(b, digits...)
	}
	if missing := scale - len(digits); missing >= 0 {
		digits = strings.Repeat("0", missing+1) + digits
	}
	point := len(digits) - scale
	return append(append(append(b, digits[:point]...), '.'), digits[point:]...)
}

func appendUUID(b, raw []byte) []byte {
	for i, part := range [...][]byte{raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

// appendBlob appends bytes as text: printable ASCII as it is, apart from quotes and backslashes, and all else as \x and two
// digits.
func appendBlob(b, raw []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range raw {
		if c < ' ' || c > '~' || c == '\\' || c == '\'' || c == '"' {
			b = append(b, '\\', 'x', digits[c>>4], digits[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}
