package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"enrich/client/fakeapi"
	"enrich/cmd/enrich/internal/console"
	"enrich/contact"
	"enrich/internal/phrase"
	"enrich/ledger/sqlite"
	"enrich/reader"
)

// A schema is one of doc/schema that also refuses members that it does not name: users may get more of them, we may not.
func schemaOf(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(readText(t, root+"/doc/schema/"+name+".json")))
	if err != nil {
		t.Fatal(err)
	}
	closeObjects(document)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(name, document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// closeObjects makes a schema refuse members that are not named.
func closeObjects(node any) {
	switch n := node.(type) {
	case map[string]any:
		if _, open := n["additionalProperties"]; n["properties"] != nil && isObject(n["type"]) && !open {
			n["additionalProperties"] = false
		}
		for _, inner := range n {
			closeObjects(inner)
		}
	case []any:
		for _, inner := range n {
			closeObjects(inner)
		}
	}
}

// isObject reports whether a schema's type is an object, or an object or null.
func isObject(of any) bool {
	list, ok := of.([]any)
	return of == "object" || ok && slices.Contains(list, any("object"))
}

// conforms reports an object that is not as its schema in doc/schema says.
func conforms(t *testing.T, schema, object string) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(object))
	if err != nil {
		t.Fatalf("%s: %v: %q", schema, err, object)
	}
	if err := schemaOf(t, schema).Validate(value); err != nil {
		t.Errorf("%v\n%s", err, object)
	}
}

// refuses fails if a schema also accepts what it must not.
func refuses(t *testing.T, schema string, objects ...string) {
	t.Helper()
	compiled := schemaOf(t, schema)
	for _, object := range objects {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(object))
		if err != nil {
			t.Fatal(err)
		}
		if compiled.Validate(value) == nil {
			t.Errorf("the schema of %s accepts %s", schema, object)
		}
	}
}

func TestTheSettingsConformToTheirSchema(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	s.write("config.toml", "max-credits = [\"5/day\"]\nset = \"a=1\"\nbom = true\nlimit = 3\n")
	conforms(t, "config", s.output(exitOK, "config", "--log-format", "json"))
	conforms(t, "config", s.output(exitOK, "config", "--log-format", "json", "--config", "config.toml", "--workers=3"))
	refuses(t, "config", `{"file":null,"api_key":null,"settings":{}}`, `{"file":null,"api_key":null,"settings":{"a":{"value":1,"source":"file","from":"x"}}}`,
		`{"file":null,"api_key":null,"settings":{"a":{"value":1,"source":"flag"}}}`, `{"file":null,"api_key":null,"x":1,"settings":{"a":{"value":1,"source":"default"}}}`)
}

// TestObjectsConformToTheirSchemas: plan, ledger stats, the summary as a file and as a command gets it.
func TestObjectsConformToTheirSchemas(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{})
	s.write("l.csv", "email,name\n Ann <a@x.example>,x\nb+nomatch@x.example,\nc+500x1@x.example,\nd+400@x.example,\nnothing,\na@x.example,\n\ntotal,\n")
	plan := s.output(exitOK, "plan", "--log-format", "json", "--rate", "3/s", "--max-calls", "2", "l.csv")
	conforms(t, "plan", plan)
	conforms(t, "plan", s.output(exitOK, "run", "--dry-run", "--log-format", "json", "l.csv"))
	conforms(t, "plan", s.output(exitOK, "plan", "--bulk", "--log-format", "json", "l.csv"))
	s.run(exitFailedRows, "run", "--on-finish", "cat > told.json", "--pending", "p.csv", "--report", "r.html", "l.csv")
	conforms(t, "summary", s.read("l.summary.json"))
	conforms(t, "summary", s.read("told.json"))
	s.run(exitCapped, "run", "--ledger", "other.db", "--max-calls", "1", "--on-finish", "cat > told.json", "l.csv")
	if told := s.read("told.json"); !strings.Contains(told, `"kept": true`) {
		t.Error(told)
	} else {
		conforms(t, "summary", told)
	}
	s.write("bad.db", "damaged")
	s.run(exitInternal, "run", "--ledger", "bad.db", "--on-finish", "cat > told.json", "l.csv")
	conforms(t, "summary", s.read("told.json"))
	for _, flags := range [][]string{{"--log-format", "json"}, {"--json"}} {
		conforms(t, "ledger-stats", s.output(exitOK, append([]string{"ledger", "stats"}, flags...)...))
	}
	conforms(t, "summary", s.output(exitFailedRows, "write", "--summary", "-", "--results", "w.csv", "--failures", "f.csv", "--map", "email=name", "--replace", "l.csv"))
	refuses(t, "plan", strings.Replace(plan, `"rows":`, `"rowz":`, 1), strings.Replace(plan, `"calls":`, `"new":1,"calls":`, 1))
}

