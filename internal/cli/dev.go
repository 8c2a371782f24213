package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/config"
	"github.com/hatoba/hatoba/internal/dev"
)

func devCommand(s *settings) *cobra.Command {
	var flags dev.Settings
	var env, mounts, vars []string
	var keep, bare, dry bool
	cmd := &cobra.Command{
		Use:   "dev [DIR]",
		Short: "Build, deploy and follow a folder's service, and again when a file is saved",
		Long: `Reads a folder with a task definition, or an ecspresso.yml; builds the image it
holds (a Go program, files, or a Dockerfile where docker or buildah is), pushes it
to the built-in registry, deploys the service, or a task where there is none,
shows its log and events, and does it again when a file is saved. Ctrl-C ends it
and takes away what it deployed.

The files are not changed: variables, mounts and the image are overrides. They may
stand in ` + dev.SettingsName + `, too (docs/dev.md).`,
		Example: `  hatoba dev .
  hatoba dev services/web -e LOG_LEVEL=debug --mount ./templates:/templates:ro`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			c, err := s.load()
			if err != nil {
				return err
			}
			if flags.Env, err = pairs(env); err != nil {
				return err
			}
			if flags.Vars, err = pairs(vars); err != nil {
				return err
			}
			for _, text := range mounts {
				m, err := dev.ParseMount(text)
				if err != nil {
					return err
				}
				flags.Mounts = append(flags.Mounts, m)
			}
			if bare {
				flags.Balancers = new(bool)
			}
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			if dry {
				return dev.Show(cmd.Context(), dev.Config{Dir: dir, Flags: flags, Account: c.AccountID, Region: c.Region, Out: cmd.OutOrStdout(), Env: os.LookupEnv})
			}
			answer, err := get(cmd.Context(), c, "/_hatoba/health")
			if err != nil {
				return explain(c, err)
			}
			answer.Body.Close()
			return explain(c, dev.Run(cmd.Context(), developing(cmd, c, dir, flags, keep)))
		},
	}
	set := cmd.Flags()
	set.StringArrayVarP(&env, "env", "e", nil, "variable of the container, NAME=VALUE")
	set.StringArrayVar(&mounts, "mount", nil, "folder or file of this machine in the container, SRC:/path or SRC:/path:ro")
	set.StringArrayVar(&vars, "var", nil, "value for the templates in definitions, NAME=VALUE")
	set.StringVar(&flags.TFState, "tfstate", "", "Terraform state file, for the templates in definitions")
	set.StringVar(&flags.Container, "container", "", "container whose image is built here")
	set.StringVar(&flags.Cluster, "cluster", "", "cluster to deploy to (default: what the files say)")
	set.StringVar(&flags.Build.Source, "source", "", "folder the image is built from (default: DIR)")
	set.BoolVar(&flags.Task, "task", false, "run a task, though there is a service definition")
	set.BoolVar(&bare, "no-balancer", false, "leave the service's load balancers out")
	set.BoolVar(&dry, "dry-run", false, "print what would be built and registered, and do nothing")
	set.BoolVar(&keep, "keep", false, "leave what was deployed when it ends")
	return cmd
}

func pairs(texts []string) (map[string]string, error) {
	out := map[string]string{}
	for _, text := range texts {
		name, value, err := dev.ParseEnv(text)
		if err != nil {
			return nil, err
		}
		out[name] = value
	}
	return out, nil
}

// developing gives a loop its clients.
func developing(cmd *cobra.Command, c config.Config, dir string, flags dev.Settings, keep bool) dev.Config {
	ctx := cmd.Context()
	return dev.Config{
		Dir: dir, Flags: flags, Account: c.AccountID, Region: c.Region, Keep: keep, Out: cmd.OutOrStdout(), Env: os.LookupEnv,
		ECS: ecs.NewFromConfig(sdk(c)), Logs: cloudwatchlogs.NewFromConfig(sdk(c)),
		Push: func(ctx context.Context, repository, tag string, img v1.Image) (string, error) {
			_, digest, err := push(ctx, c, repository+":"+tag, img)
			return digest, err
		},
		Pull: func(ctx context.Context, ref, arch string) (v1.Image, error) { return pull(ctx, c, ref, arch) },
		Tail: func(ctx context.Context, group, prefix string, since time.Time, line func(stream, message string)) error {
			return tailPrefix(ctx, c, group, prefix, since, line)
		},
		Ask:     func(function string, args ...string) (string, error) { return ask(ctx, c, function, args) },
		Subnets: func(ctx context.Context) ([]string, error) { return defaultSubnets(ctx, c) },
		Where:   func(ctx context.Context, group string) (string, error) { return balancerURL(ctx, c, group) },
	}
}

