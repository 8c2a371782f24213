package cli

import (
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/app"
	"github.com/hatoba/hatoba/internal/config"
	"github.com/hatoba/hatoba/internal/unit"
)

func upCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "Run Hatoba: control plane and this machine as a node",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			return app.Run(cmd.Context(), c, logger(cmd, c), func(ready app.Ready) {
				banner(cmd, c, ready, s.given())
				if err := unit.Ready(); err != nil {
					fmt.Fprintln(cmd.ErrOrStderr(), "hatoba:", err)
				}
			})
		},
	}
}

func logger(cmd *cobra.Command, c config.Config) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // checked by config
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), options))
	}
	return slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), options))
}

func banner(cmd *cobra.Command, c config.Config, ready app.Ready, flags string) {
	c.Listen = ready.Listen
	fmt.Fprintf(cmd.OutOrStdout(), `
  波止場  Hatoba %s is ready (%s)

  endpoint   %s   account %s, region %s
  tasks      %s, gateway %s, bridge %s, %s
  data       %s
%s
  eval "$(hatoba env%s)"      point the aws CLI, SDKs and Terraform here
  hatoba with -- CMD        run one command against it
  Ctrl-C or SIGTERM         stop Hatoba; containers go on (hatoba stop ends them)

`, version(), ready.Took, endpoint(c), c.AccountID, c.Region, ready.VPC, ready.Gateway, ready.Bridge, ready.Runtime, c.DataDir, access(c), flags)
}

// access tells how to get in, where that is not open to all.
func access(c config.Config) (out string) {
	if c.Auth == "sigv4" {
		out = "  keys       " + filepath.Join(c.DataDir, credentialsFile) + ": the root user's, in the format of AWS's shared credentials\n"
	}
	if c.TLS {
		out += "  authority  " + authority(c) + ": for clients to trust\n"
	}
	return out
}

func stopCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "stop",
		Short: "Stop Hatoba and end all its tasks, leaving nothing running",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			stopped, err := app.Stop(cmd.Context(), c, logger(cmd, c))
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "stopped: %d tasks ended, data kept in %s\n", stopped, c.DataDir)
			return nil
		},
	}
}

func doctorCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check that Hatoba can start here, and name what is missing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			failed := false
			for _, check := range app.Doctor(cmd.Context(), c) {
				mark := "ok  "
				switch {
				case check.Problem != "" && check.Fatal:
					mark, failed = "FAIL", true
				case check.Problem != "":
					mark = "warn"
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %-16s %s\n", mark, check.Name, check.Found)
				if check.Problem != "" {
					fmt.Fprintf(cmd.OutOrStdout(), "      %s\n      mend it: %s\n", check.Problem, check.Mend)
				}
			}
			if failed {
				return exitError(1)
			}
			return nil
		},
	}
}
