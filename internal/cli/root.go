// Package cli is the command line: thin commands, over the public API where
// they can be. Commands that only talk to a running Hatoba build for every
// system; those that run it are Linux's.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/config"
)

// IO is where a command reads and writes.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
}

// exitError ends the program with a code and without a further message.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Run runs one command line and returns the exit code: 0 done, 1 failed, or
// the code of the command that `hatoba with` ran.
func Run(ctx context.Context, args []string, io IO) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(io.In)
	root.SetOut(io.Out)
	root.SetErr(io.Err)
	err := root.ExecuteContext(ctx)
	var exit exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return int(exit)
	}
	fmt.Fprintln(io.Err, "hatoba:", err)
	return 1
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "hatoba",
		Short:         "Amazon ECS and Fargate on machines you own",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		CompletionOptions: cobra.CompletionOptions{
			HiddenDefaultCmd: true,
		},
	}
	s := &settings{}
	s.register(root)
	root.AddCommand(execCommand(s))
	root.AddCommand(
		upCommand(s), stopCommand(s), doctorCommand(s), demoCommand(s), devCommand(s),
		installCommand(s), uninstallCommand(s), backupCommand(s), restoreCommand(s), envCommand(s), withCommand(s), configCommand(s),
		psCommand(s), topCommand(s), servicesCommand(s), eventsCommand(s), logsCommand(s), imageCommand(s), registryCommand(s), reviewCommand(s), debugCommand(s),
	)
	root.AddCommand(trustCommand(s), simulateCommand())
	return root
}

// settings are the flags every command has.
type settings struct {
	file  string
	flags map[string]func() (string, bool)
}

func (s *settings) register(root *cobra.Command) {
	set := root.PersistentFlags()
	set.StringVar(&s.file, "config", "", "JSON file of settings (HATOBA_CONFIG)")
	s.flags = map[string]func() (string, bool){}
	for _, setting := range config.Settings() {
		if setting.List {
			set.StringArray(setting.Name, nil, setting.Usage+" ("+setting.Env()+")")
			flag := set.Lookup(setting.Name)
			s.flags[setting.Name] = func() (string, bool) {
				all, _ := set.GetStringArray(setting.Name)
				return strings.Join(all, ","), flag.Changed
			}
			continue
		}
		if setting.Bool {
			set.Bool(setting.Name, setting.Default == "true", setting.Usage+" ("+setting.Env()+")")
		} else {
			set.String(setting.Name, setting.Default, setting.Usage+" ("+setting.Env()+")")
		}
		flag := set.Lookup(setting.Name)
		s.flags[setting.Name] = func() (string, bool) { return flag.Value.String(), flag.Changed }
	}
}

// values gathers what is set, with origins.
func (s *settings) values() (config.Values, error) {
	given := map[string]string{}
	for name, get := range s.flags {
		if text, ok := get(); ok {
			given[name] = text
		}
	}
	return config.Load(s.file, os.LookupEnv, given)
}

// forClients are the settings that clients of this Hatoba need as well.
var forClients = []string{"data-dir", "listen", "region", "account-id", "auth", "tls", "tls-ca"}

// asVariables are the flags of those that were given, as variables: our own
// commands then find the same Hatoba.
func (s *settings) asVariables() (out [][2]string) {
	for _, name := range forClients {
		if text, ok := s.flags[name](); ok {
			out = append(out, [2]string{config.Setting{Name: name}.Env(), text})
		}
	}
	return out
}

// given are the flags that clients of this Hatoba need as well, as they were
// given: " --auth sigv4 --tls".
func (s *settings) given() (out string) {
	for _, name := range forClients {
		text, ok := s.flags[name]()
		switch {
		case !ok || name == "tls" && text == "false":
		case name == "tls":
			out += " --tls"
		default:
			out += " --" + name + " " + quoted(text)
		}
	}
	return out
}

// load gathers and checks the configuration.
func (s *settings) load() (config.Config, error) {
	values, err := s.values()
	if err != nil {
		return config.Config{}, err
	}
	return values.Check()
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return "development"
}
