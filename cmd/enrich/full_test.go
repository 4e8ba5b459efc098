package main

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"enrich/client/fakeapi"
)

// TestAFullDiskEndsARunAndTheNextGoesOn: no file of the first run may grow beyond a size, which the system tells it as a
// full disk does. It ends with 1, says so, publishes nothing, and the next run pays for nothing twice.
func TestAFullDiskEndsARunAndTheNextGoesOn(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh, whose ulimit bounds a file's size")
	}
	for _, blocks := range []string{"200", "400", "900"} { // of 512 bytes, or of 1024 in some shells
		t.Run(blocks, func(t *testing.T) {
			api, err := fakeapi.Listen(context.Background(), "127.0.0.1:0", fakeapi.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer api.Close()
			v := victim{dir: t.TempDir(), api: api, workers: 8, exit: exitFailedRows, answered: map[string]int64{}}
			v.makeInput(t, 2000, rand.New(rand.NewPCG(1, 1)))
			args := []string{"run", "--url", api.URL, "--workers", "8", "--lost-retries", "14", "--ledger", v.path("ledger.db"), "--out", v.dir, v.path("leads.csv")}
			cmd := v.command(args...)
			cmd.Path, cmd.Args = sh, append([]string{"sh", "-c", "ulimit -f " + blocks + `; exec enrich "$@"`, "sh"}, args...)
			said, err := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != exitInternal || !strings.Contains(string(said), "earlier answers are kept") {
				t.Fatalf("exit code %d, %v\n%s", code, err, said)
			}
			for _, name := range []string{"leads.results.csv", "leads.failures.csv", "leads.summary.json"} {
				if _, err := os.Stat(v.path(name)); err == nil {
					t.Errorf("%s was published", name)
				}
			}
			doubts := v.inDoubt(t)
			if doubts > 2*v.workers {
				t.Errorf("%d contacts are in doubt", doubts)
			}
			t.Logf("%d answers were kept, %d contacts in doubt", len(v.answered), doubts)
			if len(v.answered) == 0 {
				t.Error("nothing was kept")
			}
			if killed, _ := v.run(t, 24*time.Hour); killed {
				t.Fatal("killed, though it was not")
			}
			v.judge(t)
		})
	}
}
