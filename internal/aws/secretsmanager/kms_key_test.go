package secretsmanager

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
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
