package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
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
func clientEnv(c config.Config) ([][2]string, error) {
	credentials, err := keys(c)
	if err != nil {
		return nil, err
	}
	out := [][2]string{
		{"AWS_ENDPOINT_URL", endpoint(c)},
		{"AWS_REGION", c.Region},
		{"AWS_DEFAULT_REGION", c.Region},
		{"AWS_ACCESS_KEY_ID", credentials.AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", credentials.SecretAccessKey},
		{"AWS_EC2_METADATA_DISABLED", "true"},
		{"AWS_DISABLE_HOST_PREFIX_INJECTION", "true"}, // Cloud Map's DiscoverInstances, at data-HOST
	}
	if credentials.SessionToken != "" {
		out = append(out, [2]string{"AWS_SESSION_TOKEN", credentials.SessionToken})
	}
	if file := authority(c); file != "" {
		out = append(out, [2]string{"AWS_CA_BUNDLE", file})
	}
	return out, nil
}

// toClear are the variables to unset beside those that are set.
func toClear(set [][2]string, environ []string) (out []string) {
	for _, name := range append(slices.Clone(cleared), serviceEndpoints(environ)...) {
		if !slices.ContainsFunc(set, func(kv [2]string) bool { return kv[0] == name }) {
			out = append(out, name)
		}
	}
	return out
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
	var ca bool
	cmd := &cobra.Command{
		Use:   "env",
		Short: `Print the variables that point AWS clients here: eval "$(hatoba env)"`,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			if ca {
				return printAuthority(cmd, c)
			}
			set, err := clientEnv(c)
			if err != nil {
				return err
			}
			set = append(set, s.asVariables()...)
			for _, kv := range set {
				fmt.Fprintf(cmd.OutOrStdout(), "export %s=%s\n", kv[0], quoted(kv[1]))
			}
			for _, name := range toClear(set, os.Environ()) {
				fmt.Fprintf(cmd.OutOrStdout(), "unset %s\n", name)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&ca, "ca", false, "print the certificate of the authority that clients must trust instead")
	return cmd
}

// printAuthority prints the certificate that signs the listener's.
func printAuthority(cmd *cobra.Command, c config.Config) error {
	file := authority(c)
	if file == "" {
		return errors.New("this Hatoba speaks no TLS: there is nothing to trust (hatoba up --tls)")
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("%w: it is made when hatoba up --tls starts", err)
	}
	_, err = cmd.OutOrStdout().Write(pem)
	return err
}

// quoted keeps a value one word of a shell.
func quoted(value string) string {
	if strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:+=@%,[]") == "" && !strings.ContainsAny(value, "[]") {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
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
			if child.Env, err = withEnv(os.Environ(), c, s.asVariables()); err != nil {
				return err
			}
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
func withEnv(environ []string, c config.Config, own [][2]string) ([]string, error) {
	set, err := clientEnv(c)
	if err != nil {
		return nil, err
	}
	set = append(set, own...)
	drop := map[string]bool{}
	for _, name := range toClear(set, environ) {
		drop[name] = true
	}
	for _, kv := range set {
		drop[kv[0]] = true
	}
	var out []string
	for _, kv := range environ {
		if name, _, _ := strings.Cut(kv, "="); !drop[name] {
			out = append(out, kv)
		}
	}
	for _, kv := range set {
		out = append(out, kv[0]+"="+kv[1])
	}
	return out, nil
}
