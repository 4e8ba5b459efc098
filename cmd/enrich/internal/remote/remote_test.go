package remote_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"enrich/cmd/enrich/internal/remote"
)

func TestCommandsForURLs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ url, reader, writer string }{
		{"s3://bucket/a/leads.csv", "aws s3 cp s3://bucket/a/leads.csv -", "aws s3 cp - s3://bucket/a/leads.csv"},
		{"S3A://bucket/my leads.csv", "aws s3 cp 's3://bucket/my leads.csv' -", "aws s3 cp - 's3://bucket/my leads.csv'"},
		{"gs://bucket/it's.csv", `gcloud storage cat 'gs://bucket/it'\''s.csv'`, `gcloud storage cp - 'gs://bucket/it'\''s.csv'`},
		{
			"az://box/a/leads.csv", "az storage blob download --container-name box --name a/leads.csv",
			"azcopy copy --from-to PipeBlob https://ACCOUNT.blob.core.windows.net/box/a/leads.csv",
		},
		{
			"abfss://box@name.dfs.core.windows.net/a/b.csv", "az storage blob download --account-name name --container-name box --name a/b.csv",
			"azcopy copy --from-to PipeBlob https://name.blob.core.windows.net/box/a/b.csv",
		},
		{
			"wasb://box@name.blob.core.windows.net/b.csv", "az storage blob download --account-name name --container-name box --name b.csv",
			"azcopy copy --from-to PipeBlob https://name.blob.core.windows.net/box/b.csv",
		},
		{"abfs://box/b.csv", "az storage blob download --container-name box --name b.csv", "azcopy copy --from-to PipeBlob https://ACCOUNT.blob.core.windows.net/box/b.csv"},
		{"https://host.example:8080/leads.csv", "curl -fsSL https://host.example:8080/leads.csv", "curl -fsS -T - https://host.example:8080/leads.csv"},
		{"http://[::1]:80/$(id)", "curl -fsSL 'http://[::1]:80/$(id)'", "curl -fsS -T - 'http://[::1]:80/$(id)'"},
		{"sftp://host.example/leads.csv", "curl -fsSL sftp://host.example/leads.csv", "curl -fsS -T - sftp://host.example/leads.csv"},
		{"scp://host.example/leads.csv", "curl -fsSL scp://host.example/leads.csv", ""},
		{"hdfs://name/leads.csv", "hdfs dfs -cat hdfs://name/leads.csv", "hdfs dfs -put - hdfs://name/leads.csv"},
		{"gopher://host.example/leads.csv", "", ""},
	} {
		if got := remote.Reader(tt.url); got != tt.reader {
			t.Errorf("%s is read by %q, expected %q", tt.url, got, tt.reader)
		}
		if got := remote.Writer(tt.url); got != tt.writer {
			t.Errorf("%s is written by %q, expected %q", tt.url, got, tt.writer)
		}
		if !remote.IsURL(tt.url) {
			t.Errorf("%s is a URL", tt.url)
		}
	}
}

// TestNoSecretOfAURL is in a command, whatever the scheme and wherever the secret is.
func TestNoSecretOfAURL(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"s3", "s3a", "gs", "az", "abfs", "abfss", "wasbs", "http", "https", "ftp", "sftp", "scp", "hdfs", "gopher"} {
		for _, rest := range []string{
			"ann:sesame@host/x.csv", "sesame@host/x.csv", "host/x.csv?sig=sesame&x=1", "host/x.csv?x#sesame", "host/x.csv#sesame", "ann:sesame/sesame@host/x.csv",
			"ann:ses@ame:sesame@host/x", "ann:sesame@box@host/x", "ann:%73esame:sesame@host/x",
		} {
			if strings.HasPrefix(scheme, "abfs") || strings.HasPrefix(scheme, "wasb") {
				if rest == "sesame@host/x.csv" {
					continue // the container
				}
			}
			name := scheme + "://" + rest
			for _, text := range []string{remote.Reader(name), remote.Writer(name), remote.Shown(name)} {
				if strings.Contains(text, "sesame") {
					t.Errorf("%s: %s", name, text)
				}
			}
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"leads.csv", "-", "", "a/b://c", "C://leads.csv", "://x", "s3:/x", "1s://x"} {
		if remote.IsURL(name) {
			t.Errorf("%q is not a URL", name)
		}
	}
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("s3:/bucket", 0o700); err != nil {
		t.Fatal(err)
	}
	if remote.IsURL("s3://bucket") || !remote.IsURL("s3://other") {
		t.Error("a directory may be called s3:")
	}
	if path, ok := remote.Path("file:///tmp/my leads.csv"); !ok || path != "'/tmp/my leads.csv'" {
		t.Errorf("%q, %v", path, ok)
	}
	for name, want := range map[string]string{
		"s3://bucket/leads/?x": "s3://bucket/leads/a.csv", "s3://my.bucket": "s3://my.bucket/a.csv", "s3://b/x.csv": "s3://b/x.csv", "gs://b/v1.2/x": "gs://b/v1.2/x/a.csv",
	} {
		if got := remote.InDirectory(name, "a.csv"); got != want {
			t.Errorf("%s: %s, expected %s", name, got, want)
		}
	}
	if _, ok := remote.Path("https:///tmp/x"); ok {
		t.Error("https is not a file")
	}
}

// TestAShellRunsNothingElse: a URL is one word of the command.
func TestAShellRunsNothingElse(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	for _, name := range []string{"s3://b/`id`;id|id>x&$(id)'\"\\ *~{a,b}\n!", "gs://-b/--x y", "https://h/a'b$HOME"} {
		command := remote.Reader(name)
		out, err := exec.Command(sh, "-c", "printf '<%s>' "+command).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "<"+name+">") {
			t.Errorf("%q: %v: %s", command, err, out)
		}
	}
}
