package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"enrich/client"
	"enrich/cmd/enrich/internal/console"
	"enrich/cmd/enrich/internal/dburl"
	"enrich/cmd/enrich/internal/hook"
	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/settings"
	"enrich/contact"
	"enrich/pipeline"
)

// onFinishLimit bounds the command of --on-finish.
const onFinishLimit = time.Minute

// A finishHook runs the command of --on-finish once, when a run has published its outputs and has closed the ledger, so that the
// command may use both. nil: there is no command.
type finishHook struct {
	command *hook.Command
	key     client.Key
	summary *pipeline.Summary // nil if the run ended before it had one
}

// newFinishHook checks that the command can be run, before anything is called. It makes w end the command if the program exits.
func newFinishHook(w *world, s *settings.Settings) (*finishHook, error) {
	if strings.TrimSpace(s.OnFinish) == "" {
		return nil, nil
	}
	if err := hook.Check(); err != nil {
		return nil, usage(problem.Wrap(err, "on_finish", "on-finish", ""))
	}
	h := &finishHook{command: &hook.Command{Line: s.OnFinish, Limit: onFinishLimit}}
	if s.APIKeyFile == "" { // a file is read once, because it may be a pipe
		h.key, _ = s.Key(w.lookupEnv) // a run without a usable key does not begin
	}
	exit := w.exit
	w.exit = func(code int) {
		h.command.Kill()
		exit(code)
	}
	return h, nil
}

// setKey says which API key must not be in the command's environment.
func (h *finishHook) setKey(key client.Key) {
	if h != nil {
		h.key = key
	}
}

// setSummary keeps the summary of a finished run.
func (h *finishHook) setSummary(s *pipeline.Summary) {
	if h != nil {
		h.summary = s
	}
}

// runsAfter reports whether the command runs after a run that ended with an exit code. After a usage error or with a locked ledger it
// does not: the run did not begin.
func (h *finishHook) runsAfter(code int) bool {
	return h != nil && code != exitUsage && code != exitLocked
}

// run runs the command. Its failure is a warning: the exit code is the run's. After a signal, it has what is left of --grace.
func (h *finishHook) run(j *job, err error) {
	code := exitCodeOf(err)
	if !h.runsAfter(code) {
		return
	}
	deadline := j.shutdown.Deadline
	if deadline.Err() != nil {
		j.printer.Warn("--on-finish: the command was not run, because --grace is over", "event", "on_finish")
		return
	}
	h.command.Env = h.environment(j.world.environ, code)
	h.command.Say = func(line string) { j.printer.Output(line, "event", "on_finish") }
	slow := time.AfterFunc(2*time.Second, func() {
		j.printer.Info(fmt.Sprintf("waiting for the command of --on-finish, at most %s", console.Duration(onFinishLimit)), "event", "on_finish")
	})
	defer slow.Stop()
	text, jerr := json.MarshalIndent(h.input(j, err), "", "  ")
	if jerr == nil {
		jerr = h.command.Run(deadline, append(text, '\n'))
	}
	if jerr != nil {
		j.printer.Warn(fmt.Sprintf("--on-finish: the command failed: %v", jerr), "event", "on_finish")
	}
}

// A hookInput is what the command reads: the summary and, if the run failed, why.
type hookInput struct {
	*pipeline.Summary
	Error *errorReport `json:"error,omitempty"`
}

// input returns the summary. If the run failed before it had one, the summary has no figures: nothing was published.
func (h *finishHook) input(j *job, err error) hookInput {
	if h.summary != nil {
		return hookInput{Summary: h.summary}
	}
	s := &pipeline.Summary{
		ExitCode: exitCodeOf(err), Failures: map[string]int64{}, Calls: pipeline.SummaryCalls{Reasons: map[string]int64{}}, Fields: map[string]int64{}, Outputs: map[string]string{},
		Input: pipeline.SummaryInput{Path: j.inputPath()}, StartedAt: j.started, FinishedAt: time.Now().UTC(),
	}
	if j.shutdown.Signal() != nil {
		stop := contact.StopInterrupted
		s.Stopped = &stop
	}
	report := reportOf(err)
	return hookInput{s, &report}
}

// environment returns the environment of this program without the API key and the passwords of databases, and with EXIT_STATUS. A run
// that the command starts runs no command of its own, also if the config file names one: ":" is the shell's command that does nothing.
func (h *finishHook) environment(environ []string, code int) []string {
	env := []string{fmt.Sprintf("EXIT_STATUS=%d", code), onFinishVariable + "=:"}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		switch name {
		case "EXIT_STATUS", settings.KeyVariable, "PGPASSWORD", "PGSSLPASSWORD", onFinishVariable:
			continue
		}
		if string(h.key.Redact([]byte(value))) == value && !containsDatabasePassword(value, environ) {
			env = append(env, entry)
		}
	}
	return env
}

const onFinishVariable = "ENRICH_ON_FINISH"

// shortestSecret is how long a password must be, in bytes, to be looked for within other variables: a shorter one is in half of them.
const shortestSecret = 5

// databaseAddress finds a URL of PostgreSQL (also as jdbc:postgresql: or postgresql+psycopg:) and the form "host=db password=…".
var databaseAddress = regexp.MustCompile(`(?i)postgres|\b(host|hostaddr|dbname|service|user)\s*=`)

// containsDatabasePassword reports whether a value contains the address of a database with a password, or the password that another
// variable gives to PostgreSQL's clients.
func containsDatabasePassword(value string, environ []string) bool {
	if _, found := dburl.Password(value); found && databaseAddress.MatchString(value) { // and not a proxy with a password, which curl needs
		return true
	}
	for _, entry := range environ {
		name, secret, _ := strings.Cut(entry, "=")
		if (name == "PGPASSWORD" || name == "PGSSLPASSWORD") && (value == secret && value != "" || len(secret) >= shortestSecret && strings.Contains(value, secret)) {
			return true
		}
	}
	return false
}
