package daemon

import (
	"fmt"
	"io"
	"os"
)

// Bounds of what is read of a log, in bytes.
const (
	logInError = 4 << 10
	logAtMost  = 1 << 20
)

// Log returns the end of what the programs printed, from all their starts; at most 1 MiB.
func (d *Dir) Log() string {
	info, err := os.Stat(d.logFile())
	if err != nil {
		return ""
	}
	return d.logFrom(info.Size() - logAtMost)
}

func (d *Dir) logFile() string { return d.Path("log") }

// logFrom returns the log from a position on.
func (d *Dir) logFrom(offset int64) string {
	f, err := os.Open(d.logFile())
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	b, _ := io.ReadAll(io.NewSectionReader(f, max(0, offset), logAtMost)) // what could be read is better than nothing
	return string(b)
}

// Logged calls do with the log. Its error contains the end of what was written to the log meanwhile.
func (d *Dir) Logged(do func(log *os.File) error) error {
	log, err := os.OpenFile(d.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	before, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if err := do(log); err != nil {
		text := d.logFrom(before)
		return fmt.Errorf("%w; its output ends with:\n%s", err, text[max(0, len(text)-logInError):])
	}
	return nil
}
