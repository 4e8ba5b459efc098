//go:build !unix

package daemon

import (
	"context"
	"errors"
	"os"
)

var errSystem = errors.New("PostgreSQL is not started for tests on this system")

// Process is not available on this system.
type Process struct{}

// PID is not available on this system.
func (*Process) PID() int { return 0 }

// Done is not available on this system.
func (*Process) Done() <-chan struct{} { return nil }

// Wait is not available on this system.
func (*Process) Wait(context.Context) error { return errSystem }

// Stop is not available on this system.
func (*Process) Stop() error { return errSystem }

// Reload is not available on this system.
func (*Process) Reload() error { return errSystem }

// Kill is not available on this system.
func (*Process) Kill() error { return errSystem }

// Pause is not available on this system.
func (*Process) Pause() error { return errSystem }

// Resume is not available on this system.
func (*Process) Resume() error { return errSystem }

// KillChild is not available on this system.
func (*Process) KillChild(int) error { return errSystem }

// Dir is not available on this system.
type Dir struct{}

// NewDir is not available on this system.
func NewDir(string) (*Dir, error) { return nil, errSystem }

// Path is not available on this system.
func (*Dir) Path(string) string { return "" }

// Start is not available on this system.
func (*Dir) Start(*os.File, string, ...string) (*Process, error) { return nil, errSystem }

// Write is not available on this system.
func (*Dir) Write(string, string) (string, error) { return "", errSystem }

// CopyIn is not available on this system.
func (*Dir) CopyIn(string, string) error { return errSystem }

// Remove is not available on this system.
func (*Dir) Remove() error { return errSystem }
