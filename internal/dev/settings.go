package dev

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// SettingsName is the file beside the definitions that says how to develop them.
const SettingsName = "hatoba.dev.yml"

// Settings are what a dev loop has beside a service's own files. Its zero value
// is a loop that finds out everything by itself.
type Settings struct {
	TaskDefinition    string            `yaml:"task_definition"`    // file; "": found by its name
	ServiceDefinition string            `yaml:"service_definition"` // file; "": found by its name
	Task              bool              `yaml:"task"`               // run a task, though there is a service definition
	Cluster           string            `yaml:"cluster"`
	Container         string            `yaml:"container"` // whose image is built
	Build             Build             `yaml:"build"`
	Env               map[string]string `yaml:"env"`
	Mounts            []Mount           `yaml:"mounts"`
	Vars              map[string]string `yaml:"vars"`    // for the templates in definitions
	TFState           string            `yaml:"tfstate"` // a Terraform state file, for the same
	Balancers         *bool             `yaml:"balancers"`
	Subnets           []string          `yaml:"subnets"` // of a task
	SecurityGroups    []string          `yaml:"security_groups"`
	Ignore            []string          `yaml:"ignore"` // patterns of files whose changes say nothing
}

// Kinds of image sources.
const (
	KindGo         = "go"
	KindFiles      = "files"
	KindDockerfile = "dockerfile"
)

// Build says how the image is made.
type Build struct {
	Kind    string   `yaml:"kind"`    // go, files or dockerfile; "": by what the folder holds
	Source  string   `yaml:"source"`  // folder, from the definitions'; "": the same
	Package string   `yaml:"package"` // of a Go module with several programs: ./cmd/web
	Flags   []string `yaml:"flags"`   // for go build
	Base    string   `yaml:"base"`    // image that files are laid on
	Path    string   `yaml:"path"`    // where the program, or the files, are in the image
	Arch    string   `yaml:"arch"`    // amd64 or arm64; "": the definition's, or this machine's
}

// Mount is a folder or file of this machine in the container.
type Mount struct {
	Source, Path string
	ReadOnly     bool
}

// UnmarshalYAML reads SRC:/path or SRC:/path:ro.
func (m *Mount) UnmarshalYAML(node *yaml.Node) (err error) {
	var text string
	if err = node.Decode(&text); err == nil {
		*m, err = ParseMount(text)
	}
	return err
}

// ParseMount reads SRC:/path or SRC:/path:ro.
func ParseMount(text string) (Mount, error) {
	source, rest, ok := strings.Cut(text, ":")
	path, option, more := strings.Cut(rest, ":")
	if !ok || source == "" || !strings.HasPrefix(path, "/") || more && option != "ro" && option != "rw" {
		return Mount{}, fmt.Errorf("mount %q: SRC:/path or SRC:/path:ro is asked for", text)
	}
	return Mount{Source: source, Path: path, ReadOnly: option == "ro"}, nil
}

// ParseEnv reads K=V.
func ParseEnv(text string) (name, value string, err error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return "", "", fmt.Errorf("variable %q: NAME=VALUE is asked for", text)
	}
	return name, value, nil
}

// ReadSettings reads the folder's settings; without the file they are zero. A
// name that is none of ours is an error.
func ReadSettings(dir string) (Settings, error) {
	file := filepath.Join(dir, SettingsName)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return Settings{}, nil
	}
	if err != nil {
		return Settings{}, err
	}
	return parseSettings(file, text)
}

func parseSettings(file string, text []byte) (s Settings, err error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return Settings{}, fmt.Errorf("%s: %w", file, err)
	}
	switch s.Build.Kind {
	case "", KindGo, KindFiles, KindDockerfile:
	default:
		return Settings{}, fmt.Errorf("%s: build.kind is %s, %s or %s, not %q", file, KindGo, KindFiles, KindDockerfile, s.Build.Kind)
	}
	return s, nil
}

// With adds what was said on the command line, which wins.
func (s Settings) With(flags Settings) Settings {
	env := maps.Clone(s.Env)
	if env == nil {
		env = map[string]string{}
	}
	maps.Copy(env, flags.Env)
	vars := maps.Clone(s.Vars)
	if vars == nil {
		vars = map[string]string{}
	}
	maps.Copy(vars, flags.Vars)
	s.Env, s.Vars = env, vars
	s.Mounts = append(s.Mounts[:len(s.Mounts):len(s.Mounts)], flags.Mounts...)
	s.Task = s.Task || flags.Task
	for _, f := range []struct{ to, from *string }{
		{&s.Cluster, &flags.Cluster}, {&s.Container, &flags.Container}, {&s.TFState, &flags.TFState}, {&s.Build.Source, &flags.Build.Source},
	} {
		if *f.from != "" {
			*f.to = *f.from
		}
	}
	if flags.Balancers != nil {
		s.Balancers = flags.Balancers
	}
	return s
}
