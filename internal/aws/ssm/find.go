package ssm

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// find returns the parameter that a request's name means and the selector
// behind the name.
func find(r store.Reader, scope state.Scope, sent *string) (state.Parameter, string, error) {
	if aws.ToString(sent) == "" {
		return state.Parameter{}, "", constraint("", "name", "Member must have length greater than or equal to 1")
	}
	ref := parseReference(scope, *sent)
	for _, name := range ref.names {
		if p, ok := store.Parameters.Get(r, scope.Key(name)); ok {
			return p, ref.selector, nil
		}
	}
	return state.Parameter{}, "", parameterNotFound(*sent)
}

// findExact is find for operations that take no version, label or ARN.
func findExact(r store.Reader, scope state.Scope, sent *string) (state.Parameter, error) {
	if aws.ToString(sent) == "" {
		return state.Parameter{}, constraint("", "name", "Member must have length greater than or equal to 1")
	}
	p, ok := store.Parameters.Get(r, scope.Key(*sent))
	if !ok {
		return state.Parameter{}, parameterNotFound(*sent)
	}
	return p, nil
}

// selected is the version number that a selector means.
func selected(p state.Parameter, selector string) (int64, error) {
	if selector == "" {
		return p.Version, nil
	}
	if version, ok := p.Labels[selector]; ok {
		return version, nil
	}
	version, err := strconv.ParseInt(selector, 10, 64)
	if err != nil || version < p.Oldest || version > p.Version {
		return 0, versionNotFound(p.Name, selector)
	}
	return version, nil
}

func versionKey(scope state.Scope, name string, version int64) state.Key {
	return scope.Key(state.ParameterVersionID(name, version))
}

// seal encrypts a value for the record of its version, under the customer's
// key first if the parameter has one.
func (s *Service) seal(ring kmskey.Ring, r store.Reader, scope state.Scope, p state.Parameter, key state.Key, value string) (state.Sealed, error) {
	data := []byte(value)
	if customers(p.Latest) {
		by, err := kmskey.Find(r, scope, p.Latest.KeyID)
		if err != nil {
			return state.Sealed{}, invalidKey(err)
		}
		if data, err = ring.Encrypt(scope, by, keyContext(scope, p.Name), data); err != nil {
			return state.Sealed{}, invalidKey(err)
		}
	}
	return s.keyring.Seal(secrets.AAD(store.ParameterVersions.Name, key), data)
}

// customers tells whether a version is under a key that is not the service's
// own.
func customers(d state.ParameterDetails) bool {
	return d.Type == types.ParameterTypeSecureString && d.KeyID != "" && d.KeyID != ownKey
}

// ring opens and seals for nobody in particular.
func (s *Service) ring() kmskey.Ring { return kmskey.Ring{Keyring: s.keyring} }

// ringOf does so for a caller, who must be let to use the key as AWS demands.
// Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
func (s *Service) ringOf(ctx context.Context, caller wire.Caller, tier types.ParameterTier) kmskey.Ring {
	ring := s.ring()
	if s.keyUse == nil {
		return ring
	}
	ring.Ask = func(use kmskey.Use, key state.KMSKey, bound map[string]string) error {
		action := "kms:Decrypt"
		switch {
		case use == kmskey.Seals && tier == types.ParameterTierAdvanced:
			action = "kms:GenerateDataKey"
		case use == kmskey.Seals:
			action = "kms:Encrypt"
		}
		err := s.keyUse(ctx, caller, wire.KeyUse{Service: "ssm", Action: action, Key: key.ARN, Context: bound})
		var denied *wire.Error
		if errors.As(err, &denied) {
			return wire.Errorf("AccessDeniedException", "%s (Service: Kms, Status Code: 400, Error Code: AccessDeniedException)", denied.Message)
		}
		return err
	}
	return ring
}

// keyContext is what KMS binds a value to.
// Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
func keyContext(scope state.Scope, name string) map[string]string {
	return map[string]string{"PARAMETER_ARN": scope.ParameterARN(name)}
}

func invalidKey(err error) error {
	problem, ok := kmskey.Of(err)
	if !ok {
		return err
	}
	return &types.InvalidKeyId{Message: aws.String(problem.Text + " (Service: Kms, Status Code: 400, Error Code: " + string(problem.Problem) + ")")}
}

// value returns a version's value: of a SecureString only when decrypt is set,
// else ciphertext.
func (s *Service) value(ring kmskey.Ring, r store.Reader, scope state.Scope, name string, v state.ParameterVersion, decrypt bool) (string, error) {
	if v.Details.Type == types.ParameterTypeSecureString && !decrypt {
		// Without the data key, so that it opens with no master key.
		return base64.StdEncoding.EncodeToString(v.Value.Data), nil
	}
	plain, err := s.keyring.Open(secrets.AAD(store.ParameterVersions.Name, versionKey(scope, name, v.Version)), v.Value)
	if err != nil {
		return "", fmt.Errorf("open parameter %s version %d: %w", name, v.Version, err)
	}
	if customers(v.Details) {
		if plain, _, err = ring.Decrypt(r, scope, keyContext(scope, name), plain, ""); err != nil {
			return "", invalidKey(err)
		}
	}
	return string(plain), nil
}

// read returns a parameter's version as the Get operations show it.
func (s *Service) read(ring kmskey.Ring, r store.Reader, scope state.Scope, p state.Parameter, version int64, selector string, decrypt bool) (*types.Parameter, error) {
	v, ok := store.ParameterVersions.Get(r, versionKey(scope, p.Name, version))
	if !ok {
		return nil, versionNotFound(p.Name, strconv.FormatInt(version, 10))
	}
	value, err := s.value(ring, r, scope, p.Name, v, decrypt)
	if err != nil {
		return nil, err
	}
	out := &types.Parameter{
		Name: aws.String(p.Name), ARN: aws.String(p.ARN), Type: v.Details.Type, Value: aws.String(value), Version: version,
		DataType: aws.String(v.Details.DataType), LastModifiedDate: aws.Time(v.Details.ModifiedAt),
	}
	if selector != "" {
		out.Selector = aws.String(":" + selector)
	}
	return out, nil
}
