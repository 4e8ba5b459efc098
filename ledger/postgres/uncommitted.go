package postgres

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
	"unicode/utf8"

	"enrich/contact"
	"enrich/internal/durable"
	"enrich/internal/jsonscan"
	"enrich/ledger/internal/codec"
)

// An uncommittedFile has the outcomes that could not be committed: they were paid for. Each line is a JSON object.
type uncommittedFile struct {
	path string
	file *os.File
	n    int
}

// keepUncommitted appends outcomes to the file of the run, which is made when it is needed, and syncs it. l.mu is held.
func (l *Ledger) keepUncommitted(run int64, outcomes []contact.Outcome) error {
	if len(outcomes) == 0 {
		return nil
	}
	u := &l.uncommitted
	if u.file == nil {
		name := fmt.Sprintf("enrich-uncommitted-run%d-%s.jsonl", run, time.Now().UTC().Format("20060102T150405Z"))
		path := filepath.Join(l.options.Uncommitted, name)
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		u.path, u.file = path, file
		if err := durable.SyncDir(filepath.Dir(path)); err != nil {
			return err
		}
	}
	var b []byte
	for i := range outcomes {
		b = appendUncommitted(b, run, &outcomes[i])
	}
	if _, err := u.file.Write(b); err != nil {
		return err
	}
	u.n += len(outcomes)
	return u.file.Sync()
}

func (u *uncommittedFile) close() error {
	if u.file == nil {
		return nil
	}
	err := u.file.Close()
	u.file = nil
	return err
}

// note says where the outcomes are.
func (u *uncommittedFile) note(err error) string {
	switch {
	case err != nil:
		return fmt.Sprintf("; the last answers could not be stored in a file either: %v", err)
	case u.n == 0:
		return ""
	}
	return fmt.Sprintf("; the last answers are in %s: when the database is back, add them with `enrich ledger copy %s LEDGER`, before the next run pays for them again",
		u.path, u.path)
}

// appendUncommitted appends a line: the run, both keys in hexadecimal, and the members of the outcome. An answer that is not JSON text
// is a string of hexadecimal digits, "raw".
func appendUncommitted(b []byte, run int64, o *contact.Outcome) []byte {
	b = append(b, `{"run":`...)
	b = strconv.AppendInt(b, run, 10)
	b = append(b, `,"keys":"`...)
	b = hex.AppendEncode(b, codec.AppendKeys(nil, o.Keys))
	b = append(b, '"')
	for _, m := range []struct {
		name  string
		value int64
	}{{"kind", int64(o.Kind)}, {"at", o.At.UnixMilli()}, {"status", int64(o.Status)}, {"attempts", int64(o.Attempts)}} {
		b = append(append(append(b, `,"`...), m.name...), `":`...)
		b = strconv.AppendInt(b, m.value, 10)
	}
	b = strconv.AppendBool(append(b, `,"charged":`...), o.Charged)
	b = jsonscan.AppendString(append(b, `,"failure":`...), string(o.Failure))
	b = jsonscan.AppendString(append(b, `,"message":`...), o.Message)
	b = o.Contact.AppendJSON(append(b, `,"contact":`...))
	switch {
	case !o.Kind.Answered():
	case utf8.Valid(o.Body) && !bytes.ContainsAny(o.Body, "\n\r") && jsonscan.IsObject(o.Body):
		b = append(append(b, `,"body":`...), o.Body...)
	default:
		b = append(hex.AppendEncode(append(b, `,"raw":"`...), o.Body), '"')
	}
	return append(b, '}', '\n')
}
