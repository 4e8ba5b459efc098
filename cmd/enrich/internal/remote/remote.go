// Package remote knows the commands that copy what a URL names into a pipe, and what comes out of a pipe to a URL. The program
// itself reads and writes files and standard streams only.
//
// A command that it returns can be pasted into a POSIX shell: every word is quoted. None of its results contains the user, the
// password, the query or the fragment of a URL, because these may be secrets or signatures; "?…" stands for a query.
//
// It calls nothing, and does not know whether the program that a command names is installed.
package remote

import (
	"os"
	"path"
	"regexp"
	"strings"
)

// A scheme has at least two letters: C:// is a path.
var scheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]+)://`)

// IsURL reports whether a name is a URL and not a file: a directory may be called "s3:".
func IsURL(name string) bool {
	if !scheme.MatchString(name) {
		return false
	}
	_, err := os.Lstat(name)
	return err != nil
}

// InDirectory returns the URL of a file in the directory that a URL names. If the URL has an extension, it names a file itself.
func InDirectory(name, file string) string {
	if end := strings.IndexAny(name, "?#"); end >= 0 {
		name = name[:end]
	}
	if _, rest := split(name); strings.Contains(rest, "/") && path.Ext(rest) != "" {
		return name
	}
	return strings.TrimRight(name, "/") + "/" + file
}

// Path returns the path of a file URL, quoted for a shell; false if it is another URL.
func Path(name string) (quoted string, ok bool) {
	if where, rest := split(name); where == "file" {
		return Quote(strings.TrimPrefix(rest, "localhost")), true
	}
	return "", false
}

// Reader returns the command that prints what a URL names; "" if there is none for its scheme.
func Reader(name string) string {
	where, _ := split(name)
	if box, ok := containerOf(name); ok {
		account := ""
		if box.account != "" {
			account = " --account-name " + Quote(box.account)
		}
		return "az storage blob download" + account + " --container-name " + Quote(box.container) + " --name " + Quote(box.blob)
	}
	switch where {
	case "s3", "s3a", "s3n":
		return "aws s3 cp " + Quote(as("s3", name)) + " -"
	case "gs":
		return "gcloud storage cat " + Quote(as("gs", name))
	case "http", "https", "ftp", "ftps", "sftp", "scp":
		return "curl -fsSL " + Quote(Shown(name))
	case "hdfs", "webhdfs":
		return "hdfs dfs -cat " + Quote(Shown(name))
	}
	return ""
}

// Writer returns the command that writes its standard input to what a URL names; "" if there is none for its scheme.
func Writer(name string) string {
	where, _ := split(name)
	if box, ok := containerOf(name); ok {
		account := box.account
		if account == "" {
			account = "ACCOUNT"
		}
		return "azcopy copy --from-to PipeBlob " + Quote("https://"+account+".blob.core.windows.net/"+box.container+"/"+box.blob)
	}
	switch where {
	case "s3", "s3a", "s3n":
		return "aws s3 cp - " + Quote(as("s3", name))
	case "gs":
		return "gcloud storage cp - " + Quote(as("gs", name))
	case "http", "https", "ftp", "ftps", "sftp":
		return "curl -fsS -T - " + Quote(Shown(name))
	case "hdfs", "webhdfs":
		return "hdfs dfs -put - " + Quote(Shown(name))
	}
	return ""
}

// split returns the scheme of a URL in small letters, and what follows "://".
func split(name string) (scheme, rest string) {
	scheme, rest, _ = strings.Cut(name, "://")
	return strings.ToLower(scheme), rest
}

// as is Shown with another scheme.
func as(scheme, name string) string {
	if shown := Shown(name); shown != unclear {
		_, rest := split(shown)
		return scheme + "://" + rest
	}
	return unclear
}

// unclear stands for a URL of which nobody can say where a password in it ends.
const unclear = "URL"

var portOrNone = regexp.MustCompile(`^[^:]*(:[0-9]*)?$|^\[[0-9A-Fa-f:.]*\](:[0-9]*)?$`)

// Shown returns a URL without its user, password, query and fragment, and "URL" for one that is not well formed.
func Shown(name string) string {
	where, rest := split(name)
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, hasQuery := strings.Cut(rest, "?")
	authority, rest, hasPath := strings.Cut(rest, "/")
	authority = authority[strings.LastIndex(authority, "@")+1:]
	if !portOrNone.MatchString(authority) || strings.Contains(authority, ":") && strings.Contains(rest, "@") {
		return unclear // the password may contain a slash
	}
	if hasPath {
		authority += "/"
	}
	shown := where + "://" + authority + rest
	if hasQuery {
		shown += "?…"
	}
	return shown
}

// A container is where a blob of Azure is.
type container struct{ account, container, blob string }

// containerOf reads az://CONTAINER/BLOB and the URLs of Hadoop, abfs://CONTAINER@ACCOUNT.dfs.core.windows.net/BLOB.
func containerOf(name string) (c container, ok bool) {
	where, _ := split(name)
	switch where {
	case "az", "azure":
		_, rest := split(Shown(name))
		c.container, c.blob, _ = strings.Cut(rest, "/")
		return c, true
	case "abfs", "abfss", "wasb", "wasbs":
	default:
		return c, false
	}
	_, rest := split(name)
	if box, host, found := strings.Cut(rest, "@"); found && !strings.ContainsAny(box, "/:?#") {
		c.container, rest = box, host
		host, c.blob, _ = strings.Cut(rest, "/")
		c.account, _, _ = strings.Cut(host, ".")
		c.blob, _, _ = strings.Cut(c.blob, "?")
		return c, true
	}
	_, rest = split(Shown(name))
	c.container, c.blob, _ = strings.Cut(rest, "/")
	return c, true
}

var safe = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// Quote returns a word as a shell takes it literally.
func Quote(word string) string {
	if safe.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
