package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkRun is the main job in this process, against a stand-in in another one. Its profile is what `make profile`
// keeps as default.pgo, by which Go compiles the program: about a twentieth less CPU a row.
func BenchmarkRun(b *testing.B) {
	dir := b.TempDir()
	var input bytes.Buffer
	input.WriteString("id,email,first_name,last_name,company_name,notes\n")
	for i := range b.N {
		fmt.Fprintf(&input, "%d,ann.smith.%d@northwind.example,Ann%d,Smith,Northwind Traders,\"met at the fair, wants a call\"\n", i, i, i%1000)
	}
	file := filepath.Join(dir, "rows.csv")
	if err := os.WriteFile(file, input.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	url := standIn(b)
	lookup := func(name string) (string, bool) {
		if name == "SELLING_API_KEY" {
			return "bench", true
		}
		return "", false
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, run := range []string{"first", "again"} {
		args := []string{"run", "--quiet", "--url", url, "--ledger", filepath.Join(dir, "ledger.db"), "--out", dir, file}
		var said strings.Builder
		if code := execute(args, world{
			stdin: strings.NewReader(""), stdout: &said, stderr: &said, lookupEnv: lookup, signals: make(chan os.Signal), exit: os.Exit,
		}); code != 0 {
			b.Fatalf("the %s run exits %d: %s", run, code, &said)
		}
	}
}

// standIn starts a stand-in API in a process of its own, and says its URL.
func standIn(b *testing.B) string {
	ctx, cancel := context.WithCancel(b.Context())
	cmd := exec.CommandContext(ctx, "enrich", "fakeapi", "--count-contacts=false", "--match", "1")
	cmd.Env = append(os.Environ(), statusFile+"="+os.DevNull)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
	})
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(url)
}
