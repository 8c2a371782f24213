package cli

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/config"
)

// Variables that would send a client elsewhere than to Hatoba, or give it
// somebody else's credentials.
var cleared = []string{
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
	"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
}

// clientEnv is what points an AWS client at this Hatoba and nowhere else.
func clientEnv(c config.Config) [][2]string {
	return [][2]string{
		{"AWS_ENDPOINT_URL", endpoint(c)},
		{"AWS_REGION", c.Region},
		{"AWS_DEFAULT_REGION", c.Region},
		{"AWS_ACCESS_KEY_ID", c.AccountID},
		{"AWS_SECRET_ACCESS_KEY", "hatoba"},
		{"AWS_EC2_METADATA_DISABLED", "true"},
	}
}

// endpoint is the URL clients use.
func endpoint(c config.Config) string {
	host, port, _ := net.SplitHostPort(c.Listen)
	if host == "127.0.0.1" {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// serviceEndpoints finds AWS_ENDPOINT_URL_<SERVICE> variables, which win over
// AWS_ENDPOINT_URL in every client.
func serviceEndpoints(environ []string) (names []string) {
	for _, kv := range environ {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "AWS_ENDPOINT_URL_") {
			names = append(names, name)
		}
	}
	return names
}

func envCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "env",
		Short: `Print the variables that point AWS clients here: eval "$(hatoba env)"`,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			for _, kv := range clientEnv(c) {
				fmt.Fprintf(cmd.OutOrStdout(), "export %s=%s\n", kv[0], kv[1])
			}
			for _, name := range append(cleared, serviceEndpoints(os.Environ())...) {
				fmt.Fprintf(cmd.OutOrStdout(), "unset %s\n", name)
			}
			return nil
		},
	}
}

func withCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "with -- COMMAND [ARGUMENT...]",
		Short: "Run one command whose AWS clients can reach this Hatoba only",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			child := exec.CommandContext(cmd.Context(), args[0], args[1:]...)
			child.Env = withEnv(os.Environ(), c)
			child.Stdin, child.Stdout, child.Stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			child.Cancel = func() error { return child.Process.Signal(os.Interrupt) }
			err = child.Run()
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				return exitError(max(exit.ExitCode(), 1))
			}
			return err
		},
	}
}

// withEnv is environ with the client variables set and the others gone.
func withEnv(environ []string, c config.Config) []string {
	drop := map[string]bool{}
	for _, name := range append(cleared, serviceEndpoints(environ)...) {
		drop[name] = true
	}
	for _, kv := range clientEnv(c) {
		drop[kv[0]] = true
	}
	var out []string
	for _, kv := range environ {
		if name, _, _ := strings.Cut(kv, "="); !drop[name] {
			out = append(out, kv)
		}
	}
	for _, kv := range clientEnv(c) {
		out = append(out, kv[0]+"="+kv[1])
	}
	return out
}
