package localpg_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"enrich/internal/localpg"
	"enrich/internal/localpg/pgtest"
)

var shared pgtest.Shared

func TestMain(m *testing.M) { goleak.VerifyTestMain(shared.Around(m)) }

// connect connects to a database until the end of the test.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec1(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// value returns the first column of a query's only row.
func value[T any](t *testing.T, conn *pgx.Conn, sql string) (v T) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What was committed survives a stop and a kill, also while a transaction is open; the port remains.
func TestCommittedRowsSurvive(t *testing.T) {
	server := pgtest.Start(t, localpg.Options{})
	url, err := server.CreateDatabase(t.Context(), "ledger")
	ok(t, err)
	exec1(t, connect(t, url), "CREATE TABLE answer (n int)")
	for n, end := range []func() error{server.Stop, server.Kill, func() error { return errors.Join(server.Pause(), server.Kill()) }} {
		conn := connect(t, url)
		exec1(t, conn, "INSERT INTO answer VALUES (1)")
		exec1(t, conn, "BEGIN")
		exec1(t, conn, "INSERT INTO answer VALUES (2)")
		ok(t, end())
		if _, err := conn.Exec(t.Context(), "COMMIT"); err == nil {
			t.Fatal("a server that was ended still commits")
		}
		if _, err := pgx.Connect(t.Context(), url); err == nil {
			t.Fatal("a server that was ended accepts connections")
		}
		ok(t, server.Restart(t.Context()))
		if sum := value[int](t, connect(t, url), "SELECT sum(n) FROM answer"); sum != n+1 {
			t.Errorf("after %d ends: sum %d", n+1, sum)
		}
	}
	if !strings.Contains(server.Log(), "automatic recovery in progress") {
		t.Error("no kill was a crash for the server")
	}
}

// The second server is made from what the first left in the folder of templates, and is another system.
func TestTemplates(t *testing.T) {
	dir := t.TempDir()
	const id = "SELECT system_identifier FROM pg_control_system()"
	seen := map[int64]bool{}
	for n := range 3 {
		server := pgtest.Start(t, localpg.Options{Templates: dir})
		if copied := !strings.Contains(server.Log(), "performing post-bootstrap initialization"); copied != (n > 0) {
			t.Errorf("server %d is a copy: %v", n, copied)
		}
		url, err := server.CreateDatabase(t.Context(), "ledger")
		ok(t, err)
		conn := connect(t, url)
		exec1(t, conn, "CREATE TABLE answer (n int)")
		exec1(t, conn, "INSERT INTO answer VALUES (1)")
		ok(t, server.Kill())
		ok(t, server.Restart(t.Context()))
		conn = connect(t, url)
		if rows := value[int](t, conn, "SELECT count(*) FROM answer"); rows != 1 {
			t.Errorf("%d rows after a kill", rows)
		}
		system := value[int64](t, conn, id)
		if seen[system] || system <= 0 {
			t.Errorf("system identifier %d", system)
		}
		seen[system] = true
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v remain, error %v", left, err)
	}
}

// The server is as durable as in production unless a test says otherwise.
func TestSettings(t *testing.T) {
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		if v := value[string](t, connect(t, shared.Database(t)), "SHOW "+name); v != "on" {
			t.Errorf("%s is %s", name, v)
		}
	}
	server := pgtest.Start(t, localpg.Options{Settings: map[string]string{"fsync": "off", "cluster_name": "it's"}})
	conn := connect(t, server.URL("postgres"))
	if v := value[string](t, conn, "SHOW fsync") + value[string](t, conn, "SHOW cluster_name"); v != "offit's" {
		t.Errorf("fsync and cluster_name are %s", v)
	}
}

