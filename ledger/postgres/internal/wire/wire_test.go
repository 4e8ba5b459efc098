package wire_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"pgregory.net/rapid"

	"enrich/ledger/postgres/internal/wire"
)

// scan decodes an array with pgx, which knows the format too.
func scan[T any](t *rapid.T, oid uint32, value []byte) (list []T) {
	if err := pgtype.NewMap().Scan(oid, pgtype.BinaryFormatCode, value, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestArraysAreWhatPgxReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a wire.Array
		for range 2 { // the memory is reused
			ints := rapid.SliceOf(rapid.Int64()).Draw(t, "ints")
			a.BeginInt8s()
			for _, n := range ints {
				a.Int8(n)
			}
			if got := scan[int64](t, pgtype.Int8ArrayOID, a.Value()); !equal(got, ints) || a.Len() != len(ints) {
				t.Fatalf("%v, expected %v", got, ints)
			}
			row := wire.NewRow([][]byte{a.Value()})
			if got := row.Int8s(); !equal(got, ints) || row.Err() != nil {
				t.Fatalf("%v, expected %v; %v", got, ints, row.Err())
			}
			small := rapid.SliceOf(rapid.Int16()).Draw(t, "small")
			a.BeginInt2s()
			for _, n := range small {
				a.Int2(n)
			}
			if got := scan[int16](t, pgtype.Int2ArrayOID, a.Value()); !equal(got, small) {
				t.Fatalf("%v, expected %v", got, small)
			}
			texts := rapid.SliceOf(rapid.Ptr(rapid.String(), true)).Draw(t, "texts")
			a.BeginTexts()
			for _, s := range texts {
				if s == nil {
					a.Null()
				} else {
					a.Bytes([]byte(*s))
				}
			}
			if got := scan[*string](t, pgtype.TextArrayOID, a.Value()); !equal(got, texts) {
				t.Fatalf("%v, expected %v", got, texts)
			}
			keys := rapid.SliceOf(rapid.Custom(func(t *rapid.T) (k [16]byte) {
				copy(k[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key"))
				return k
			})).Draw(t, "keys")
			a.BeginUUIDs()
			for _, k := range keys {
				a.UUID(k)
			}
			if got := scan[[16]byte](t, pgtype.UUIDArrayOID, a.Value()); !equal(got, keys) {
				t.Fatalf("%v, expected %v", got, keys)
			}
		}
	})
}

func equal[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || reflect.DeepEqual(a, b)) }

func TestTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(-60_000_000_000_000, 60_000_000_000_000).Draw(t, "at")).UTC()
		var read time.Time
		if err := pgtype.NewMap().Scan(pgtype.TimestamptzOID, pgtype.BinaryFormatCode, wire.Time(nil, at), &read); err != nil || !read.Equal(at) {
			t.Fatalf("%s is read as %s, %v", at, read, err)
		}
		if got := wire.ToTime(wire.Micros(at)); !got.Equal(at) {
			t.Fatalf("%s becomes %s", at, got)
		}
	})
}

func TestWrongValuesAreErrors(t *testing.T) {
	for what, read := range map[string]func(*wire.Row){
		"a short bigint":     func(r *wire.Row) { r.Int8() },
		"a short integer":    func(r *wire.Row) { r.Int4() },
		"a short smallint":   func(r *wire.Row) { r.Int2() },
		"a short uuid":       func(r *wire.Row) { r.UUID() },
		"a value is missing": func(r *wire.Row) { r.Bytes(); r.Bytes() },
	} {
		r := wire.NewRow([][]byte{{1, 2, 3}})
		if read(&r); r.Err() == nil {
			t.Errorf("%s: no error", what)
		}
	}
	nulls := wire.NewRow([][]byte{nil, nil, nil, nil, nil})
	if nulls.Int8() != 0 || nulls.UUID() != [16]byte{} || nulls.Bytes() != nil || nulls.Int8s() != nil || nulls.Bool() || nulls.Err() != nil {
		t.Errorf("nulls: %v", nulls.Err())
	}
}

// No bytes of a server make the reader fail otherwise than by an error.
func FuzzRow(f *testing.F) {
	f.Add(wire.Int8(nil, 1), bytes.Repeat([]byte{0}, 40))
	f.Fuzz(func(_ *testing.T, a, b []byte) {
		for _, values := range [][][]byte{{a, b}, {b, a}} {
			r := wire.NewRow(values)
			_, _ = r.Int8s(), r.Int4s()
			_ = r.Err()
		}
	})
}
