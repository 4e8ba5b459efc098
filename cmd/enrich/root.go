package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/help"
	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/remote"
	"enrich/cmd/enrich/internal/settings"
	"enrich/cmd/enrich/internal/shutdown"
	"enrich/ledger/postgres/member"
)

// A world is everything outside the program that a command may use: the streams, the environment, the signals.
type world struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	// out and console write to stdout and stderr; execute sets them.
	out       *console.Stdout
	console   *console.Console
	lookupEnv func(string) (string, bool)
	// environ lists the environment as NAME=VALUE, to find variables that no flag reads.
	environ []string
	signals <-chan os.Signal
	// notify begins to send signals to the channel, until release is called; nil: they are sent anyway.
	notify func() (release func())
	// exit leaves at once; only a second signal and a command that does not end call it.
	exit func(int)
	// timing is that of a ledger in a database; zero: as documented. Only tests change it: nothing that a user can set does.
	timing member.Timing
}

// redirectedInput returns the open file that standard input is, if that is the input with this name; else nil.
func (w world) redirectedInput(name string) *os.File {
	if name != "-" {
		return nil
	}
	f, _ := w.stdin.(*os.File)
	return f
}

// execute runs one command line and returns its exit code. What went wrong has been said on standard error by then.
func execute(args []string, w world) (code int) {
	w, end := w.attach()
	defer end()
	defer func() {
		if bug := recover(); bug != nil { // the runtime would leave with 2, which says that nothing was called
			code = exitInternal
			sayError(w, nil, args, fmt.Errorf("internal error, please report: %v\n%s", bug, debug.Stack()))
		}
	}()
	cmd, err := newRoot(w, args).ExecuteC()
	if err != nil && w.out.IsGone() && !writesFiles(cmd) {
		return exitSIGPIPE // without a message, as a program that the signal ends
	}
	if err != nil {
		sayError(w, cmd, args, err)
	}
	return exitCodeOf(err)
}

// writesFiles reports whether a command does more than print: then it must say what it left undone.
func writesFiles(cmd *cobra.Command) bool {
	return slices.Contains([]string{"run", "write", "demo"}, cmd.Name())
}

// newRoot returns the command with all commands below it, for one command line.
func newRoot(w world, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "enrich",
		Short: "Enrich lead lists: each contact is sent once, and every answer is kept",
		Long:  longRoot, Example: exampleRoot,
		SilenceErrors: true, SilenceUsage: true,
		Args:              knownCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return withoutCommand(w, cmd) },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return usage(settings.Apply(cmd, w.lookupEnv, w.environ)) },
	}
	root.Flags().Bool("version", false, "print the version")
	root.AddCommand(rootCommands(w)...)
	root.SetArgs(args)
	root.SetIn(w.stdin)
	root.SetOut(w.stdout)
	root.SetErr(w.stderr)
	addCobraCommands(root, args)
	help.Complete(root)
	root.SetHelpFunc(help.Func(w.out))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if unknown := unknownCommand(cmd, args); unknown != nil {
			return usage(unknown)
		}
		return usage(settings.FlagError(cmd, err))
	})
	asUsage(root)
	return root
}

// withoutCommand is `enrich` alone: it shows the version or the help.
func withoutCommand(w world, root *cobra.Command) error {
	if show, err := root.Flags().GetBool("version"); err == nil && show {
		return printVersion(w)
	}
	if isFilledFile(w.stdin) {
		return usage(problem.New(problem.Problem{Code: "no_command", Message: "no command for the file on standard input", Advice: "did you mean enrich run < FILE?"}))
	}
	return root.Help()
}

// addCobraCommands adds cobra's own commands, completion and help. Their arguments are checked as those of the other commands.
func addCobraCommands(root *cobra.Command, args []string) {
	root.InitDefaultCompletionCmd(args...) // it keeps the streams of this moment
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			c.Short, c.Example = "Generate shell completions for commands, flags and columns", exampleCompletion
			c.Args, c.RunE = knownCommand, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		case "help":
			c.Args = knownTopic
		}
	}
}

// attach gives a world its console. end writes the messages that wait, within bounds. A world inside another (the demo's runs) shares
// its console.
func (w world) attach() (_ world, end func()) {
	if w.console != nil {
		return w, func() {}
	}
	c, exit := console.New(w.stderr), w.exit
	w.out, w.console = console.NewStdout(w.stdout), c
	w.stdout, w.stderr = w.out, c
	w.exit = func(code int) {
		c.FlushNow()
		exit(code)
	}
	release := c.CaptureLoggers()
	return w, func() {
		release()
		c.Close()
	}
}

func (w world) signalSource() shutdown.Signals {
	return shutdown.Signals{C: w.signals, Notify: w.notify, Exit: w.exit}
}

// listen is for a command that has nothing to finish after a signal: its standard output ends with the signal, too.
func (w world) listen() *shutdown.Shutdown {
	stop := shutdown.Listen(w.signalSource(), 0, nil)
	w.out.Until(stop.Interrupted)
	stop.Begin()
	return stop
}

// rootCommands returns the commands directly below enrich.
func rootCommands(w world) []*cobra.Command {
	return []*cobra.Command{
		runCommand(w), planCommand(w), writeCommand(w), readCommand(w), configCommand(w), ledgerCommand(w), demoCommand(w), fakeapiCommand(w), versionCommand(w), manCommand(w),
	}
}

// unknownCommand returns the error of a command that does not exist, if that is why its flags are not known. Only a word directly after
// the command can be one: a word after a flag may be the flag's value, and even a key.
func unknownCommand(cmd *cobra.Command, args []string) error {
	path := strings.Fields(cmd.CommandPath())[1:]
	depth := len(path)
	if !cmd.HasSubCommands() || len(args) <= depth || !slices.Equal(args[:depth], path) || strings.HasPrefix(args[depth], "-") {
		return nil
	}
	return knownCommand(cmd, args[depth:depth+1])
}

// knownCommand returns an error for a command that does not exist, with what the user may have meant: another command, or a file for run.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasParent() && remote.IsURL(args[0]) {
		for _, c := range cmd.Commands() {
			if c.Name() == "run" {
				return refuseURL(c, args[0])
			}
		}
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	advice := cmd.CommandPath() + " --help lists them"
	if near := settings.Nearest(args[0], names); near != "" {
		advice = fmt.Sprintf("did you mean %s %s?", cmd.CommandPath(), near)
	} else if info, err := os.Stat(args[0]); err == nil && !info.IsDir() && !cmd.HasParent() {
		advice = fmt.Sprintf("did you mean enrich run %s?", args[0])
	}
	return problem.New(problem.Problem{Code: "unknown_command", Message: fmt.Sprintf("unknown command %q", args[0]), Advice: advice})
}

// knownTopic is knownCommand for the words after help.
func knownTopic(cmd *cobra.Command, words []string) error {
	found, rest, err := cmd.Root().Find(words)
	if err != nil || !found.HasSubCommands() {
		return err
	}
	return knownCommand(found, rest)
}

// asUsage makes errors in the arguments usage errors, for the command and those below it. Cobra finds an unknown
// command before any of this runs.
func asUsage(c *cobra.Command) {
	if args := c.Args; args != nil {
		c.Args = arguments(args)
	}
	for _, sub := range c.Commands() {
		asUsage(sub)
	}
}
