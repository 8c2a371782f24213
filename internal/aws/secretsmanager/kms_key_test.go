package secretsmanager

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// A secret under a customer's key is read only while that key can be used.
func TestCustomersKey(t *testing.T) {
	f := newFront(t)
	ctx := context.Background()
	at := testScope.Key("11111111-1111-1111-1111-111111111111")
	set := func(s kmstypes.KeyState) {
		t.Helper()
		err := f.store.Update(ctx, func(w store.Writer) error {
			key, ok := store.KMSKeys.Get(w, at)
			if !ok {
				material, err := f.service.ring().NewMaterial(at, 0, start, false)
				if err != nil {
					return err
				}
				key = state.KMSKey{ID: at.ID, ARN: testScope.KMSKeyARN(at.ID), Material: []state.KMSMaterial{material}}
			}
			key.State = s
			return store.KMSKeys.Put(w, at, key)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	set(kmstypes.KeyStateEnabled)
	if _, err := f.CreateSecret(ctx, &sdk.CreateSecretInput{Name: aws.String("s"), SecretString: aws.String("v"), KmsKeyId: &at.ID}); err != nil {
		t.Fatal(err)
	}
	read := func() string {
		out, err := f.GetSecretValue(ctx, &sdk.GetSecretValueInput{SecretId: aws.String("s")})
		if err != nil {
			return err.Error()
		}
		return *out.SecretString
	}
	if got := read(); got != "v" {
		t.Fatal(got)
	}
	list, err := f.ListSecretVersionIds(ctx, &sdk.ListSecretVersionIdsInput{SecretId: aws.String("s")})
	if err != nil || list.Versions[0].KmsKeyIds[0] != testScope.KMSKeyARN(at.ID) {
		t.Errorf("%+v, %v", list, err)
	}
	set(kmstypes.KeyStateDisabled)
	if got := read(); !strings.Contains(got, "DecryptionFailure") || !strings.Contains(got, "is disabled") {
		t.Error(got)
	}
	_, err = f.PutSecretValue(ctx, &sdk.PutSecretValueInput{SecretId: aws.String("s"), SecretString: aws.String("w")})
	if err == nil || !strings.Contains(err.Error(), "EncryptionFailure") {
		t.Error(err)
	}
	// Back under the service's own key, the customer's is needed no more.
	set(kmstypes.KeyStateEnabled)
	if _, err := f.UpdateSecret(ctx, &sdk.UpdateSecretInput{SecretId: aws.String("s"), KmsKeyId: aws.String("alias/aws/secretsmanager")}); err != nil {
		t.Fatal(err)
	}
	set(kmstypes.KeyStatePendingDeletion)
	if got := read(); got != "v" {
		t.Error(got)
	}
}

// Who may not use the key has nothing of the secret; who resolves for a task is
// nobody who is asked.
func TestKeysAreAskedFor(t *testing.T) {
	f := newFront(t)
	ctx, at := t.Context(), testScope.Key("11111111-1111-1111-1111-111111111111")
	err := f.store.Update(ctx, func(w store.Writer) error {
		material, err := f.service.ring().NewMaterial(at, 0, start, false)
		if err != nil {
			return err
		}
		return store.KMSKeys.Put(w, at, state.KMSKey{ID: at.ID, ARN: testScope.KMSKeyARN(at.ID), State: kmstypes.KeyStateEnabled, Material: []state.KMSMaterial{material}})
	})
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	refuse := ""
	f.service.keyUse = func(_ context.Context, _ wire.Caller, use wire.KeyUse) error {
		asked = append(asked, use.Action)
		if use.Service != "secretsmanager" || use.Key != testScope.KMSKeyARN(at.ID) || use.Context["SecretARN"] == "" || use.Context["SecretVersionId"] == "" {
			t.Errorf("asked %+v", use)
		}
		if use.Action == refuse {
			return wire.Errorf("AccessDeniedException", "no")
		}
		return nil
	}
	want := func(what string, err error, refusal string, actions ...string) {
		t.Helper()
		if !slices.Equal(asked, actions) || failure(err) != refusal {
			t.Errorf("%s: asked %v, %s", what, asked, failure(err))
		}
		asked = nil
	}
	const denied = "AccessDeniedException: Access to KMS is not allowed"
	create := func() error {
		_, err := f.CreateSecret(ctx, &sdk.CreateSecretInput{Name: aws.String("s"), SecretString: aws.String("v"), KmsKeyId: &at.ID})
		return err
	}
	get := func() error {
		_, err := f.GetSecretValue(ctx, &sdk.GetSecretValueInput{SecretId: aws.String("s")})
		return err
	}
	refuse = "kms:GenerateDataKey"
	want("create, refused", create(), denied, "kms:Decrypt", "kms:GenerateDataKey")
	want("nothing was made", get(), "ResourceNotFoundException: Secrets Manager can't find the specified secret.")
	refuse = ""
	want("create", create(), "no error", "kms:Decrypt", "kms:GenerateDataKey")
	want("get", get(), "no error", "kms:Decrypt")
	refuse = "kms:Decrypt"
	want("get, refused", get(), denied, "kms:Decrypt")
	_, err = f.DescribeSecret(ctx, &sdk.DescribeSecretInput{SecretId: aws.String("s")})
	want("describe", err, "no error")
	if v, err := f.service.Resolve(ctx, testScope, "s", "", ""); err != nil || v.Reveal() != "v" || asked != nil {
		t.Errorf("%v, asked %v", err, asked)
	}
	f.create(t, "own", "v")
	_, err = f.GetSecretValue(ctx, &sdk.GetSecretValueInput{SecretId: aws.String("own")})
	want("under the service's own key", err, "no error")
}
