package ssm

import (
	"context"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Who may not use the key does not see the value.
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
	refuse := false
	f.service.keyUse = func(_ context.Context, _ wire.Caller, use wire.KeyUse) error {
		asked = append(asked, use.Action)
		if use.Service != "ssm" || use.Key != testScope.KMSKeyARN(at.ID) || use.Context["PARAMETER_ARN"] == "" {
			t.Errorf("asked %+v", use)
		}
		if refuse {
			return wire.Errorf("AccessDeniedException", "You may not.")
		}
		return nil
	}
	put := func(name string, tier types.ParameterTier) error {
		_, err := f.PutParameter(ctx, &sdk.PutParameterInput{Name: &name, Value: aws.String("v"), Type: types.ParameterTypeSecureString, KeyId: &at.ID, Tier: tier})
		return err
	}
	get := func(decrypt bool) error {
		_, err := f.GetParameter(ctx, &sdk.GetParameterInput{Name: aws.String("/a"), WithDecryption: &decrypt})
		return err
	}
	want := func(what string, err error, refusal string, actions ...string) {
		t.Helper()
		if !slices.Equal(asked, actions) || failure(err) != refusal {
			t.Errorf("%s: asked %v, %s", what, asked, failure(err))
		}
		asked = nil
	}
	want("put", put("/a", ""), "no error", "kms:Encrypt")
	want("put advanced", put("/b", types.ParameterTierAdvanced), "no error", "kms:GenerateDataKey")
	want("get", get(true), "no error", "kms:Decrypt")
	refuse = true
	const denied = "AccessDeniedException: You may not. (Service: Kms, Status Code: 400, Error Code: AccessDeniedException)"
	want("put, refused", put("/c", ""), denied, "kms:Encrypt")
	want("get, refused", get(true), denied, "kms:Decrypt")
	want("get sealed", get(false), "no error")
	_, err = f.GetParametersByPath(ctx, &sdk.GetParametersByPathInput{Path: aws.String("/"), WithDecryption: aws.Bool(true)})
	want("by path", err, denied, "kms:Decrypt")
	_, err = f.GetParameterHistory(ctx, &sdk.GetParameterHistoryInput{Name: aws.String("/a"), WithDecryption: aws.Bool(true)})
	want("history", err, denied, "kms:Decrypt")
	if v, err := f.service.Resolve(ctx, testScope, "/a"); err != nil || v.Reveal() != "v" || asked != nil {
		t.Errorf("%v, asked %v", err, asked)
	}
}
