package main

import (
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"enrich/client/fakeapi"
)

// conforms reports an object that is not as its schema in doc/schema says. A schema allows no member that it does not name.
func conforms(t *testing.T, schema, object string) {
	t.Helper()
	compiled, err := jsonschema.NewCompiler().Compile(root + "/doc/schema/" + schema + ".json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(object))
	if err != nil {
		t.Fatalf("%s: %v: %s", schema, err, object)
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("%v\n%s", err, object)
	}
}

// refuses fails if a schema also accepts what it must not.
func refuses(t *testing.T, schema string, objects ...string) {
	t.Helper()
	compiled, err := jsonschema.NewCompiler().Compile(root + "/doc/schema/" + schema + ".json")
	if err != nil {
		t.Fatal(err)
	}
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

// output runs a command and returns its standard output.
func (s *stage) output(code int, args ...string) string {
	s.t.Helper()
	var out strings.Builder
	c := s.command(args...)
	c.Stdout = &out
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	c.ends(code)
	return out.String()
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
