//go:build !unix

package localpg

import (
	"context"
	"errors"
	"os"
	"os/exec"
)

var errSystem = errors.New("this package does not start PostgreSQL on this system")

type process struct{ done chan struct{} }

func startProcess(*exec.Cmd) (*process, error)    { return nil, errSystem }
func runCommand(context.Context, *exec.Cmd) error { return errSystem }
func (p *process) pid() int                       { return 0 }
func (p *process) state() *os.ProcessState        { return nil }
func (p *process) stop() error                    { return errSystem }
func (p *process) kill() error                    { return errSystem }
func (p *process) pause() error                   { return errSystem }
func (p *process) resume() error                  { return errSystem }
func (p *process) killChild(int) error            { return errSystem }

type folder struct{ path string }

func newFolder(string) (*folder, error)                { return nil, errSystem }
func (f *folder) command(string, ...string) *exec.Cmd  { return nil }
func (f *folder) write(string, string) (string, error) { return "", errSystem }
func (f *folder) remove() error                        { return errSystem }
