package settings

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"enrich/cmd/enrich/internal/problem"
	"enrich/cmd/enrich/internal/remote"
)

// Codes of the errors about a URL where a file is expected.
const (
	codeInputURL  = "input_is_url"
	codeOutputURL = "output_is_url"
)

// refuseURLs returns an error for the first flag that names a file or a directory and has a URL, wherever its value comes from.
// --ledger has an error of its own.
func refuseURLs(cmd *cobra.Command) (err error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		p, isPath := f.Value.(Path)
		if err == nil && isPath && f.Name != "ledger" && remote.IsURL(*p.Value) {
			err = urlError(cmd, f.Name, *p.Value)
		}
	})
	return err
}

// urlError says which pipe to use. It never repeats the URL as it is: that may contain a password or a signature.
func urlError(cmd *cobra.Command, flag, name string) error {
	p := problem.Problem{Code: codeOutputURL, Flag: flag, Message: "--" + flag + ": expected a file or -, not a URL"}
	write := remote.Writer(name)
	switch path, isFile := remote.Path(name); {
	case isFile:
		p.Advice = "name it by its path: " + path
	case flag == "api-key-file" || flag == "ca-file" || flag == configFlag:
		p.Code, p.Message = codeInputURL, "--"+flag+": expected a file, not a URL"
		p.Advice = "download it first"
		if read := remote.Reader(name); read != "" {
			p.Advice += ": " + read + " > FILE"
		}
	case flag == "out":
		p.Message = "--out: expected a directory, not a URL"
		p.Advice = "name a directory on this machine, and copy its files afterwards"
		if write != "" {
			p.Advice += "; or use a pipe: " + cmd.CommandPath() + " --results - FILE | " + remote.Writer(remote.InDirectory(name, "results.csv"))
		}
	case flag == "metrics" || flag == "tls" || write == "":
		p.Message = "--" + flag + ": expected a file, not a URL"
		p.Advice = "name a file on this machine, and copy it afterwards"
		if write != "" {
			p.Advice += ": " + write + " < FILE"
		}
	default:
		p.Advice = "use a pipe: " + cmd.CommandPath() + " --" + flag + " - FILE | " + write
	}
	return problem.New(p)
}
