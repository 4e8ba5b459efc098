package writer_test

import (
	"fmt"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/gocarina/gocsv"

	"enrich/writer"
)

// A lead is a row of a results file: a column of the input, and the columns that enrich adds.
type lead struct {
	ID string `csv:"Record ID"`
	writer.ResultRecord
}

func readLeads(name string) ([]lead, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var leads []lead
	err = gocsv.UnmarshalFile(file, &leads)
	return leads, err
}

func ExampleResultRecord() {
	leads, err := readLeads("testdata/crm-export.results.csv")
	if err != nil {
		log.Fatal(err)
	}
	for _, l := range leads {
		fmt.Println(l.ID, l.Status, l.Title, l.CompanyName, l.Credit)
	}
	// Output:
	// 1001 matched Head of Sales Northwind Traders true
	// 1002 no_match   false
}

// TestTheReadmeShowsTheExample: its Go code is in this file, so it compiles and runs.
func TestTheReadmeShowsTheExample(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(readme), "```go\n")
	code, _, _ := strings.Cut(after, "```")
	if !found || !strings.Contains(string(example), code) {
		t.Errorf("the README's Go code is not in example_test.go:\n%s", code)
	}
}
