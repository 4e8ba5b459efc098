package reader_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"enrich/format"
	"enrich/internal/duckdb"
	"enrich/reader"
	"enrich/reader/internal/readertest"
)

// types has a query for each kind of value, with nulls and extremes.
func types() map[string]string {
	return map[string]string{
		"integers": `SELECT * FROM (VALUES (1::TINYINT, 2::SMALLINT, 3::INTEGER, 4::BIGINT, 5::UTINYINT, 6::USMALLINT, 7::UINTEGER, 8::UBIGINT, 9::HUGEINT, true),
			(-128, -32768, -2147483648, -9223372036854775808, 255, 65535, 4294967295, 18446744073709551615, -9, false),
			(127, 32767, 2147483647, 9223372036854775807, 0, 0, 0, 0, 170141183460469231731687303715884105727, NULL),
			(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) t(a,b,c,d,e,f,g,h,i,j)`,
		"floats": `SELECT v::FLOAT AS f, v AS d FROM (SELECT unnest([0.0, -0.0, 1, -1, 0.1, 1.5, 123456789, 1e15, 1e16, 1e17, 123456789012345678, 1e-4, 1e-5, 0.00012345, 3.4e38, 1.7e308, 5e-324, 1e100,
			'nan'::DOUBLE, 'inf'::DOUBLE, '-inf'::DOUBLE, 491701234567, 1/3, NULL]) AS v) WHERE abs(v) < 3.4e38 OR v IS NULL OR isnan(v) OR isinf(v)`,
		"doubles": `SELECT unnest([1.7976931348623157e308, 5e-324, 1e100, 2.2250738585072014e-308]) AS d`,
		"decimals": `SELECT * FROM (VALUES (1.5::DECIMAL(4,1), 12345.678::DECIMAL(9,3), 0.01::DECIMAL(18,2), 1::DECIMAL(38,10), 7::DECIMAL(5,0), 0.5::DECIMAL(3,3)),
			(-0.1, -0.001, -123456789012345.67, -1234567890123456789012345678.0123456789, -99999, -0.999), (0, 0, 0, 0, 0, 0), (NULL, NULL, NULL, NULL, NULL, NULL)) t(a,b,c,d,e,f)`,
		"dates": `SELECT unnest([DATE '1970-01-01', DATE '2026-11-26', DATE '1969-12-31', DATE '0001-01-01', DATE '0044-03-15 (BC)', DATE '9999-12-31', DATE '10000-01-01', DATE '290000-02-28',
			DATE '1900-02-28', DATE '2000-02-29', 'infinity'::DATE, '-infinity'::DATE, NULL]) AS d`,
		"times": `SELECT unnest([TIME '00:00:00', TIME '23:59:59.999999', TIME '12:30:05.5', TIME '01:02:03.000010', NULL]) AS t, unnest([TIMETZ '00:00:00+00', TIMETZ '12:30:05.25+02', NULL]) AS z,
			unnest([TIME_NS '12:30:05.123456789', TIME_NS '00:00:00.000000100', NULL]) AS n`,
		"timestamps": `SELECT t, t::TIMESTAMPTZ AS z, t::TIMESTAMP_S AS s, t::TIMESTAMP_MS AS ms FROM (SELECT unnest([TIMESTAMP '1970-01-01', TIMESTAMP '2026-11-26 16:20:00', TIMESTAMP '1969-12-31 23:59:59.5',
			TIMESTAMP '2026-11-26 16:20:00.000001', TIMESTAMP '0044-03-15 (BC) 10:00:00', TIMESTAMP '10000-01-01 00:00:00.1', NULL]) AS t)`,
		"nanoseconds":     `SELECT unnest(['2026-11-26 16:20:00.123456789'::TIMESTAMP_NS, '1969-12-31 23:59:59.000000001'::TIMESTAMP_NS, '2026-11-26 16:20:00'::TIMESTAMP_NS, NULL]) AS n`,
		"infinities":      `SELECT unnest(['infinity'::TIMESTAMP, '-infinity'::TIMESTAMP]) AS t, unnest(['infinity'::TIMESTAMPTZ, '-infinity'::TIMESTAMPTZ]) AS z`,
		"intervals":       `SELECT unnest([INTERVAL 0 DAY, INTERVAL 1 DAY, INTERVAL 14 MONTH, INTERVAL '2 years 1 month 3 days 04:05:06.789', INTERVAL 25 HOUR, INTERVAL 1 MILLISECOND, NULL]) AS i`,
		"texts":           `SELECT unnest(['', ' ', 'a', 'Zürich 東京 🎈', 'line' || chr(10) || 'break', 'quote " '' , ; {}', '+18005551234', '00123', 'NULL', NULL]) AS s`,
		"uuids and enums": `SELECT unnest(['0b5c8a3e-1f2d-4c6b-8a9e-ffffffffffff'::UUID, '00000000-0000-0000-0000-000000000000'::UUID, NULL]) AS u, unnest(['a', 'b c', NULL]::ENUM('a', 'b c')[]) AS e`,
		"blobs and json": `SELECT unnest(['abc'::BLOB, '\x00\xFF\x80 ~\x7F'::BLOB, 'it\x27s "a" \x5C'::BLOB, ''::BLOB, NULL]) AS b, unnest(['{"a": [1, "x"]}'::JSON, 'null'::JSON, NULL]) AS j,
			unnest([['{"a": [1, "x"]}', '"it''s"', NULL]::JSON[], []::JSON[], NULL]) AS l`,
		"bits":             `SELECT unnest(['0101'::BIT, '1'::BIT, NULL]) AS b`,
		"lists":            `SELECT unnest([[1, NULL, 3], [], NULL, [NULL], [4]]) AS i, unnest([['a', 'b,c', '', ' d', 'NULL', 'null', 'it''s', 'back\slash', 'a:b', '(x)', '"q"', '[y]', 'x=y', 'zero ', NULL], [], NULL]) AS s`,
		"nested lists":     `SELECT unnest([[[1], [], NULL, [2, NULL]], [[]], [NULL], [], NULL, [[3, 4], [5]]]) AS i, unnest([[[['x']], []], NULL, [NULL, [[], NULL, ['y', NULL]]]]) AS s`,
		"structs":          `SELECT unnest([{'a': 1, 'b c': 'x, y', 'it''s': NULL}, {'a': NULL, 'b c': NULL, 'it''s': 2.5}, NULL]) AS s, unnest([{'in': {'deep': [1, 2]}, 'at': TIMESTAMP '2026-01-02 03:04:05'}, {'in': NULL, 'at': NULL}, {'in': {'deep': NULL}, 'at': NULL}]) AS n`,
		"maps":             `SELECT unnest([MAP {'k': 1, 'two words': NULL, 'a=b': 3}, MAP {}, NULL]) AS m, unnest([MAP {1: ['x'], 2: []}, MAP {3: NULL}]) AS l`,
		"lists of structs": `SELECT unnest([[{'a': 1, 'l': ['x', 'y']}, {'a': 2, 'l': []}, NULL, {'a': NULL, 'l': NULL}], [], NULL, [{'a': 3, 'l': [NULL]}]]) AS l, unnest([[MAP {'k': {'v': 1}}], NULL]) AS m`,
		"arrays":           `SELECT unnest([[1, 2, 3], [4, 5, NULL]]::INTEGER[3][]) AS a`,
		"only nulls":       `SELECT NULL::INTEGER AS i, NULL::VARCHAR AS s, NULL::INTEGER[] AS l FROM range(3)`,
		"many rows": `SELECT i, (i % 7)::VARCHAR || 'x' AS few, CASE WHEN i % 3 = 0 THEN NULL ELSE 'v' || i END AS s, [x FOR x IN range(i % 5)] AS l, i % 2 = 0 AS b, (i * 37 % 1000) / 8 AS d,
			DATE '2020-01-01' + (i % 4000)::INTEGER AS day FROM range(8000) t(i)`,
		"many texts": `SELECT i AS n, repeat(chr(97 + (i % 26)::INTEGER), (i % 300)::INTEGER) AS t, md5(i::VARCHAR) AS h FROM range(8000) t(i)`,
	}
}

