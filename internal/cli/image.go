package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/config"
	"github.com/hatoba/hatoba/internal/image"
)

func imageCommand(s *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "image", Short: "Bring images into the built-in registry"}
	cmd.AddCommand(imageImportCommand(s), imageBuildCommand(s))
	return cmd
}

func imageImportCommand(s *settings) *cobra.Command {
	var as string
	cmd := &cobra.Command{
		Use:   "import FILE [--as NAME[:TAG]]",
		Short: "Import an OCI archive, an OCI layout or a docker archive",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			archive, err := image.Open(args[0])
			if err != nil {
				return err
			}
			defer archive.Close()
			target := as
			if target == "" {
				target = localName(archive.Tag)
			}
			if target == "" || !strings.ContainsAny(target, "abcdefghijklmnopqrstuvwxyz") {
				return errors.New("the archive names no image: say what it shall be called with --as NAME[:TAG]")
			}
			ref, err := ensureRepository(cmd.Context(), c, target)
			if err != nil {
				return explain(c, err)
			}
			options, err := pushOptions(cmd.Context(), c)
			if err != nil {
				return explain(c, err)
			}
			digest, err := archive.Push(ref, options...)
			if err != nil {
				return explain(c, err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s@%s\n", ref, digest)
			return nil
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "repository and tag to import as (default: what the archive says)")
	return cmd
}

func imageBuildCommand(s *settings) *cobra.Command {
	var binary, arch string
	var push bool
	var ports, env []string
	cmd := &cobra.Command{
		Use:   "build --binary FILE NAME[:TAG] --push",
		Short: "Make an image from one static binary and nothing else",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			if !push {
				return errors.New("nothing is kept on this side: add --push, to put the image into the built-in registry")
			}
			repository, _, _ := strings.Cut(args[0], ":")
			ref, digest, err := buildAndPush(cmd.Context(), c, args[0], image.Recipe{
				Binary: binary, Name: "/" + filepath.Base(repository), Arch: arch, Env: env, Ports: ports,
			})
			if err != nil {
				return explain(c, err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s@%s\n", ref, digest)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&binary, "binary", "", "the static binary, named after the repository in the image")
	flags.StringVar(&arch, "arch", runtime.GOARCH, "architecture of the binary: amd64 or arm64")
	flags.BoolVar(&push, "push", false, "push to the built-in registry, making the repository if it is missing")
	flags.StringSliceVar(&ports, "port", nil, "port to expose, for example 8080/tcp")
	flags.StringSliceVar(&env, "env", nil, "variable to set, KEY=value")
	_ = cmd.MarkFlagRequired("binary")
	return cmd
}

// buildAndPush makes an image and pushes it to the built-in registry.
func buildAndPush(ctx context.Context, c config.Config, target string, recipe image.Recipe) (ref, digest string, err error) {
	img, err := image.Build(recipe)
	if err != nil {
		return "", "", err
	}
	return push(ctx, c, target, img)
}

// ensureRepository makes the repository if it is missing, and returns the
// reference to push to.
func ensureRepository(ctx context.Context, c config.Config, target string) (string, error) {
	repository, tag, ok := strings.Cut(target, ":")
	if !ok {
		tag = "latest"
	}
	_, err := ecr.NewFromConfig(sdk(c)).CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: &repository})
	var exists *ecrtypes.RepositoryAlreadyExistsException
	if err != nil && !errors.As(err, &exists) {
		return "", err
	}
	return address(c) + "/" + repository + ":" + tag, nil
}

// localName takes the registry's host off a reference.
func localName(ref string) string {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return ""
	}
	repository := strings.TrimPrefix(parsed.Context().RepositoryStr(), "library/")
	return repository + ":" + parsed.Identifier()
}
