package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"enrich/internal/localpg"
)

// The counts of the figures of a shared ledger, at scale 1.
const (
	sharedRounds  = 3
	rowsPerRun    = 8_000  // of each process that shares an input, at 20 ms per call
	leastRows     = 4_000  // likewise, at any scale: rows are handed out in pieces of 1,000
	rowsAtOnce    = 60_000 // without latency
	rowsOfOthers  = 1_000_000
	rowsMemory    = 10_000
	rowsLookedUp  = 400_000
	stopRounds    = 10
	sharedWorkers = 32
)

// A shared measures a ledger in PostgreSQL: everything in a real server, through the program that is shipped.
type shared struct {
	*bench
	server *localpg.Server
	goals  []goal
}

// A goal is a line of the table.
type goal struct{ what, goal, measured, comment string }

// postgres prints the table of the shared ledger. A goal that is missed is not an error; what cannot be measured is.
func (b *bench) postgres() (err error) {
	ctx := context.Background()
	// Files of /tmp may be in memory, where a sync costs nothing.
	folder := "/var/tmp"
	if _, err := os.Stat(folder); err != nil {
		folder = ""
	}
	s := &shared{bench: b}
	if s.server, err = localpg.Start(ctx, localpg.Options{Dir: folder, Settings: map[string]string{"max_connections": "100"}}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.server.Close()) }()
	start := time.Now()
	fmt.Printf("shared ledger: PostgreSQL in %s, fsync on; load %s\n", cmp.Or(folder, os.TempDir()), load())
	var failures []error
	for _, figure := range []func(context.Context) error{s.processes, s.single, s.commits, s.others, s.stops} {
		if err := figure(ctx); err != nil {
			failures = append(failures, err)
		}
	}
	s.print()
	fmt.Printf("took %s; load %s\n", time.Since(start).Round(time.Second), load())
	return errors.Join(failures...)
}

// load is the machine's load: what else runs decides about times, less about CPU times and ratios.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "not known"
	}
	return strings.Join(strings.Fields(string(text))[:2], " ")
}

func (s *shared) count(n int) int { return max(1, int(float64(n)*s.scale)) }

func (s *shared) add(what, is, measured, comment string) {
	s.goals = append(s.goals, goal{what, is, measured, comment})
	fmt.Printf("  %s: %s\n", what, measured)
}

func (s *shared) print() {
	fmt.Printf("\n%-46s %-18s %-34s\n", "", "goal", "measured")
	for _, g := range s.goals {
		fmt.Printf("%-46s %-18s %-34s %s\n", g.what, g.goal, g.measured, g.comment)
	}
}

// newLedger creates a ledger in a database of its own.
func (s *shared) newLedger(ctx context.Context, name string) (url string, err error) {
	if url, err = s.server.CreateDatabase(ctx, name); err != nil {
		return "", err
	}
	_, err = measure(exec.CommandContext(ctx, s.enrich, "ledger", "init", "--ledger", url))
	return url, err
}

// query reads one row.
func query(ctx context.Context, url, sql string, into ...any) error {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	return errors.Join(c.QueryRow(ctx, sql).Scan(into...), c.Close(ctx))
}

// written is how much the server has written to its log, in bytes.
func written(ctx context.Context, url string) (bytes int64, err error) {
	return bytes, query(ctx, url, "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint", &bytes)
}

// databaseCPU is the CPU time that the server has used so far, with its processes that have ended.
func databaseCPU(ctx context.Context, url string) (time.Duration, error) {
	var pid int
	if err := query(ctx, url, "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int", &pid); err != nil {
		return 0, err
	}
	return treeCPU(pid)
}

// list writes an input whose addresses begin with a name, and returns its path.
func (s *shared) list(name string, rows int) (string, error) {
	path := filepath.Join(s.dir, name+".csv")
	var text strings.Builder
	text.WriteString("id,email,first_name,last_name,company_name\n")
	for i := range rows {
		fmt.Fprintf(&text, "%d,%s.%d@northwind.example,Ann%d,Smith,Northwind Traders\n", i, name, i, i%1000)
	}
	return path, os.WriteFile(path, []byte(text.String()), 0o600)
}

// arrivalsOf returns when the calls of a stand-in arrived.
func arrivalsOf(url string) (at []time.Duration, err error) {
	stats, err := statsOf(url)
	for _, a := range stats.Arrivals {
		at = append(at, a.At)
	}
	slices.Sort(at)
	return at, err
}

// perSecond is the rate of calls without the first and the last twentieth: processes start and end one after the other.
func perSecond(at []time.Duration) float64 {
	n := len(at)
	if n < 40 {
		return 0
	}
	from, to := n/20, n-1-n/20
	return float64(to-from) / (at[to] - at[from]).Seconds()
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}