// A server that cannot start says why, and nothing remains of it.
func TestAServerThatCannotStart(t *testing.T) {
	pgtest.Install(t)
	dir := openFolder(t)
	_, err := localpg.Start(t.Context(), localpg.Options{Dir: dir, Settings: map[string]string{"no_such_setting": "1"}})
	if err == nil || !strings.Contains(err.Error(), `unrecognized configuration parameter "no_such_setting"`) {
		t.Errorf("error %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("%v remains, error %v", left, err)
	}
}

// openFolder returns a new folder that the server's user can pass through.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(pgtest.Dir(), "enrich-test-*")
	ok(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ok(t, os.Chmod(dir, 0o755))
	return dir
}

// While it is paused the server does not answer, and it goes on with the same connections.
func TestPause(t *testing.T) {
	server := pgtest.Start(t, localpg.Options{})
	conn := connect(t, server.URL("postgres"))
	answered := make(chan error, 1)
	ok(t, server.Pause())
	go func() {
		_, err := conn.Exec(context.Background(), "SELECT 1")
		answered <- err
	}()
	select {
	case err := <-answered:
		t.Fatalf("a paused server answered: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	ok(t, server.Continue())
	ok(t, <-answered)
}

// The kill of one backend ends all connections, and the server recovers without help.
func TestKillBackend(t *testing.T) {
	server := pgtest.Start(t, localpg.Options{})
	conn, other := connect(t, server.URL("postgres")), connect(t, server.URL("postgres"))
	if err := server.KillBackend(os.Getpid()); err == nil {
		t.Error("a process that is not the server's can be killed")
	}
	ok(t, server.KillBackend(value[int](t, conn, "SELECT pg_backend_pid()")))
	if _, err := other.Exec(t.Context(), "SELECT pg_sleep(60)"); err == nil {
		t.Error("the other connection survived the crash")
	}
}

// child is an environment variable: the test binary starts a server in the folder that it names, and waits for its kill.
const child = "TEST_ENRICH_LOCALPG_CHILD"

// If the process that started a server is killed, nothing remains of the server: no file, and none of its processes, also if they
// are paused.
func TestNothingRemainsOfAKilledProcess(t *testing.T) {
	if dir := os.Getenv(child); dir != "" {
		server, err := localpg.Start(t.Context(), localpg.Options{Dir: dir})
		ok(t, err)
		ok(t, server.Pause())
		block := filepath.Join(dir, "block")
		ok(t, os.WriteFile(block, []byte(sharedMemory(t, dir)), 0o600))
		ok(t, os.Rename(block, filepath.Join(dir, "paused")))
		select {}
	}
	pgtest.Install(t)
	dir := openFolder(t)
	paused := filepath.Join(dir, "paused")
	cmd := exec.Command(os.Args[0], "-test.run=^TestNothingRemainsOfAKilledProcess$")
	cmd.Env = append(os.Environ(), child+"="+dir)
	ok(t, cmd.Start())
	within(t, func() bool { _, err := os.Stat(paused); return err == nil })
	block, err := os.ReadFile(paused)
	ok(t, err)
	if running(dir) == 0 || !hasSharedMemory(t, string(block)) {
		t.Error("no process runs in the folder, or the server has no shared memory")
	}
	ok(t, cmd.Process.Kill())
	_ = cmd.Wait()
	within(t, func() bool {
		servers, err := filepath.Glob(dir + "/enrich-*")
		return err == nil && len(servers) == 0 && running(dir) == 0
	})
	if hasSharedMemory(t, string(block)) {
		t.Error("the server's shared memory remains")
	}
}

// A server that was killed and is closed then leaves nothing, either.
func TestNothingRemainsAfterClose(t *testing.T) {
	dir := openFolder(t)
	server := pgtest.Start(t, localpg.Options{Dir: dir})
	block := sharedMemory(t, dir)
	ok(t, server.Kill())
	if !hasSharedMemory(t, block) {
		t.Error("a killed server has removed its shared memory")
	}
	ok(t, server.Close())
	ok(t, server.Close())
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 || running(dir) > 0 || hasSharedMemory(t, block) {
		t.Errorf("%v remains, error %v", left, err)
	}
	if err := server.Restart(t.Context()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("restart after Close: %v", err)
	}
}

// sharedMemory returns the number of the block of the only server below a folder: postmaster.pid has it at the end of line 7.
func sharedMemory(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(dir + "/*/data/postmaster.pid")
	ok(t, err)
	b, err := os.ReadFile(files[0])
	ok(t, err)
	fields := strings.Fields(strings.Split(string(b), "\n")[6])
	return fields[len(fields)-1]
}

// hasSharedMemory reports whether the system has a block of shared memory.
func hasSharedMemory(t *testing.T, block string) bool {
	t.Helper()
	b, err := os.ReadFile("/proc/sysvipc/shm")
	if err != nil {
		t.Skip("this system does not show its processes and shared memory in /proc")
	}
	for line := range strings.Lines(string(b)) {
		if fields := strings.Fields(line); fields[1] == block {
			return true
		}
	}
	return false
}

// running returns the number of processes that run below a folder.
func running(dir string) (n int) {
	cwds, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, cwd := range cwds {
		if to, err := os.Readlink(cwd); err == nil && strings.HasPrefix(to, dir+"/") {
			n++
		}
	}
	return n
}

// within waits for something that another process does.
func within(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen within a minute")
		}
	}
}
