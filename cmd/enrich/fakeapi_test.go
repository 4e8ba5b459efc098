package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestFakeapiServesUntilASignal plays `enrich fakeapi` in this process, so that the signal cannot come too early.
func TestFakeapiServesUntilASignal(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		signals := make(chan os.Signal, 1)
		stdout, write := io.Pipe()
		var stderr bytes.Buffer
		code := 0
		var command sync.WaitGroup
		command.Go(func() {
			code = execute([]string{"fakeapi", "--match", "1", "--for", "1m"}, world{
				stdin: strings.NewReader(""), stdout: write, stderr: &stderr, signals: signals,
				lookupEnv: func(string) (string, bool) { return "", false }, exit: func(int) {},
			})
			_ = write.Close() // a pipe's end never fails
		})
		out := bufio.NewReader(stdout)
		line, err := out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		askOnce(t, strings.TrimSpace(line))
		signals <- sig
		if rest, err := io.ReadAll(out); err != nil || len(rest) > 0 {
			t.Errorf("after the URL: %q, %v", rest, err)
		}
		command.Wait()
		if code != 128+int(sig) || stderr.String() != "1 call, 1 credit charged\n" {
			t.Errorf("%s: exit code %d, %q", sig, code, stderr.String())
		}
	}
}

func askOnce(t *testing.T, url string) {
	t.Helper()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/contact", strings.NewReader(`{"email":"ann@x.example"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer k")
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // it is not read
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
}