// push puts an image into the built-in registry, making the repository if it
// is missing.
func push(ctx context.Context, c config.Config, target string, img v1.Image) (ref, digest string, err error) {
	if ref, err = ensureRepository(ctx, c, target); err != nil {
		return "", "", err
	}
	parsed, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		return "", "", err
	}
	options, err := pushOptions(ctx, c)
	if err != nil {
		return "", "", err
	}
	if err := remote.Write(parsed, img, options...); err != nil {
		return "", "", err
	}
	d, err := img.Digest()
	return ref, d.String(), err
}

// pull reads an image: one of ECR's from the built-in registry, others from
// where they are.
func pull(ctx context.Context, c config.Config, ref, arch string) (v1.Image, error) {
	platform := remote.WithPlatform(v1.Platform{OS: "linux", Architecture: arch})
	host, rest, _ := strings.Cut(ref, "/")
	if strings.Contains(host, ".dkr.ecr.") {
		parsed, err := name.ParseReference(address(c)+"/"+rest, name.Insecure)
		if err != nil {
			return nil, err
		}
		options, err := pushOptions(ctx, c)
		if err != nil {
			return nil, err
		}
		return remote.Image(parsed, append(options, platform)...)
	}
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, err
	}
	return remote.Image(parsed, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), platform)
}

// ask answers what ecspresso's template functions ask of an account.
func ask(ctx context.Context, c config.Config, function string, args []string) (string, error) {
	if len(args) == 0 {
		return "", fmt.Errorf("%s wants a name", function)
	}
	switch function {
	case "ssm", "ssm_list":
		out, err := ssm.NewFromConfig(sdk(c)).GetParameter(ctx, &ssm.GetParameterInput{Name: &args[0], WithDecryption: aws.Bool(true)})
		if err != nil {
			return "", err
		}
		value := aws.ToString(out.Parameter.Value)
		if len(args) == 1 {
			return value, nil
		}
		n, err := strconv.Atoi(args[1])
		if list := strings.Split(value, ","); err == nil && n >= 0 && n < len(list) {
			return list[n], nil
		}
		return "", fmt.Errorf("%s %s has no item %s", function, args[0], args[1])
	case "secretsmanager_arn":
		out, err := secretsmanager.NewFromConfig(sdk(c)).DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &args[0]})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.ARN), nil
	}
	return "", fmt.Errorf("%s is not looked up; give --var '%s %s=VALUE'", function, function, strings.Join(args, " "))
}

// tailPrefix reads the streams of a prefix as they are written. A group that is
// not there yet, and a Hatoba that starts again, are waited for.
func tailPrefix(ctx context.Context, c config.Config, group, prefix string, since time.Time, line func(stream, message string)) error {
	for {
		q := url.Values{"group": {group}, "prefix": {prefix}, "start": {strconv.FormatInt(since.UnixMilli(), 10)}, "region": {c.Region}, "account": {c.AccountID}}
		answer, err := get(ctx, c, "/_hatoba/logs/tail?"+q.Encode())
		if err == nil {
			if answer.StatusCode == http.StatusOK {
				since = tailLines(answer.Body, since, line)
			}
			answer.Body.Close()
			if answer.StatusCode == http.StatusForbidden {
				return errors.New("the log may not be read: " + answer.Status)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
}

// tailLines hands events on until the answer ends, and returns the time to go
// on from.
func tailLines(r io.Reader, since time.Time, line func(stream, message string)) time.Time {
	var e struct {
		Timestamp       int64
		Stream, Message string
	}
	for events := json.NewDecoder(r); events.Decode(&e) == nil; {
		line(e.Stream, e.Message)
		since = time.UnixMilli(e.Timestamp + 1)
	}
	return since
}
