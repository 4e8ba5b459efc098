package file

import "enrich/internal/thrift"

// A Type says how a value is to be understood.
type Type int

// The types, as DuckDB names them.
const (
	TypeNull Type = iota // no value is anything but null
	TypeBoolean
	TypeSigned   // of Bits
	TypeUnsigned // of Bits
	TypeHalf     // a float of 16 bits
	TypeFloat
	TypeDouble
	TypeDecimal       // with Scale
	TypeDecimalDouble // with Scale, shown as a double, because it has more than 38 digits
	TypeDate
	TypeTime         // of Unit
	TypeTimeUTC      // of Unit
	TypeTimestamp    // of Unit
	TypeTimestampUTC // of Unit
	TypeInt96        // a timestamp of Impala
	TypeInterval
	TypeUUID
	TypeText
	TypeJSON // a text that DuckDB does not quote in a list, map or struct
	TypeBlob
)

// A Unit is what times are counted in.
type Unit int64

// The units, in units a second.
const (
	Milliseconds Unit = 1e3
	Microseconds Unit = 1e6
	Nanoseconds  Unit = 1e9
)

// A Logical is the type of a column's values.
type Logical struct {
	Type  Type
	Unit  Unit
	Bits  int
	Scale int
}

// The converted types that are needed by name.
const (
	convertedUTF8 = iota
	convertedMap
	convertedMapKeyValue
	convertedList
	convertedEnum
	convertedDecimal
	convertedDate
	convertedTimeMillis
	convertedTimeMicros
	convertedTimestampMillis
	convertedTimestampMicros
	convertedUint8
	convertedUint16
	convertedUint32
	convertedUint64
	convertedInt8
	convertedInt16
	convertedInt32
	convertedInt64
	convertedJSON
	convertedBSON
	convertedInterval
	convertedNone = 24 // old files
)

// The logical types, by their numbers in the format's union.
const (
	logicalString    = 1
	logicalMap       = 2
	logicalList      = 3
	logicalEnum      = 4
	logicalDecimal   = 5
	logicalDate      = 6
	logicalTime      = 7
	logicalTimestamp = 8
	logicalInteger   = 10
	logicalUnknown   = 11
	logicalJSON      = 12
	logicalUUID      = 14
	logicalFloat16   = 15
)

// maxPrecision is how many digits DuckDB's decimals have.
const maxPrecision = 38

// An annotation is what the schema says about a type: by the converted type of old writers, and the logical type of new ones.
type annotation struct {
	converted        int64 // -1: none
	scale, precision int64 // -1: none

	logicalID    int
	utc          bool
	unit         Unit
	bits         int64
	signed       bool
	logicalScale int64
	logicalWidth int64
}

func (a *annotation) isMap() bool { return a.converted == convertedMap || a.logicalID == logicalMap }

func (a *annotation) isList() bool { return a.converted == convertedList || a.logicalID == logicalList }

// readLogical reads the union of the logical types.
func (a *annotation) readLogical(r *thrift.Reader) {
	r.Struct(func(id int, t thrift.Type) bool {
		a.logicalID = id
		if t != thrift.Struct {
			return false
		}
		r.Struct(func(field int, t thrift.Type) bool {
			switch {
			case id == logicalDecimal && t == thrift.Int32 && field == 1:
				a.logicalScale = r.Int(t)
			case id == logicalDecimal && t == thrift.Int32 && field == 2:
				a.logicalWidth = r.Int(t)
			case id == logicalInteger && t == thrift.Byte && field == 1:
				a.bits = r.Int(t)
			case id == logicalInteger && field == 2:
				a.signed = t == thrift.True
				return false
			case (id == logicalTime || id == logicalTimestamp) && field == 1:
				a.utc = t == thrift.True
				return false
			case (id == logicalTime || id == logicalTimestamp) && field == 2 && t == thrift.Struct:
				r.Struct(func(unit int, _ thrift.Type) bool {
					a.unit = map[int]Unit{1: Milliseconds, 2: Microseconds, 3: Nanoseconds}[unit]
					return false
				})
			default:
				return false
			}
			return true
		})
		return true
	})
}

// logical returns the type of a leaf's values.
func (e *element) logical(l *Leaf) (Logical, error) {
	t, ok := e.byLogical(l)
	if !ok {
		t, ok = e.byConverted()
	}
	if !ok {
		t = plain(l.Physical)
	}
	if !t.fits(l) {
		return t, Damaged("column %q has a type that its values cannot have", l.Name)
	}
	return t, nil
}