// TestTheSummaryHasAllItsMembers: programs can rely on each member that the documents name, also if there is nothing to count.
// TestObjectsConformToTheirSchemas compares the summaries with the schema.
func TestTheSummaryHasAllItsMembers(t *testing.T) {
	t.Parallel()
	type object struct {
		Required   []string
		Properties map[string]*object
	}
	var summary object
	if err := json.Unmarshal([]byte(readText(t, root+"/doc/schema/summary.json")), &summary); err != nil {
		t.Fatal(err)
	}
	var optional []string
	var visit func(prefix string, o *object)
	visit = func(prefix string, o *object) {
		for name, inner := range o.Properties {
			if !slices.Contains(o.Required, name) {
				optional = append(optional, prefix+name)
				continue
			}
			visit(prefix+name+".", inner)
		}
	}
	visit("", &summary)
	slices.Sort(optional)
	if want := []string{"error", "files", "jobs.size", "kept"}; !slices.Equal(optional, want) {
		t.Errorf("a summary may lack %q; expected %q", optional, want)
	}
}

// An errorCase is a command line that fails, and what programs are told.
type errorCase struct {
	args    string
	environ string
	exit    int
	code    string
	flag    string // "" for null
	advice  string // a part of it
}

var errorCases = []errorCase{
	{"run --worker 3 l.csv --log-format json", "", exitUsage, "unknown_flag", "--worker", "did you mean --workers?"},
	{"run --log-format=json -z l.csv", "", exitUsage, "unknown_flag", "-z", "--help"},
	{"run --workers 0 l.csv", "ENRICH_LOG_FORMAT=json", exitUsage, "invalid_value", "--workers", "--help"},
	{"run --log-format text --worker 3 --log-format json l.csv", "", exitUsage, "unknown_flag", "--worker", "did you mean --workers?"},
	{"run --log-format json --worker 3 --log-format text l.csv", "", exitUsage, "", "", ""},
	{"run --log-format json a b -- --log-format text", "", exitUsage, "too_many_arguments", "", ""},
	{"run --log-format yaml l.csv", "ENRICH_LOG_FORMAT=json", exitUsage, "", "", ""},
	{"run l.csv --limit", "ENRICH_LOG_FORMAT=json", exitUsage, "missing_value", "--limit", "enrich run --help"},
	{"run --rate fast --log-format json l.csv", "", exitUsage, "invalid_value", "--rate", "--help"},
	{"run --log-format json --map mail=x l.csv", "", exitUsage, "invalid_value", "--map", "--help"},
	{"run --log-format json --url http://api.example l.csv", "", exitUsage, "invalid_value", "--url", "--help"},
	{"run --log-format json --metrics x l.csv", "", exitUsage, "invalid_value", "--metrics", ""},
	{"frobnicate --log-format json", "", exitUsage, "unknown_command", "", "enrich --help lists them"},
	{"frobnicate --workers 3", "ENRICH_LOG_FORMAT=json", exitUsage, "unknown_command", "", "enrich --help lists them"},
	{"--frobnicate", "ENRICH_LOG_FORMAT=json", exitUsage, "unknown_flag", "--frobnicate", "enrich --help lists them"},
	{"ledger frobnicate --log-format json", "", exitUsage, "unknown_command", "", "enrich ledger --help lists them"},
	{"run --log-format json", "", exitUsage, "no_file", "", "name a CSV"},
	{"run --log-format json a b", "", exitUsage, "too_many_arguments", "", ""},
	{"run --log-format json none.csv", "", exitUsage, "input_unreadable", "", "check the name"},
	{"run --log-format json s3://x/y", "", exitUsage, "input_is_url", "", "aws s3 cp s3://x/y - | enrich run -"},
	{"run --log-format json --token t l.csv", "", exitUsage, "key_not_allowed", "--token", "SELLING_API_KEY"},
	{"run --log-format json l.csv", "ENRICH_TOKEN=x", exitUsage, "key_not_allowed", "", "SELLING_API_KEY"},
	{"run --log-format json l.csv", "ENRICH_WORKER=x", exitUsage, "unknown_variable", "", "did you mean ENRICH_WORKERS?"},
	{"plan --log-format json l.csv", "ENRICH_LIMIT=x", exitUsage, "invalid_value", "--limit", ""},
	{"plan --config json.toml l.csv", "", exitUsage, "unknown_setting", "", "did you mean workers?"},
	{"plan --log-format json --config none.toml l.csv", "", exitUsage, "config_file", "--config", ""},
	{"plan --log-format json --config type.toml l.csv", "", exitUsage, "invalid_value", "--workers", ""},
	{"run --log-format json l.csv", "SELLING_API_KEY=", exitUsage, "no_api_key", "--api-key-file", "SELLING_API_KEY"},
	{"run --log-format json l.csv", "SELLING_API_KEY='quoted-key-0'", exitUsage, "invalid_api_key", "--api-key-file", ""},
	{"run --log-format json l.csv", "HTTPS_PROXY=http://", exitUsage, "invalid_proxy", "", ""},
	{"run --log-format json --out none l.csv", "", exitUsage, "output_directory", "--out", ""},
	{"run --log-format json -o r.csv l.csv", "", exitUsage, "output_directory", "--out", "--results r.csv"},
	{"run --log-format json --results l.csv l.csv", "", exitUsage, "output", "--results", ""},
	{"run --log-format json --ledger none/of/these/l.db --lost-retries 99 l.csv", "", exitUsage, "invalid_value", "--lost-retries", ""},
	{"plan --log-format json blank.csv", "", exitUsage, "input_empty", "", ""},
	{"plan --log-format json colours.csv", "", exitUsage, "no_column", "--map", "--map FIELD=COLUMN"},
	{"plan --log-format json --map email=none l.csv", "", exitUsage, "map", "--map", "enrich read FILE"},
	{"ledger stats --log-format json --ledger none.db", "", exitUsage, "ledger_missing", "--ledger", ""},
	{"ledger stats --log-format json --ledger bad.db", "", exitInternal, "ledger_unusable", "--ledger", ""},
	{"ledger forget --log-format json nobody@x.example", "", exitFailedRows, "not_in_ledger", "", "check the spelling"},
	{"ledger prune --log-format json", "", exitUsage, "invalid_value", "--older-than", ""},
	{"ledger forget", "ENRICH_LOG_FORMAT=json", exitUsage, "usage", "", "--help"},
	{"ledger stats --ledger short.db", "ENRICH_LOG_FORMAT=json", exitInternal, "ledger_damaged", "--ledger", "enrich ledger verify"},
	{"run --ledger short.db l.csv", "ENRICH_LOG_FORMAT=json", exitInternal, "ledger_damaged", "--ledger", "enrich ledger verify"},
	{"run --ledger locked.db l.csv", "ENRICH_LOG_FORMAT=json", exitLocked, "ledger_locked", "--lock-wait", "--lock-wait"},
	{"ledger forget --ledger locked.db a@x.example", "ENRICH_LOG_FORMAT=json", exitLocked, "ledger_locked", "--lock-wait", "--lock-wait"},
	{"help frobnicate", "ENRICH_LOG_FORMAT=json", exitUsage, "unknown_command", "", "enrich --help"},
	{"completion frobnicate", "ENRICH_LOG_FORMAT=json", exitUsage, "unknown_command", "", "enrich completion --help"},
	{"config x", "ENRICH_LOG_FORMAT=json", exitUsage, "too_many_arguments", "", "enrich config --help"},
	{"version x", "ENRICH_LOG_FORMAT=json", exitUsage, "too_many_arguments", "", "enrich version --help"},
	{"ledger export x", "ENRICH_LOG_FORMAT=json", exitUsage, "too_many_arguments", "", "enrich ledger export --help"},
	{"completion bash x", "ENRICH_LOG_FORMAT=json", exitUsage, "too_many_arguments", "", "--help"},
	{"run -k x l.csv", "ENRICH_LOG_FORMAT=json", exitUsage, "key_not_allowed", "-k", "SELLING_API_KEY"},
	{"run -q- l.csv", "ENRICH_LOG_FORMAT=json", exitUsage, "unknown_flag", "", "enrich run --help"},
	{"run --" + strings.Repeat("x", 9000) + " l.csv", "ENRICH_LOG_FORMAT=json", exitUsage, "unknown_flag", phrase.Shorten("--"+strings.Repeat("x", 9000), console.MaxLine), "--help"},
	{"fakeapi --log-format json --match 7", "", exitUsage, "invalid_value", "--match", "--help"},
	{"version --log-format json x", "", exitUsage, "too_many_arguments", "", "--help"},
	{"demo --z", "ENRICH_LOG_FORMAT=json", exitUsage, "unknown_flag", "--z", "--help"},
	{"run --log-format json --results s3://x/y l.csv", "", exitUsage, "output_is_url", "--results", "| aws s3 cp - s3://x/y"},
	{"run --log-format json --ca-file s3://x/y l.csv", "", exitUsage, "input_is_url", "--ca-file", "aws s3 cp s3://x/y - > FILE"},
	{"read --log-format json empty.csv", "", exitUsage, "input_empty", "", "rows"},
	{"read --log-format json bytes.csv", "", exitUsage, "encoding", "--encoding", "--encoding"},
	{"plan --log-format json two.csv", "", exitUsage, "ambiguous", "--map", "choose with --map"},
	{"read --log-format json page.csv", "", exitUsage, "not_a_table", "", "if it was downloaded"},
	{"ledger prune --log-format json --older-than x", "", exitUsage, "invalid_value", "--older-than", "enrich ledger prune --help"},
	{"plan --log-format json --header-line 99 l.csv", "", exitUsage, "header", "--header-line", "--no-header"},
	{"plan --log-format json --sheet 2 l.csv", "", exitUsage, "sheet", "--sheet", "--sheet"},
	{"plan --log-format json --input-format jsonl l.csv", "", exitUsage, "not_a_table", "", "enrich read FILE"},
	{"run --log-format json --out . --results l.results.csv --failures l.failures.csv --summary l.summary.json new.csv", "", exitUsage, "other_input", "--summary", "--replace"},
	{"run --log-format json long.csv --format xlsx", "", exitInternal, "output_too_large", "--format", "--format csv"},
	{"plan --log-format json cut.csv.gz", "", exitBrokenInput, "input", "", "get the file again"},
	{"read --log-format json cut.csv.gz", "", exitBrokenInput, "input", "", "get the file again"},
	{"run --log-format json cut.csv.gz", "", exitBrokenInput, "input", "", "get the file again"},
	{"write --log-format json cut.csv.gz", "", exitBrokenInput, "input", "", "get the file again"},
	{"plan --log-format json head.csv.gz", "", exitBrokenInput, "input_broken", "", "get the file again"},
	{"run --log-format json --ledger refused.db credits.csv", "", exitRefused, "no_credits", "", "run the same command again"},
	{"run --log-format json --ledger refused.db forbidden.csv", "", exitRefused, "forbidden", "", "inactive or not permitted"},
	{"run --log-format json --ledger refused.db rejected.csv", "", exitAPIDown, "rejected_all", "", ""},
	{"fakeapi --match 3", "ENRICH_LOG_FORMAT=json", exitUsage, "invalid_value", "--match", ""},
	{"run --log-format json --url http://127.0.0.1:1 --max-elapsed 50ms new.csv", "", exitAPIDown, "api_down", "", "run the same command again"},
	{"run --log-format json --max-calls 1 new.csv", "", exitCapped, "cap", "--max-calls", "run the same command again"},
	{"run --log-format json --ledger refused.db key.csv", "SELLING_API_KEY=wrong-key-000", exitRefused, "unauthorized", "", "is the key correct"},
}

