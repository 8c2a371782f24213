package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/config"
	"github.com/hatoba/hatoba/internal/unit"
)

// installation is where and how the service is installed.
type installation struct {
	dir         string // of systemd's unit files
	binary      string
	environment []string
	start       bool
}

func installCommand(s *settings) *cobra.Command {
	in := &installation{}
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Have systemd run Hatoba, with the settings given here; a restart of the service touches no container",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			values, err := s.values()
			if err != nil {
				return err
			}
			if _, err := values.Check(); err != nil {
				return err
			}
			if in.binary == "" {
				if in.binary, err = ownBinary(); err != nil {
					return err
				}
			}
			if !filepath.IsAbs(in.binary) {
				return fmt.Errorf("--binary %s is not an absolute path, which systemd needs", in.binary)
			}
			for _, e := range in.environment {
				if name, _, ok := strings.Cut(e, "="); !ok || name == "" {
					return fmt.Errorf("--env %s is not NAME=value", e)
				}
			}
			service := unit.Service{Binary: in.binary, Args: given(s.file, values), Environment: in.environment}
			return in.install(cmd.Context(), cmd.OutOrStdout(), service)
		},
	}
	in.flags(cmd)
	cmd.Flags().StringVar(&in.binary, "binary", "", "what the service runs (default: this program, where it is)")
	cmd.Flags().StringArrayVar(&in.environment, "env", nil, "NAME=value for the service's environment, such as HTTPS_PROXY; may be repeated")
	cmd.Flags().BoolVar(&in.start, "start", true, "start the service, or restart it when it runs")
	return cmd
}

func uninstallCommand(_ *settings) *cobra.Command {
	in := &installation{}
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Undo install: stop the service and remove its unit; tasks go on until `hatoba stop`, data stays",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return in.uninstall(cmd.Context(), cmd.OutOrStdout())
		},
	}
	in.flags(cmd)
	return cmd
}

func (in *installation) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&in.dir, "unit-dir", "/etc/systemd/system", "directory of the unit file")
}

// ownBinary is this program's path, unless it will not be there tomorrow.
func ownBinary() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(path, os.TempDir()+"/") {
		return "", fmt.Errorf("this program is in %s, which is emptied: copy it to /usr/local/bin/hatoba first, or name another with --binary", os.TempDir())
	}
	return path, nil
}

// given are the settings that are not the default, as arguments.
func given(file string, values config.Values) (args []string) {
	if file == "" {
		file = os.Getenv("HATOBA_CONFIG")
	}
	if file != "" {
		if abs, err := filepath.Abs(file); err == nil {
			file = abs
		}
		args = append(args, "--config="+file)
	}
	for _, setting := range config.Settings() {
		v := values[setting.Name]
		if v.Origin != config.FromEnv && v.Origin != config.FromFlag {
			continue
		}
		if setting.Name == "data-dir" {
			if abs, err := filepath.Abs(v.Text); err == nil {
				v.Text = abs
			}
		}
		args = append(args, "--"+setting.Name+"="+v.Text)
	}
	return args
}

func (in *installation) path() string { return filepath.Join(in.dir, unit.Name) }

func (in *installation) install(ctx context.Context, out io.Writer, service unit.Service) error {
	if err := os.MkdirAll(in.dir, 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if len(service.Environment) > 0 {
		mode = 0o600 // a proxy's password may be in it
	}
	fresh := in.path() + ".new"
	if err := os.WriteFile(fresh, []byte(service.Text()), mode); err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("%w; run it as root: sudo hatoba install", err)
		}
		return err
	}
	if err := os.Rename(fresh, in.path()); err != nil {
		return err
	}
	fmt.Fprintf(out, "wrote %s\n", in.path())
	commands := [][]string{{"daemon-reload"}, {"enable", unit.Name}, {"restart", unit.Name}}
	if !in.start {
		commands = commands[:2]
	}
	if done, err := in.systemctl(ctx, out, commands); err != nil || !done {
		return err
	}
	if in.start {
		fmt.Fprintln(out, "Hatoba runs as a service.  systemctl status hatoba   journalctl -u hatoba -f")
	}
	return nil
}

func (in *installation) uninstall(ctx context.Context, out io.Writer) error {
	if _, err := os.Stat(in.path()); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s does not exist: the service is not installed", in.path())
	}
	if _, err := in.systemctl(ctx, out, [][]string{{"disable", "--now", unit.Name}}); err != nil {
		return err
	}
	if err := os.Remove(in.path()); err != nil {
		return err
	}
	if _, err := in.systemctl(ctx, out, [][]string{{"daemon-reload"}}); err != nil {
		return err
	}
	fmt.Fprintf(out, "removed %s\nTasks that run go on. `hatoba stop` ends them and takes their network away; data stays.\n", in.path())
	return nil
}

// systemctl runs commands of systemd, or says which ones to run where systemd
// is not what this machine was started with, or reads its units elsewhere.
func (in *installation) systemctl(ctx context.Context, out io.Writer, commands [][]string) (done bool, err error) {
	_, err = os.Stat("/run/systemd/system")
	if err != nil || in.dir != "/etc/systemd/system" {
		for _, args := range commands {
			fmt.Fprintf(out, "not done, systemd does not run or reads other units: systemctl %s\n", strings.Join(args, " "))
		}
		return false, nil
	}
	for _, args := range commands {
		if output, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput(); err != nil {
			return false, fmt.Errorf("systemctl %s: %w\n%s", strings.Join(args, " "), err, output)
		}
	}
	return true, nil
}
