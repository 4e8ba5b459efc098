// Package daemon runs server programs for tests: a folder, ports, and processes of which nothing remains.
//
// A [Dir] is the working folder of programs. However this process ends, also if it is killed, the programs are killed and the
// folder is removed. As root, programs run as the user postgres. A [Process] can be stopped, killed and paused together with its
// children. A [Port] is free, and stays reserved while its program is down.
//
// On systems without Unix processes, NewDir returns an error.
package daemon