// TestErrorsForPrograms: every error is one JSON line with a code, the flag, what happened and what to do, and nothing else is on
// standard error with it.
func TestErrorsForPrograms(t *testing.T) {
	t.Parallel()
	s := newStage(t, fakeapi.Options{Match: 1, Keys: []string{"key-of-a-process-7"}})
	s.list("l.csv", 2, "")
	s.list("new.csv", 3, "-new")
	s.list("key.csv", 1, "-key")
	s.write("blank.csv", "\n\n")
	s.write("colours.csv", "colour,size\nred,1\n")
	s.write("bad.db", strings.Repeat("not a ledger", 1000))
	s.write("json.toml", "log-format = \"json\"\nworker = 3\n")
	s.write("type.toml", "workers = \"3\"\n")
	s.run(exitOK, "run", "l.csv")
	s.brokenInputs()
	locked, err := sqlite.Open(t.Context(), s.path("locked.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = locked.Close() }() // nothing is in it
	for _, tt := range errorCases {
		_, said := s.outputs(tt.exit, strings.Fields(tt.environ), strings.Fields(tt.args)...)
		if tt.code == "" { // text, because that is what the command line asks for last
			if strings.HasPrefix(said, "{") {
				t.Errorf("%s: %s", tt.args, said)
			}
			continue
		}
		checkError(t, tt, said)
	}
}

// brokenInputs writes the inputs of the cases that are damaged, ambiguous, or that the API refuses.
func (s *stage) brokenInputs() {
	s.t.Helper()
	s.write("short.db", s.read("ledger.db")[:5000])
	s.write("empty.csv", "")
	allBytes := make([]byte, 256)
	for i := range allBytes {
		allBytes[i] = byte(i)
	}
	s.write("bytes.csv", strings.Repeat(string(allBytes), 20))
	s.write("two.csv", "email,email\na@x.example,b@x.example\n")
	s.write("page.csv", "<!doctype html><html><body>sign in</body></html>")
	s.write("long.csv", "email,note\nl@x.example,"+strings.Repeat("x", 40_000)+"\n")
	s.write("credits.csv", "email\nc+402@x.example\n")
	s.write("forbidden.csv", "email\nf+403@x.example\n")
	s.list("rejected.csv", 50, "+400")
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	random := rand.New(rand.NewPCG(1, 2))
	_, err := z.Write([]byte("email\n"))
	for range 5000 {
		_, werr := fmt.Fprintf(z, "p%d@x.example\n", random.Int64())
		err = errors.Join(err, werr)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		s.t.Fatal(err)
	}
	s.write("cut.csv.gz", packed.String()[:packed.Len()/2])
	s.write("head.csv.gz", packed.String()[:12])
}

func checkError(t *testing.T, tt errorCase, said string) {
	t.Helper()
	found := 0
	for line := range strings.Lines(said) {
		var e struct {
			errorReport
			Level string `json:"level"`
			Exit  *int   `json:"exit_code"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Errorf("%s: %v: %s", tt.args, err, line)
			continue
		}
		if e.Code == "" {
			continue // a message that is not an error
		}
		found++
		conforms(t, "error", line)
		flag := ""
		if e.Flag != nil {
			flag = *e.Flag
		}
		if e.Advice != nil && strings.HasSuffix(e.Message, *e.Advice) {
			t.Errorf("%s: the message repeats the advice: %s", tt.args, line)
		}
		if e.Code != tt.code || flag != tt.flag || e.Advice == nil || !strings.Contains(*e.Advice, tt.advice) || e.Exit != nil && *e.Exit != tt.exit {
			t.Errorf("%s %s: expected %+v:\n%s", tt.environ, tt.args, tt, line)
		}
	}
	if found != 1 {
		t.Errorf("%s: %d errors: %s", tt.args, found, said)
	}
}

// TestEveryCodeIsTested by a command that fails, or here by the error of a package, with the exit code that the document has.
func TestEveryCodeIsTested(t *testing.T) {
	tested := map[string]bool{
		"no_command":           true, // testdata/script/arguments.txtar
		"interrupted":          true, // TestTheCommandAfterASignal and others
		"internal":             true, // below
		"password_not_allowed": true, // testdata/script/ledger_url.txtar
		"on_finish":            true, // of another system: hook_test.go
	}
	for _, tt := range errorCases {
		tested[tt.code] = true
	}
	exits := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| .* \\| ([0-9].*) \\|$").FindAllStringSubmatch(readText(t, root+"/doc/errors.md"), -1) {
		exits[m[1]] = m[2]
	}
	for _, k := range kinds {
		if k.is == nil {
			continue
		}
		err := fmt.Errorf("step: %w", k.is)
		report := reportOf(err)
		if report.Code != k.code || report.Advice == nil || *report.Advice != k.advice || !strings.Contains(exits[k.code], fmt.Sprint(exitCodeOf(err))) && k.code != "ledger_missing" {
			t.Errorf("%v: %+v and exit code %d, expected %+v and %s", err, report, exitCodeOf(err), k, exits[k.code])
		}
		tested[k.code] = true
	}
	if report := reportOf(errors.New("a bug")); report.Code != "internal" || *report.Advice == "" {
		t.Errorf("%+v", report)
	}
	for code := range exits {
		if !tested[code] {
			t.Errorf("no error has the code %s in a test", code)
		}
	}
	for code := range tested {
		if code != "" && exits[code] == "" {
			t.Errorf("%s is not in doc/errors.md", code)
		}
	}
}

// TestTheCodesAreListed in doc/errors.md and in the schema, each once, and no other.
func TestTheCodesAreListed(t *testing.T) {
	codes := []string{"usage", "internal"}
	for _, stop := range contact.Stops() {
		codes = append(codes, string(stop))
	}
	for _, k := range kinds {
		if !slices.Contains(codes, k.code) {
			codes = append(codes, k.code)
		}
		if k.advice == "" {
			t.Errorf("%s has no advice", k.code)
		}
	}
	slices.Sort(codes)
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| .* \\| [0-9]").FindAllStringSubmatch(readText(t, root+"/doc/errors.md"), -1) {
		listed = append(listed, m[1])
	}
	slices.Sort(listed)
	inSchema, inSummary := codesOf(t, "error", "properties", "code", "enum"), codesOf(t, "summary", "properties", "error", "properties", "code", "enum")
	if !slices.Equal(codes, listed) || !slices.Equal(codes, inSchema) || !slices.Equal(codes, inSummary) {
		t.Errorf("the program has\n%q, doc/errors.md\n%q, the schema of errors\n%q, that of summaries\n%q", codes, listed, inSchema, inSummary)
	}
	used := regexp.MustCompile(`(?:code[A-Z]\w+ += |usageOf\(|Code: |problem\.Wrap\(err, )"([a-z_]+)"`)
	for _, path := range goFiles(t) {
		if strings.Contains(path, "cmd/enrich/") && !strings.HasSuffix(path, "_test.go") {
			for _, m := range used.FindAllStringSubmatch(readText(t, path), -1) {
				if !slices.Contains(codes, m[1]) {
					t.Errorf("%s: the code %s is not in the list", path, m[1])
				}
			}
		}
	}
}

// codesOf returns the sorted texts of a list in a schema of doc/schema.
func codesOf(t *testing.T, schema string, path ...string) (codes []string) {
	t.Helper()
	var node any
	if err := json.Unmarshal([]byte(readText(t, root+"/doc/schema/"+schema+".json")), &node); err != nil {
		t.Fatal(err)
	}
	for _, name := range path {
		object, ok := node.(map[string]any)
		if !ok {
			t.Fatalf("%s: there is no %v", schema, path)
		}
		node = object[name]
	}
	list, _ := node.([]any)
	for _, code := range list {
		codes = append(codes, fmt.Sprint(code))
	}
	slices.Sort(codes)
	return codes
}

// TestEveryErrorOfAnInputHasItsCode: no mistake in an input is only called "usage".
func TestEveryErrorOfAnInputHasItsCode(t *testing.T) {
	seen := map[string]error{}
	for _, err := range append([]error{reader.ErrBroken, reader.ErrStorage}, inputErrors[:]...) {
		r := reportOf(fmt.Errorf("read leads.csv: %w", err))
		if other := seen[r.Code]; other != nil || r.Code == "usage" || r.Code == "internal" {
			t.Errorf("%v has the code %s, and so has %v", err, r.Code, other)
		}
		seen[r.Code] = err
	}
}

// The error that doc/errors.md shows is what the command writes.
func TestTheErrorInTheDocuments(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("enrich"); err != nil {
		t.Fatal(err)
	}
	s := newStage(t, fakeapi.Options{})
	shown := regexp.MustCompile(`(?m)^\$ enrich (.*)\n(\{.*\})$`).FindStringSubmatch(readText(t, root+"/doc/errors.md"))
	if shown == nil {
		t.Fatal("doc/errors.md shows no error")
	}
	_, said := s.outputs(exitUsage, nil, strings.Fields(shown[1])...)
	if got := regexp.MustCompile(`"time":"[^"]*"`).ReplaceAllString(strings.TrimSpace(said), `"time":"…"`); got != shown[2] {
		t.Errorf("%s\nthe document has\n%s", got, shown[2])
	}
}
