package localpg

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
)

// Set changes a setting of postgresql.conf that needs no restart, and waits until new connections have it. It remains after a restart.
func (s *Server) Set(ctx context.Context, name, value string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := s.reload(name, value); err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	value = quote(value)
	return s.wait(ctx, name, "SELECT "+value+" IN (setting, current_setting(name)) FROM pg_settings WHERE name = "+quote(name))
}

// reload writes a setting, and makes the server read it.
func (s *Server) reload(name, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return errDown
	}
	settings := map[string]string{}
	maps.Copy(settings, s.options.Settings)
	settings[name] = value
	s.options.Settings = settings
	if err := s.configure(); err != nil {
		return err
	}
	return s.process.Reload()
}

// statePoll is how often a server's state is queried.
const statePoll = 5 * time.Millisecond

// wait waits until a query returns true, each time in a new connection.
func (s *Server) wait(ctx context.Context, what, query string) error {
	ticker := time.NewTicker(statePoll)
	defer ticker.Stop()
	for {
		is, err := s.isTrue(ctx, query)
		if is {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait for %s: %w", what, ctx.Err()), err)
		}
	}
}

func (s *Server) isTrue(ctx context.Context, query string) (is bool, err error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	err = conn.QueryRow(ctx, query).Scan(&is)
	return is, err
}

// quote returns a string as SQL and postgresql.conf write it.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
