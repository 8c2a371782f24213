package secretsmanager

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// maxValue is the longest secret value in bytes.
// Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
const maxValue = 65536

// maxVersions is how many versions a secret keeps. AWS also keeps every
// version of the last day; Hatoba does not.
const maxVersions = 100

// payload is a value as sent.
type payload struct {
	data   []byte
	binary bool
}

// String keeps the value out of logs.
func (payload) String() string { return "[redacted]" }

// readPayload takes the value of a request; nil when it has none.
func readPayload(text *string, blob []byte) (*payload, error) {
	if text != nil && blob != nil {
		return nil, invalidParameter("You can't specify both a binary secret value and a string secret value in the same secret.")
	}
	var p *payload
	member := "secretString"
	switch {
	case text != nil:
		p = &payload{data: []byte(*text)}
	case blob != nil:
		p, member = &payload{data: blob, binary: true}, "secretBinary"
	default:
		return nil, nil
	}
	if len(p.data) == 0 {
		return nil, constraint("", member, "Member must have length greater than or equal to 1")
	}
	if len(p.data) > maxValue {
		return nil, constraint("[redacted]", member, fmt.Sprintf("Member must have length less than or equal to %d", maxValue))
	}
	return p, nil
}

// put seals the value into a new version record and moves the labels.
func (s *Service) put(ring kmskey.Ring, w store.Writer, scope state.Scope, secret *state.Secret, token string, p *payload, labels []string, now time.Time) error {
	key := versionKey(scope, *secret, token)
	by, sealed, err := s.seal(ring, w, scope, *secret, token, p.data)
	if err != nil {
		return err
	}
	secret.Stages = attach(secret.Stages, token, labels)
	if len(secret.Stages) > maxStages {
		return limitExceeded("A secret can't have more than %d staging labels.", maxStages)
	}
	if err := prune(w, scope, *secret); err != nil {
		return err
	}
	return store.SecretVersions.Put(w, key, state.SecretVersion{ID: token, CreatedAt: now, Binary: p.binary, Key: by, Value: sealed})
}

// prune makes room for one more version: the oldest without labels go.
func prune(w store.Writer, scope state.Scope, secret state.Secret) error {
	all := versions(w, scope, secret)
	excess := len(all) - (maxVersions - 1)
	if excess <= 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b state.SecretVersion) int { return a.CreatedAt.Compare(b.CreatedAt) })
	for _, v := range all {
		if excess > 0 && len(labelsOf(secret.Stages, v.ID)) == 0 {
			store.SecretVersions.Delete(w, versionKey(scope, secret, v.ID))
			excess--
		}
	}
	if excess > 0 {
		return limitExceeded("The secret has reached the limit of %d versions.", maxVersions)
	}
	return nil
}

// open returns a version's value.
func (s *Service) open(ring kmskey.Ring, r store.Reader, scope state.Scope, secret state.Secret, v state.SecretVersion) (payload, error) {
	data, err := s.keyring.Open(secrets.AAD(store.SecretVersions.Name, versionKey(scope, secret, v.ID)), v.Value)
	if err != nil {
		return payload{}, fmt.Errorf("open secret %s version %s: %w", secret.Name, v.ID, err)
	}
	if v.Key != "" {
		if data, _, err = ring.Decrypt(r, scope, keyContext(secret, v.ID), data, ""); err != nil {
			return payload{}, decryptionFailure(err)
		}
	}
	return payload{data: data, binary: v.Binary}, nil
}

// repeated tells whether a version with this token exists with this value. One
// with another value is an error: a version never changes.
func (s *Service) repeated(ring kmskey.Ring, r store.Reader, scope state.Scope, secret state.Secret, token string, p *payload) (bool, error) {
	v, ok := store.SecretVersions.Get(r, versionKey(scope, secret, token))
	if !ok {
		return false, nil
	}
	old, err := s.open(ring, r, scope, secret, v)
	if err != nil {
		return false, err
	}
	if old.binary != p.binary || !bytes.Equal(old.data, p.data) {
		return false, tokenInUse(secret, token)
	}
	return true, nil
}

func tokenInUse(secret state.Secret, token string) error {
	return exists("You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", token, secret.ARN)
}

// selectVersion picks the version that VersionId and VersionStage mean.
func selectVersion(r store.Reader, scope state.Scope, secret state.Secret, versionID, stage *string) (state.SecretVersion, error) {
	id, label := aws.ToString(versionID), aws.ToString(stage)
	if id == "" {
		label = cmp.Or(label, stageCurrent)
		var ok bool
		if id, ok = secret.Stages[label]; !ok {
			return state.SecretVersion{}, notFound("Secrets Manager can't find the specified secret value for staging label: %s", label)
		}
	}
	v, ok := store.SecretVersions.Get(r, versionKey(scope, secret, id))
	if !ok {
		return state.SecretVersion{}, versionNotFound(id)
	}
	if label != "" && secret.Stages[label] != id {
		return state.SecretVersion{}, invalidRequest("You provided a VersionStage that is not associated to the provided VersionId.")
	}
	return v, nil
}
