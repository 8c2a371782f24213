package kms

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

type front struct {
	*sdk.Client
	service *Service
	store   store.Store
	now     time.Time
	ctx     context.Context
}

func newFront(t *testing.T) *front {
	t.Helper()
	f := &front{store: mem.New(), now: time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC), ctx: t.Context()}
	f.service = New(Config{Store: f.store, Keyring: secrets.NewKeyring(), Now: func() time.Time { return f.now }})
	handler, err := wire.NewHandler(wire.HandlerConfig{
		Services: []wire.Service{f.service.Describe()}, Log: slog.New(slog.DiscardHandler), DefaultScope: state.Scope{Account: "123456789012", Region: "us-east-1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	f.Client = sdk.New(sdk.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("123456789012", "s", ""),
	})
	return f
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func (f *front) key(t *testing.T) *string {
	t.Helper()
	out, err := f.CreateKey(f.ctx, &sdk.CreateKeyInput{Description: aws.String("d")})
	if err != nil {
		t.Fatal(err)
	}
	return out.KeyMetadata.KeyId
}

func TestEncryptDecrypt(t *testing.T) {
	f := newFront(t)
	id := f.key(t)
	if _, err := f.CreateAlias(f.ctx, &sdk.CreateAliasInput{AliasName: aws.String("alias/app"), TargetKeyId: id}); err != nil {
		t.Fatal(err)
	}
	with := map[string]string{"app": "orders"}
	for _, ref := range []string{*id, "arn:aws:kms:us-east-1:123456789012:key/" + *id, "alias/app", "arn:aws:kms:us-east-1:123456789012:alias/app", "alias/aws/ssm"} {
		enc, err := f.Encrypt(f.ctx, &sdk.EncryptInput{KeyId: &ref, Plaintext: []byte("hello"), EncryptionContext: with})
		if err != nil {
			t.Fatal(err)
		}
		dec, err := f.Decrypt(f.ctx, &sdk.DecryptInput{CiphertextBlob: enc.CiphertextBlob, EncryptionContext: with})
		if err != nil || string(dec.Plaintext) != "hello" || *dec.KeyId != *enc.KeyId {
			t.Errorf("%s: %+v, %v", ref, dec, err)
		}
		if _, err := f.Decrypt(f.ctx, &sdk.DecryptInput{CiphertextBlob: enc.CiphertextBlob}); code(err) != "InvalidCiphertextException" {
			t.Errorf("without its context: %v", err)
		}
	}
	enc, _ := f.Encrypt(f.ctx, &sdk.EncryptInput{KeyId: id, Plaintext: []byte("hello")})
	other := f.key(t)
	if _, err := f.Decrypt(f.ctx, &sdk.DecryptInput{CiphertextBlob: enc.CiphertextBlob, KeyId: other}); code(err) != "IncorrectKeyException" {
		t.Error(err)
	}
	re, err := f.ReEncrypt(f.ctx, &sdk.ReEncryptInput{CiphertextBlob: enc.CiphertextBlob, DestinationKeyId: other})
	if err != nil || !strings.HasSuffix(*re.KeyId, *other) || !strings.HasSuffix(*re.SourceKeyId, *id) {
		t.Errorf("%+v, %v", re, err)
	}
	if _, err := f.RotateKeyOnDemand(f.ctx, &sdk.RotateKeyOnDemandInput{KeyId: id}); err != nil {
		t.Fatal(err)
	}
	after, _ := f.Encrypt(f.ctx, &sdk.EncryptInput{KeyId: id, Plaintext: []byte("hello")})
	old, err := f.Decrypt(f.ctx, &sdk.DecryptInput{CiphertextBlob: enc.CiphertextBlob})
	fresh, err2 := f.Decrypt(f.ctx, &sdk.DecryptInput{CiphertextBlob: after.CiphertextBlob})
	if err != nil || err2 != nil || *old.KeyMaterialId == *fresh.KeyMaterialId {
		t.Errorf("after a rotation: %v, %v", err, err2)
	}
	data, err := f.GenerateDataKey(f.ctx, &sdk.GenerateDataKeyInput{KeyId: id, KeySpec: types.DataKeySpecAes256})
	if err != nil || len(data.Plaintext) != 32 {
		t.Fatal(data, err)
	}
	opened, err := f.Decrypt(f.ctx, &sdk.DecryptInput{CiphertextBlob: data.CiphertextBlob})
	if err != nil || !bytes.Equal(opened.Plaintext, data.Plaintext) {
		t.Error(err)
	}
}

func TestStates(t *testing.T) {
	f := newFront(t)
	id := f.key(t)
	enc, _ := f.Encrypt(f.ctx, &sdk.EncryptInput{KeyId: id, Plaintext: []byte("x")})
	decrypt := func() string {
		_, err := f.Decrypt(f.ctx, &sdk.DecryptInput{CiphertextBlob: enc.CiphertextBlob})
		return code(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := f.DisableKey(f.ctx, &sdk.DisableKeyInput{KeyId: id})
	must(err)
	if got := decrypt(); got != "DisabledException" {
		t.Error(got)
	}
	_, err = f.EnableKey(f.ctx, &sdk.EnableKeyInput{KeyId: id})
	must(err)
	if got := decrypt(); got != "<nil>" {
		t.Error(got)
	}
	_, err = f.ScheduleKeyDeletion(f.ctx, &sdk.ScheduleKeyDeletionInput{KeyId: id, PendingWindowInDays: aws.Int32(7)})
	must(err)
	if got := decrypt(); got != "KMSInvalidStateException" {
		t.Error(got)
	}
	_, err = f.CancelKeyDeletion(f.ctx, &sdk.CancelKeyDeletionInput{KeyId: id})
	must(err)
	if got := decrypt(); got != "DisabledException" {
		t.Error(got)
	}
	_, err = f.CreateAlias(f.ctx, &sdk.CreateAliasInput{AliasName: aws.String("alias/gone"), TargetKeyId: id})
	must(err)
	_, err = f.ScheduleKeyDeletion(f.ctx, &sdk.ScheduleKeyDeletionInput{KeyId: id, PendingWindowInDays: aws.Int32(7)})
	must(err)
	must(f.service.tend(f.ctx, f.now.Add(6*24*time.Hour)))
	if _, err := f.DescribeKey(f.ctx, &sdk.DescribeKeyInput{KeyId: id}); err != nil {
		t.Error(err)
	}
	must(f.service.tend(f.ctx, f.now.Add(7*24*time.Hour)))
	if _, err := f.DescribeKey(f.ctx, &sdk.DescribeKeyInput{KeyId: id}); code(err) != "NotFoundException" {
		t.Error(err)
	}
	if _, err := f.DescribeKey(f.ctx, &sdk.DescribeKeyInput{KeyId: aws.String("alias/gone")}); code(err) != "NotFoundException" {
		t.Error(err)
	}
	if got := decrypt(); got != "AccessDeniedException" {
		t.Error(got)
	}
}

func TestRotationByTime(t *testing.T) {
	f := newFront(t)
	id := f.key(t)
	if _, err := f.EnableKeyRotation(f.ctx, &sdk.EnableKeyRotationInput{KeyId: id, RotationPeriodInDays: aws.Int32(90)}); err != nil {
		t.Fatal(err)
	}
	f.now = f.now.Add(91 * 24 * time.Hour)
	if err := f.service.tend(f.ctx, f.now); err != nil {
		t.Fatal(err)
	}
	list, err := f.ListKeyRotations(f.ctx, &sdk.ListKeyRotationsInput{KeyId: id})
	if err != nil || len(list.Rotations) != 1 || list.Rotations[0].RotationType != types.RotationTypeAutomatic {
		t.Errorf("%+v, %v", list, err)
	}
	status, err := f.GetKeyRotationStatus(f.ctx, &sdk.GetKeyRotationStatusInput{KeyId: id})
	if err != nil || !status.KeyRotationEnabled || *status.RotationPeriodInDays != 90 || !status.NextRotationDate.After(f.now) {
		t.Errorf("%+v, %v", status, err)
	}
}

func TestAliasesAndRefusals(t *testing.T) {
	f := newFront(t)
	id := f.key(t)
	list, err := f.ListAliases(f.ctx, &sdk.ListAliasesInput{})
	if err != nil || len(list.Aliases) != 3 || list.Aliases[0].TargetKeyId != nil {
		t.Errorf("%+v, %v", list, err)
	}
	own, err := f.DescribeKey(f.ctx, &sdk.DescribeKeyInput{KeyId: aws.String("alias/aws/secretsmanager")})
	if err != nil || own.KeyMetadata.KeyManager != types.KeyManagerTypeAws {
		t.Fatalf("%+v, %v", own, err)
	}
	alias := func(name string, target *string) error {
		_, err := f.CreateAlias(f.ctx, &sdk.CreateAliasInput{AliasName: &name, TargetKeyId: target})
		return err
	}
	for want, do := range map[string]func() error{
		"<nil>":                        func() error { return alias("alias/a", id) },
		"AlreadyExistsException":       func() error { _ = alias("alias/b", id); return alias("alias/b", id) },
		"InvalidAliasNameException":    func() error { return alias("alias/aws/mine", id) },
		"ValidationException":          func() error { return alias("nothing", id) },
		"ValidationException of alias": func() error { return alias("alias/c", aws.String("alias/b")) },
		"NotFoundException":            func() error { return alias("alias/c", aws.String("11111111-1111-1111-1111-111111111111")) },
		"UnsupportedOperationException": func() error {
			_, err := f.CreateKey(f.ctx, &sdk.CreateKeyInput{KeySpec: types.KeySpecRsa2048})
			return err
		},
		"UnsupportedOperationException of aws": func() error {
			_, err := f.DisableKey(f.ctx, &sdk.DisableKeyInput{KeyId: aws.String("alias/aws/ssm")})
			return err
		},
		"MalformedPolicyDocumentException": func() error {
			_, err := f.PutKeyPolicy(f.ctx, &sdk.PutKeyPolicyInput{KeyId: id, Policy: aws.String("{")})
			return err
		},
		"DryRunOperationException": func() error {
			_, err := f.Encrypt(f.ctx, &sdk.EncryptInput{KeyId: id, Plaintext: []byte("x"), DryRun: aws.Bool(true)})
			return err
		},
		"ValidationException of size": func() error {
			_, err := f.Encrypt(f.ctx, &sdk.EncryptInput{KeyId: id, Plaintext: make([]byte, 4097)})
			return err
		},
	} {
		err := do()
		if want, _, _ := strings.Cut(want, " of "); code(err) != want {
			t.Errorf("%s: %v", want, err)
		}
	}
}
