package main

import (
	"fmt"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// A run of a Parquet file keeps the promise of memory, even if the whole file is one row group, whose pages are larger than that, and
// the outputs are Parquet, too.
func TestMemoryOfParquet(t *testing.T) {
	if raced {
		t.Skip("the race detector's memory is not ours")
	}
	const rows, asked = 200_000, 5_000
	s := newStage(t, fakeapi.Options{Uncounted: true})
	s.parquet("l.parquet", fmt.Sprintf(`SELECT 'p' || i || '@x.example' AS email, md5(i::VARCHAR) AS a, repeat(md5((i + 1)::VARCHAR), 4) AS b, repeat(md5((i + 2)::VARCHAR), 3) AS c,
		[md5((i + 3)::VARCHAR), md5((i + 4)::VARCHAR)] AS d, i AS e, i / 3 AS f FROM range(%d) t(i)`, rows))
	c := s.commandWithin(5*time.Minute, "run", "--max-calls", fmt.Sprint(asked), "--workers", "64", "--pending", "rest.parquet", "l.parquet")
	c.Path = built(t)
	peak := c.peak()
	c.ends(exitCapped)
	if sum := s.summary("l.summary.json"); sum.Rows.Read != rows || sum.Rows.Pending != rows-asked {
		t.Errorf("%+v", sum.Rows)
	}
	keepsPromise(t, "run", peak, asked)
}
