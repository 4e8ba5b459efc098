package localpg

import "testing"

func TestVersion(t *testing.T) {
	for path, expected := range map[string]float64{
		"/usr/lib/postgresql/9.6/bin/initdb": 9.6, "/usr/lib/postgresql/15/bin/initdb": 15, "/usr/bin/initdb": 0,
	} {
		if v := version(path); v != expected {
			t.Errorf("%s: %v", path, v)
		}
	}
}