// compared compares how files are read with what DuckDB reads in them, a null as an empty text.
func compared(t *testing.T, files []string, o reader.Options) {
	t.Helper()
	statements := make([]string, len(files))
	for i, file := range files {
		statements[i] = fmt.Sprintf("SELECT COLUMNS(*)::VARCHAR FROM read_parquet('%s')", file)
	}
	for i, result := range duckdb.Run(t, statements...) {
		name := filepath.Base(files[i])
		input, err := os.ReadFile(files[i])
		if err != nil {
			t.Fatal(err)
		}
		r, rows, err := readertest.Read(t, input, o)
		if result.Err != nil || err != nil || r.Info().Format != format.Parquet || len(rows) != len(result.Rows) {
			t.Errorf("%s: %v; DuckDB: %d rows, %v; here: %d rows", name, err, len(result.Rows), result.Err, len(rows))
			continue
		}
		for n, row := range rows {
			if expected := texts(result.Rows[n]); row.Refused != nil || strings.Join(row.Cells, "|") != strings.Join(expected, "|") {
				t.Errorf("%s: row %d is %.300q, %v; DuckDB prints %.300q", name, n+1, row.Cells, row.Refused, expected)
				break
			}
		}
	}
}

func texts(row []*string) []string {
	cells := make([]string, len(row))
	for i, text := range row {
		if text != nil {
			cells[i] = *text
		}
	}
	return cells
}

// Cells have the text that DuckDB prints, for every type that it writes, in each of its encodings and codecs.
func TestParquetIsReadAsDuckDBReadsIt(t *testing.T) {
	dir := t.TempDir()
	var statements, files []string
	for name, query := range types() {
		options := []string{
			"COMPRESSION snappy", "COMPRESSION zstd, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1", "COMPRESSION uncompressed, PARQUET_VERSION v2",
			"COMPRESSION gzip, DICTIONARY_SIZE_LIMIT 1", "COMPRESSION brotli", "COMPRESSION lz4_raw, ROW_GROUP_SIZE 2048",
		}
		if !strings.HasPrefix(name, "many") {
			options = options[:2]
		}
		for _, options := range options {
			file := filepath.Join(dir, fmt.Sprintf("%s-%d.parquet", strings.ReplaceAll(name, " ", "-"), len(files)))
			statements = append(statements, fmt.Sprintf("COPY (%s) TO '%s' (FORMAT parquet, %s)", strings.ReplaceAll(query, "\t", " "), file, options))
			files = append(files, file)
		}
	}
	var done []string
	for i, r := range duckdb.Run(t, statements...) {
		if r.Err != nil {
			t.Errorf("%s: %v", statements[i], r.Err)
			continue
		}
		done = append(done, files[i])
	}
	compared(t, done, readertest.AnyColumns)
}