// byLogical returns the type by the logical type; false if there is none, or it is one that DuckDB ignores.
func (e *element) byLogical(l *Leaf) (Logical, bool) {
	switch e.logicalID {
	case logicalUnknown:
		return Logical{Type: TypeNull}, true
	case logicalUUID:
		return Logical{Type: TypeUUID}, l.Physical == Fixed
	case logicalFloat16:
		return Logical{Type: TypeHalf}, l.Physical == Fixed && l.Length == 2
	case logicalTimestamp:
		if e.utc {
			return Logical{Type: TypeTimestampUTC, Unit: e.unit}, e.unit != 0
		}
		return Logical{Type: TypeTimestamp, Unit: e.unit}, e.unit != 0
	case logicalTime:
		if e.utc {
			return Logical{Type: TypeTimeUTC, Unit: e.unit}, e.unit != 0
		}
		return Logical{Type: TypeTime, Unit: e.unit}, e.unit != 0
	case logicalString, logicalEnum:
		return Logical{Type: TypeText}, true
	case logicalJSON:
		return Logical{Type: TypeJSON}, true
	case logicalDate:
		return Logical{Type: TypeDate}, true
	case logicalDecimal:
		return decimal(e.logicalWidth, e.logicalScale), true
	case logicalInteger:
		if e.signed {
			return Logical{Type: TypeSigned, Bits: int(e.bits)}, true
		}
		return Logical{Type: TypeUnsigned, Bits: int(e.bits)}, true
	}
	return Logical{}, false
}

func decimal(precision, scale int64) Logical {
	t := Logical{Type: TypeDecimal, Scale: int(scale)}
	if precision > maxPrecision {
		t.Type = TypeDecimalDouble
	}
	if scale < 0 || scale > precision || precision > 1<<10 {
		t.Scale = -1
	}
	return t
}

// byConverted returns the type by the converted type; false if there is none.
func (e *element) byConverted() (Logical, bool) {
	switch c := e.converted; c {
	case convertedUTF8, convertedEnum:
		return Logical{Type: TypeText}, true
	case convertedJSON:
		return Logical{Type: TypeJSON}, true
	case convertedDecimal:
		return decimal(e.precision, e.scale), true
	case convertedDate:
		return Logical{Type: TypeDate}, true
	case convertedTimeMillis:
		return Logical{Type: TypeTime, Unit: Milliseconds}, true
	case convertedTimeMicros:
		return Logical{Type: TypeTime, Unit: Microseconds}, true
	case convertedTimestampMillis:
		return Logical{Type: TypeTimestamp, Unit: Milliseconds}, true
	case convertedTimestampMicros:
		return Logical{Type: TypeTimestamp, Unit: Microseconds}, true
	case convertedUint8, convertedUint16, convertedUint32, convertedUint64:
		return Logical{Type: TypeUnsigned, Bits: 8 << (c - convertedUint8)}, true
	case convertedInt8, convertedInt16, convertedInt32, convertedInt64:
		return Logical{Type: TypeSigned, Bits: 8 << (c - convertedInt8)}, true
	case convertedInterval:
		return Logical{Type: TypeInterval}, true
	case convertedNone:
		return Logical{Type: TypeNull}, true
	}
	return Logical{}, false
}

// plain returns the type of values about which the schema says nothing.
func plain(p Physical) Logical {
	switch p {
	case Boolean:
		return Logical{Type: TypeBoolean}
	case Int32:
		return Logical{Type: TypeSigned, Bits: 32}
	case Int64:
		return Logical{Type: TypeSigned, Bits: 64}
	case Int96:
		return Logical{Type: TypeInt96}
	case Float:
		return Logical{Type: TypeFloat}
	case Double:
		return Logical{Type: TypeDouble}
	}
	return Logical{Type: TypeBlob}
}

// IsBytes reports whether the text of a value is about as long as its bytes.
func (t Logical) IsBytes() bool {
	return t.Type == TypeText || t.Type == TypeJSON || t.Type == TypeBlob
}

// fits reports whether values of the leaf can be of the type.
func (t Logical) fits(l *Leaf) bool {
	bytes := l.Physical == ByteArray || l.Physical == Fixed
	switch t.Type {
	case TypeSigned, TypeUnsigned:
		switch t.Bits {
		case 8, 16, 32:
			return l.Physical == Int32
		}
		return t.Bits == 64 && l.Physical == Int64
	case TypeDecimal, TypeDecimalDouble:
		return t.Scale >= 0 && (bytes || l.Physical == Int32 || l.Physical == Int64)
	case TypeDate:
		return l.Physical == Int32
	case TypeTime, TypeTimeUTC:
		return l.Physical == Int64 || l.Physical == Int32 && t.Unit == Milliseconds
	case TypeTimestamp, TypeTimestampUTC:
		return l.Physical == Int64
	case TypeInterval:
		return l.Physical == Fixed && l.Length == 12
	case TypeUUID:
		return l.Physical == Fixed && l.Length == 16
	case TypeText, TypeJSON, TypeBlob:
		return bytes
	}
	return true
}
