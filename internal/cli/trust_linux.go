package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/app"
	"github.com/hatoba/hatoba/internal/config"
	"github.com/hatoba/hatoba/internal/pki"
	"github.com/hatoba/hatoba/internal/trust"
)

// trustAddress is where the registry answers on port 443: an address of
// loopback that nothing else uses, so that a web server of this machine is not
// in the way.
const trustAddress = "127.66.0.1"

func trustCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trust",
		Short: "Make docker push ACCOUNT.dkr.ecr.REGION.amazonaws.com/app reach this Hatoba, and undo it",
	}
	cmd.AddCommand(trustInstallCommand(s), trustRemoveCommand(s))
	return cmd
}

func trustInstallCommand(s *settings) *cobra.Command {
	var accounts, regions []string
	var address string
	var dry, noStore bool
	cmd := &cobra.Command{
		Use:   "install [--account ID]... [--region NAME]... [--dry-run]",
		Short: "Let the ECR host names of accounts and regions mean this Hatoba, on this machine",
		Long: `Let the ECR host names of accounts and regions mean this Hatoba, on this machine:
a block in /etc/hosts, the certificate of Hatoba's own authority in the system's
store and in /etc/docker/certs.d, and a listener on ` + trustAddress + `:443 while Hatoba runs.
hatoba trust remove takes all of it away again.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			want, err := trustWanted(c, accounts, regions, address)
			if err != nil {
				return err
			}
			want.NoSystemStore = noStore
			steps, err := trust.Install(cmd.Context(), trust.Machine(), c.DataDir, want, dry)
			if err != nil {
				return asRoot(err)
			}
			tell(cmd, steps, dry, "All of this is done already.")
			if dry {
				return nil
			}
			return trustTry(cmd, c, want)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&accounts, "account", nil, "account whose registry is meant; several times (default: the setting account-id)")
	flags.StringArrayVar(&regions, "region", nil, "region whose registry is meant; several times (default: the setting region)")
	flags.StringVar(&address, "address", trustAddress, "address of loopback on which Hatoba answers, on port 443")
	flags.BoolVar(&dry, "dry-run", false, "only tell what would be changed")
	flags.BoolVar(&noStore, "no-system-store", false, "leave the system's store of authorities alone: docker trusts the registry, others do not")
	return cmd
}

func trustRemoveCommand(s *settings) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "remove [--dry-run]",
		Short: "Take away what hatoba trust install did, and nothing else",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			steps, err := trust.Remove(cmd.Context(), trust.Machine(), c.DataDir, dry)
			if err != nil {
				return asRoot(err)
			}
			tell(cmd, steps, dry, "Nothing is installed.")
			if !dry {
				_ = trustReload(cmd.Context(), c) // one that does not run needs not be told
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only tell what would be changed")
	return cmd
}

var (
	trustAccount = regexp.MustCompile(`^[0-9]{12}$`)
	trustRegion  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
)

func trustWanted(c config.Config, accounts, regions []string, address string) (want trust.Wanted, err error) {
	if len(accounts) == 0 {
		accounts = []string{c.AccountID}
	}
	if len(regions) == 0 {
		regions = []string{c.Region}
	}
	for _, a := range accounts {
		if !trustAccount.MatchString(a) {
			return want, fmt.Errorf("--account %q is not 12 digits", a)
		}
	}
	for _, r := range regions {
		if !trustRegion.MatchString(r) {
			return want, fmt.Errorf("--region %q is no region's name", r)
		}
	}
	if addr, err := netip.ParseAddr(address); err != nil || !addr.IsLoopback() || !addr.Is4() {
		return want, fmt.Errorf("--address %q is no address of loopback, such as %s", address, trustAddress)
	}
	id, err := os.ReadFile(filepath.Join(c.DataDir, "instance"))
	if errors.Is(err, os.ErrNotExist) {
		return want, fmt.Errorf("no Hatoba has its data in %s yet: start one with `hatoba up`, or name its --data-dir", c.DataDir)
	}
	if err != nil {
		return want, asRoot(err)
	}
	authority, err := pki.Open(filepath.Join(c.DataDir, app.AuthorityDir), time.Now)
	if err != nil {
		return want, asRoot(err)
	}
	return trust.Wanted{ID: strings.TrimSpace(string(id)), Address: address, Names: trust.Names(accounts, regions), Authority: authority.PEM()}, nil
}

func tell(cmd *cobra.Command, steps []trust.Step, dry bool, nothing string) {
	if len(steps) == 0 {
		fmt.Fprintln(cmd.OutOrStdout(), nothing)
	}
	would := ""
	if dry {
		would = "would "
	}
	for _, s := range steps {
		if s.What == "run" {
			fmt.Fprintf(cmd.OutOrStdout(), "%srun %s\n", would, s.Where)
			continue
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s%s: %s\n", would, s.Where, s.What)
	}
}

func asRoot(err error) error {
	if errors.Is(err, os.ErrPermission) && os.Geteuid() != 0 {
		return fmt.Errorf("%w: this changes files of the system; run it with sudo", err)
	}
	return err
}

// trustTry tells a running Hatoba, and sees that it answers to a name.
func trustTry(cmd *cobra.Command, c config.Config, want trust.Wanted) error {
	if err := trustReload(cmd.Context(), c); err != nil {
		fmt.Fprintf(cmd.OutOrStdout(), "Hatoba does not run now; once it does: docker push %s/app\n", want.Names[0])
		return nil
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(want.Authority)
	named := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(want.Address, trust.Port))
		},
	}}
	defer named.CloseIdleConnections()
	var err error
	for range 20 {
		var answer *http.Response
		if answer, err = named.Get("https://" + want.Names[0] + "/v2/"); err == nil {
			answer.Body.Close()
			fmt.Fprintf(cmd.OutOrStdout(), "Ready: docker push %s/app\n", want.Names[0])
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("all is in place, but Hatoba does not answer at %s:%s (its log says why): %w", want.Address, trust.Port, err)
}

func trustReload(ctx context.Context, c config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint(c)+"/_hatoba/trust", nil)
	if err != nil {
		return err
	}
	h, err := client(c)
	if err != nil {
		return err
	}
	answer, err := h.Do(req)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		return fmt.Errorf("it answers %s", answer.Status)
	}
	return nil
}
