package numfmt

import (
	"strconv"
)

// significant is how many decimal digits of a number a spreadsheet has.
const significant = 15

// maxPlain is how many digits before the point, or zeros after it, a number in plain notation may have.
const maxPlain = 21

// A decimal is a number in decimal digits: 0.DIGITS × 10^point.
type decimal struct {
	negative bool
	digits   [significant]byte
	n        int // how many digits; 0 for zero
	point    int
}

// newDecimal returns a number with the digits that a spreadsheet has.
func newDecimal(v float64) decimal {
	var buf [32]byte
	text := strconv.AppendFloat(buf[:0], v, 'e', significant-1, 64)
	d := decimal{}
	if text[0] == '-' {
		d.negative, text = true, text[1:]
	}
	for i, b := range text {
		if b == 'e' {
			exponent, _ := strconv.Atoi(string(text[i+1:])) // strconv wrote it
			d.point = exponent + 1
			break
		}
		if b != '.' {
			d.digits[d.n] = b
			d.n++
		}
	}
	d.trim()
	return d
}

// trim removes zeros at the end.
func (d *decimal) trim() {
	for d.n > 0 && d.digits[d.n-1] == '0' {
		d.n--
	}
	if d.n == 0 {
		d.point, d.negative = 0, false
	}
}

// round rounds to a number of decimals, half away from zero.
func (d *decimal) round(decimals int) {
	keep := d.point + decimals
	if keep >= d.n {
		return
	}
	up := keep >= 0 && d.digits[keep] >= '5'
	d.n = max(keep, 0)
	if up {
		i := d.n - 1
		for ; i >= 0 && d.digits[i] == '9'; i-- {
		}
		d.n = i + 1
		if i >= 0 {
			d.digits[i]++
		} else {
			d.digits[0] = '1'
			d.n, d.point = 1, d.point+1
		}
	}
	d.trim()
}

// isWhole reports whether the number has no decimals.
func (d *decimal) isWhole() bool { return d.n <= d.point }

// appendPlain appends the number in plain notation, or with an exponent if that would have too many zeros.
func (d *decimal) appendPlain(dst []byte, minDecimals int) []byte {
	if d.negative {
		dst = append(dst, '-')
	}
	if d.point > maxPlain || d.point < -maxPlain {
		return d.appendScientific(dst)
	}
	dst = d.appendWhole(dst)
	decimals := max(d.n-d.point, minDecimals)
	if d.n == 0 {
		decimals = minDecimals
	}
	if decimals > 0 {
		dst = append(dst, '.')
	}
	for i := range decimals {
		dst = append(dst, d.at(d.point+i))
	}
	return dst
}

// appendWhole appends the digits before the point, at least one.
func (d *decimal) appendWhole(dst []byte) []byte {
	for i := range d.point {
		dst = append(dst, d.at(i))
	}
	if d.point <= 0 {
		dst = append(dst, '0')
	}
	return dst
}

// at returns a digit; zeros are around the digits.
func (d *decimal) at(i int) byte {
	if i < 0 || i >= d.n {
		return '0'
	}
	return d.digits[i]
}

// appendScientific appends the digits as 1.5E+300.
func (d *decimal) appendScientific(dst []byte) []byte {
	dst = append(dst, d.digits[0])
	if d.n > 1 {
		dst = append(append(dst, '.'), d.digits[1:d.n]...)
	}
	dst = append(dst, 'E')
	if d.point > 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(d.point-1), 10)
}
