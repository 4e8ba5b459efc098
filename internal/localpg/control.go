package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"

	"enrich/internal/localpg/internal/daemon"
)

// errDown means that a server is not running.
var errDown = errors.New("the server is not running")

// Stop shuts the server down in order: it ends all connections and writes a checkpoint (pg_ctl's mode fast). Then [Server.Restart].
func (s *Server) Stop() error { return s.end("stop", (*daemon.Process).Stop) }

// Kill kills every process of the server at the same instant, as in a power cut of the process: the next start recovers what
// was committed. Then [Server.Restart]. A paused server can be killed, too.
func (s *Server) Kill() error { return s.end("kill", (*daemon.Process).Kill) }

func (s *Server) end(what string, how func(*daemon.Process) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return fmt.Errorf("%s PostgreSQL: %w", what, errDown)
	}
	err := how(s.process)
	s.process = nil
	if err != nil {
		return fmt.Errorf("%s PostgreSQL: %w", what, err)
	}
	return nil
}

// Restart starts the server again with its port and data, after Stop or Kill. If it is running, it is stopped first.
func (s *Server) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("restart PostgreSQL: %w", os.ErrClosed)
	}
	if s.process != nil {
		err := s.process.Stop()
		s.process = nil
		if err != nil {
			return fmt.Errorf("restart PostgreSQL: %w", err)
		}
	}
	if err := s.start(ctx); err != nil {
		return fmt.Errorf("restart PostgreSQL: %w", err)
	}
	return nil
}

// Pause stops every process of the server without ending it (SIGSTOP): connections remain, nothing answers.
func (s *Server) Pause() error { return s.signal("pause", (*daemon.Process).Pause) }

// Continue lets a paused server go on.
func (s *Server) Continue() error { return s.signal("continue", (*daemon.Process).Resume) }

// KillBackend kills the process of one connection, by its pg_backend_pid(): the server ends all connections and recovers, as
// after a crash.
func (s *Server) KillBackend(pid int) error {
	return s.signal("kill a backend of", func(p *daemon.Process) error { return p.KillChild(pid) })
}

func (s *Server) signal(what string, how func(*daemon.Process) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return fmt.Errorf("%s PostgreSQL: %w", what, errDown)
	}
	if err := how(s.process); err != nil {
		return fmt.Errorf("%s PostgreSQL: %w", what, err)
	}
	return nil
}

// Close kills the server and removes its folder. The second call does nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	if s.process != nil {
		errs = append(errs, s.process.Kill())
		s.process = nil
	}
	errs = append(errs, s.dir.Remove())
	if s.port != nil {
		errs = append(errs, s.port.Release())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close PostgreSQL: %w", err)
	}
	return nil
}
