package client

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/sourcegraph/conc"

	"enrich/contact"
)

// benchServer makes the test binary the server of the benchmarks. It is a process of its own, so that its CPU time is not
// counted as the client's.
const benchServer = "TEST_ENRICH_CLIENT_BENCH_SERVER"

// benchAnswer is a typical answer of the API: 450 bytes and the documented headers.
var benchAnswer = func() []byte {
	body := `{"contact":{"credit_charged":true,"first_name":"Ann","last_name":"Example","email":"ann@example.com","office_phone":"+18005551234",` +
		`"location":{"country":"United States","state":"Texas","zip_code":"73301"},"title":"Head of Sales","job_level":"Director","department":"Sales",` +
		`"linkedin":"https://www.linkedin.com/in/ann-example","company":{"name":"Example","website":"example.com","employees_category":"500-1,000",` +
		`"location":{"country":"United States","state":"Texas"}}},"remaining_credits":123456}`
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 02 Mar 2026 10:00:00 GMT\r\nRate_limit: 60000000\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}()

// serveBench gives every request the same answer, as cheaply as possible.
func serveBench() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	go func() { // the process ends with its standard input
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go answerBench(c)
	}
}

func answerBench(c net.Conn) {
	defer func() { _ = c.Close() }()
	r := bufio.NewReader(c)
	for {
		length := 0
		answer := benchAnswer
		for {
			line, err := r.ReadSlice('\n')
			if err != nil {
				return
			}
			switch {
			case bytes.HasPrefix(line, []byte("POST /contacts ")):
				answer = benchAccepted
			case bytes.HasPrefix(line, []byte("GET ")):
				answer = benchResults()
			}
			if n, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
				length, _ = strconv.Atoi(strings.TrimSpace(string(n)))
			}
			if len(line) == 2 {
				break
			}
		}
		if _, err := r.Discard(length); err != nil {
			return
		}
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}

func startBenchServer(b *testing.B) (url string) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), benchServer+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // it ends with its input
	})
	return "http://" + strings.TrimSpace(line)
}

func benchContact(n int) contact.Contact {
	return contact.Contact{Email: "ann" + strconv.Itoa(n) + "@example.com", FirstName: "Ann", LastName: "Example", CompanyName: "Example Inc."}
}

// BenchmarkCall compares the CPU of a call by this client with that of a bare net/http loop that posts the same
// bodies to the same server and discards the answers:
//
//	go test ./client -run - -bench Call -benchtime 100000x -count 5
func BenchmarkCall(b *testing.B) {
	url := startBenchServer(b)
	const workers = 32
	b.Run("bare", func(b *testing.B) { benchBare(b, url, workers) })
	b.Run("enrich", func(b *testing.B) { benchClient(b, url, workers) })
}

func benchBare(b *testing.B, url string, workers int) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = workers
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	benchWorkers(b, workers, func(n int) error {
		c := benchContact(n)
		req, err := http.NewRequest(http.MethodPost, url+"/contact", bytes.NewReader(appendRequest(nil, &c, "email", Constants{})))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer bench")
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		return err
	})
}

func benchClient(b *testing.B, url string, workers int) {
	c, err := New(Options{URL: url, Key: Key{"bench"}, Workers: workers})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()
	benchWorkers(b, workers, func(n int) error {
		q := contact.Question{Row: int64(n), Contact: benchContact(n)}
		c.Queue(&q)
		r, wait := c.Ask(ctx, ctx, &q)
		if wait > 0 || r.Outcome.Kind != contact.Matched {
			return fmt.Errorf("not answered at once, or no match: %+v", r)
		}
		return nil
	})
}

func benchWorkers(b *testing.B, workers int, one func(int) error) {
	next := make(chan int, 2*workers)
	var wg conc.WaitGroup
	for range workers {
		wg.Go(func() {
			for n := range next {
				if err := one(n); err != nil {
					b.Error(err)
				}
			}
		})
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu()
	for n := range b.N {
		next <- n
	}
	close(next)
	wg.Wait()
	b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
}
