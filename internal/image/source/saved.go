package source

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
)

// SecretReader reads a Secrets Manager secret by name.
type SecretReader interface {
	Resolve(ctx context.Context, scope state.Scope, id, versionStage, versionID string) (secrets.Value, error)
}

// Saved is the logins of `hatoba registry login`: each is a secret of the
// account, named after its host, so that it is sealed as every secret is and
// guarded by whatever guards the API.
type Saved struct {
	Secrets SecretReader
	Region  string // where an account's logins are looked up besides the task's region
}

var _ Logins = Saved{}

// SavedPrefix is what the names of such secrets begin with.
const SavedPrefix = "hatoba/registry/"

// SavedName is the name of a host's secret. Secret names have no colon, and
// host names no underscore.
func SavedName(host string) string { return SavedPrefix + strings.ReplaceAll(host, ":", "_") }

// SavedHost is the host of a secret's name.
func SavedHost(name string) (host string, ok bool) {
	rest, ok := strings.CutPrefix(name, SavedPrefix)
	return strings.ReplaceAll(rest, "_", ":"), ok && rest != ""
}

// Login implements Logins.
func (s Saved) Login(ctx context.Context, scope state.Scope, host string) (Login, bool, error) {
	for _, region := range []string{scope.Region, s.Region} {
		value, err := s.Secrets.Resolve(ctx, state.Scope{Account: scope.Account, Region: region}, SavedName(host), "", "")
		var none smithy.APIError
		if errors.As(err, &none) && (none.ErrorCode() == "ResourceNotFoundException" || none.ErrorCode() == "InvalidRequestException") {
			continue // never made, or deleted
		}
		if err != nil {
			return Login{}, false, err
		}
		login, err := ParseLogin(value)
		return login, err == nil, err
	}
	return Login{}, false, nil
}

// ParseLogin reads the JSON of a login: {"username": …, "password": …}, and no
// other field.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html
func ParseLogin(value secrets.Value) (Login, error) {
	var said struct {
		Username *string `json:"username"`
		Password *string `json:"password"`
	}
	// The decoder's error is not told: it shows a piece of the secret.
	if json.Unmarshal([]byte(value.Reveal()), &said) != nil || said.Username == nil || said.Password == nil || *said.Username == "" {
		return Login{}, errors.New(`the secret is not a JSON object with "username" and "password"`)
	}
	return Login{*said.Username, *said.Password}, nil
}
