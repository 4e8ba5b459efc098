package localpg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"enrich/internal/localpg/internal/daemon"
)

// fromTemplate makes the server's data from those that an earlier server was made of. It returns false if there are none.
func (s *Server) fromTemplate(ctx context.Context, template string) (ok bool, err error) {
	if _, err := os.Stat(template); err != nil {
		return false, nil // the first server
	}
	if err := s.dir.CopyIn(template, "data"); err != nil {
		return false, fmt.Errorf("copy %s: %w", template, err)
	}
	return true, s.renumber(ctx)
}

// renumber gives the data a system identifier of their own, as initdb does: no two servers have the same, except a primary and its
// standbys. It is the first member of global/pg_control. pg_resetwal makes a new log with it; it is forced, because the sum of the file
// is wrong now.
func (s *Server) renumber(ctx context.Context) error {
	control, err := os.OpenFile(filepath.Join(s.data(), "global", "pg_control"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	id := make([]byte, 8)
	for i := range id {
		id[i] = byte(1 + rand.IntN(127)) // positive in either order of bytes
	}
	if _, err := control.WriteAt(id, 0); err != nil {
		_ = control.Close()
		return err
	}
	if err := control.Close(); err != nil {
		return err
	}
	return s.run(ctx, "pg_resetwal", "--force", "--pgdata="+s.data())
}

// saveTemplate keeps the data that initdb made, without the log. The folder appears whole or not at all: other programs may be doing the
// same.
func (s *Server) saveTemplate(template string) (err error) {
	parent := filepath.Dir(template)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	unfinished, err := os.MkdirTemp(parent, "unfinished-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(unfinished) }()
	isLog := func(name string) bool { return strings.HasPrefix(filepath.ToSlash(name), "pg_wal/") }
	if err := daemon.Copy(s.data(), filepath.Join(unfinished, "data"), isLog); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(unfinished, "data"), template); err != nil {
		if _, missing := os.Stat(template); missing != nil { // not because another program was faster
			return err
		}
	}
	return nil
}

// template returns the folder of the data that this version of PostgreSQL makes; "" if templates are not used: with a password, every
// server has its own.
func (o Options) template() (string, error) {
	if o.Templates == "" || o.Password != "" {
		return "", nil
	}
	program := filepath.Join(o.Bin, "initdb")
	info, err := os.Stat(program)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(fmt.Append(nil, program, info.Size(), info.ModTime().UnixNano(), initdbArgs))
	return filepath.Join(o.Templates, "postgres-"+hex.EncodeToString(sum[:8])), nil
}
