package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/hatoba/hatoba/internal/image"
	"github.com/hatoba/hatoba/internal/image/source"
)

func registryCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use: "registry", Short: "Logins for private registries that tasks' images are pulled from",
		Long: "Logins for private registries that tasks' images are pulled from. Each is kept as a\nsecret of the account, named " + source.SavedPrefix + "HOST, sealed as all secrets are.",
	}
	cmd.AddCommand(registryLoginCommand(s), registryLogoutCommand(s), registryListCommand(s))
	return cmd
}

func registryLoginCommand(s *settings) *cobra.Command {
	var user string
	var stdin bool
	cmd := &cobra.Command{
		Use:   "login HOST -u USER [--password-stdin]",
		Short: "Keep a registry's login, in place of an earlier one",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := registryHost(args[0])
			if err != nil {
				return err
			}
			password, err := readPassword(cmd, stdin)
			if err != nil {
				return err
			}
			c, err := s.load()
			if err != nil {
				return err
			}
			client := secretsmanager.NewFromConfig(sdk(c))
			if err := saveLogin(cmd.Context(), client, host, user, password); err != nil {
				return explain(c, err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Kept. Images of %s are pulled as %s.\n", host, user)
			return nil
		},
	}
	cmd.Flags().StringVarP(&user, "username", "u", "", "user name")
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "read the password, or a token, from standard input")
	_ = cmd.MarkFlagRequired("username")
	return cmd
}

func registryLogoutCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "logout HOST",
		Short: "Forget a registry's login",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host, err := registryHost(args[0])
			if err != nil {
				return err
			}
			c, err := s.load()
			if err != nil {
				return err
			}
			_, err = secretsmanager.NewFromConfig(sdk(c)).DeleteSecret(cmd.Context(), &secretsmanager.DeleteSecretInput{
				SecretId: aws.String(source.SavedName(host)), ForceDeleteWithoutRecovery: aws.Bool(true),
			})
			var none *smtypes.ResourceNotFoundException
			if errors.As(err, &none) {
				return fmt.Errorf("there is no login for %s; hatoba registry list shows them", host)
			}
			return explain(c, err)
		},
	}
}

func registryListCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the logins that are kept, without their passwords",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			client := secretsmanager.NewFromConfig(sdk(c))
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "REGISTRY\tUSER\tSINCE")
			pages := secretsmanager.NewListSecretsPaginator(client, &secretsmanager.ListSecretsInput{
				Filters: []smtypes.Filter{{Key: smtypes.FilterNameStringTypeName, Values: []string{source.SavedPrefix}}},
			})
			for pages.HasMorePages() {
				page, err := pages.NextPage(cmd.Context())
				if err != nil {
					return explain(c, err)
				}
				for _, secret := range page.SecretList {
					host, ok := source.SavedHost(aws.ToString(secret.Name))
					if !ok {
						continue
					}
					user := strings.TrimPrefix(aws.ToString(secret.Description), loginDescription)
					fmt.Fprintf(w, "%s\t%s\t%s\n", host, user, aws.ToTime(secret.LastChangedDate).UTC().Format(time.RFC3339))
				}
			}
			return w.Flush()
		},
	}
}

// loginDescription begins the description of a login's secret; the user name
// follows, so that list needs no value.
const loginDescription = "Login for a registry, as user "

func saveLogin(ctx context.Context, client *secretsmanager.Client, host, user, password string) error {
	value, err := json.Marshal(map[string]string{"username": user, "password": password})
	if err != nil {
		return err
	}
	name, description := aws.String(source.SavedName(host)), aws.String(loginDescription+user)
	_, err = client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: name, Description: description, SecretString: aws.String(string(value))})
	var refused smithy.APIError
	if errors.As(err, &refused) && refused.ErrorCode() == "ResourceExistsException" {
		_, err = client.UpdateSecret(ctx, &secretsmanager.UpdateSecretInput{SecretId: name, Description: description, SecretString: aws.String(string(value))})
	}
	return err
}

// registryHost is a registry's host as image references name it.
func registryHost(text string) (string, error) {
	host := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(text, "https://"), "http://"), "/")
	switch host {
	case "index.docker.io", "index.docker.io/v1", "registry-1.docker.io", "hub.docker.com":
		host = "docker.io"
	}
	ref, err := image.ParseRef(host + "/image")
	if err != nil || ref.Host != host {
		return "", fmt.Errorf("%q is no registry's host name: write it as in image references, such as docker.io, ghcr.io or registry.example.com:5000", text)
	}
	return host, nil
}

// readPassword reads a password from standard input, or asks for it.
func readPassword(cmd *cobra.Command, stdin bool) (string, error) {
	var raw []byte
	var err error
	if file, ok := cmd.InOrStdin().(*os.File); !stdin && ok && term.IsTerminal(int(file.Fd())) {
		fmt.Fprint(cmd.ErrOrStderr(), "Password: ")
		raw, err = term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(cmd.ErrOrStderr())
	} else if !stdin {
		return "", errors.New("there is no terminal to ask for the password: pipe it in with --password-stdin")
	} else {
		raw, err = io.ReadAll(io.LimitReader(cmd.InOrStdin(), 64<<10))
	}
	password := strings.TrimRight(string(raw), "\r\n")
	if err == nil && password == "" {
		err = errors.New("the password is empty")
	}
	return password, err
}
