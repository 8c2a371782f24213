package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"

	"github.com/hatoba/hatoba/internal/state"
)

// Docker is the logins of docker's configuration: what `docker login` wrote,
// and what the credential helpers named there answer. It is read at each use,
// so that a login made later counts.
// Source: https://docs.docker.com/reference/cli/docker/login/
type Docker struct {
	Path string // the folder, or the config.json in it
}

var _ Logins = Docker{}

// hubKey is the name docker keeps Docker Hub's login under.
const hubKey = "https://index.docker.io/v1/"

// Check reads the file, to tell at the start of a path that leads nowhere.
func (d Docker) Check() error {
	_, err := d.load()
	return err
}

// Login implements Logins.
func (d Docker) Login(_ context.Context, _ state.Scope, host string) (Login, bool, error) {
	file, err := d.load()
	if err != nil {
		return Login{}, false, err
	}
	if host == "docker.io" {
		host = hubKey
	}
	auth, err := file.GetAuthConfig(host)
	if err != nil {
		return Login{}, false, fmt.Errorf("docker's credential helper: %w", err)
	}
	login, err := loginOf(auth)
	return login, login != (Login{}), err
}

func loginOf(auth types.AuthConfig) (Login, error) {
	switch {
	case auth.IdentityToken != "":
		return Login{Password: auth.IdentityToken}, nil
	case auth.Username != "":
		return Login{auth.Username, auth.Password}, nil
	case auth.RegistryToken != "":
		return Login{}, errors.New("docker's configuration has a registrytoken, which Hatoba does not use: docker login with a user name")
	}
	return Login{}, nil
}

func (d Docker) load() (*configfile.ConfigFile, error) {
	path := d.Path
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, config.ConfigFileName)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && path != d.Path {
		return configfile.New(path), nil // nobody has logged in yet
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("docker's configuration %s does not exist", path)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := config.LoadFromReader(f)
	if err != nil {
		return nil, fmt.Errorf("docker's configuration %s: %w", path, err)
	}
	return file, nil
}
