package secretsmanager

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

const marked = "InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion."

func TestDeleteAndRestore(t *testing.T) {
	f := newFront(t)
	ctx, name := t.Context(), aws.String("app")
	f.create(t, "app", "v")
	out, err := f.DeleteSecret(ctx, &sdk.DeleteSecretInput{SecretId: name, RecoveryWindowInDays: aws.Int64(7)})
	if err != nil || !out.DeletionDate.Equal(start.Add(7*24*time.Hour)) {
		t.Fatalf("%v %v", out, err)
	}
	if got := f.read(ctx, &sdk.GetSecretValueInput{SecretId: name}); got != marked {
		t.Error(got)
	}
	_, err = f.PutSecretValue(ctx, &sdk.PutSecretValueInput{SecretId: name, SecretString: aws.String("x")})
	wantFailure(t, err, marked)
	_, err = f.UpdateSecret(ctx, &sdk.UpdateSecretInput{SecretId: name, Description: aws.String("x")})
	wantFailure(t, err, marked)
	_, err = f.TagResource(ctx, &sdk.TagResourceInput{SecretId: name})
	if err == nil {
		t.Error("tagged")
	}
	_, err = f.DeleteSecret(ctx, &sdk.DeleteSecretInput{SecretId: name})
	wantFailure(t, err, "InvalidRequestException: You can't perform this operation on the secret because it was already scheduled for deletion.")
	_, err = f.CreateSecret(ctx, &sdk.CreateSecretInput{Name: name, SecretString: aws.String("v")})
	wantFailure(t, err, "InvalidRequestException: You can't create this secret because a secret with this name is already scheduled for deletion.")
	d, err := f.DescribeSecret(ctx, &sdk.DescribeSecretInput{SecretId: name})
	if err != nil || d.DeletedDate == nil {
		t.Fatal(err)
	}
	if _, err := f.RestoreSecret(ctx, &sdk.RestoreSecretInput{SecretId: name}); err != nil {
		t.Fatal(err)
	}
	if got := f.read(ctx, &sdk.GetSecretValueInput{SecretId: name}); got != "v" {
		t.Error(got)
	}
}

func TestDeleteRefuses(t *testing.T) {
	f := newFront(t)
	f.create(t, "app", "v")
	for _, c := range []struct {
		in   sdk.DeleteSecretInput
		want string
	}{
		{sdk.DeleteSecretInput{RecoveryWindowInDays: aws.Int64(6)}, "InvalidParameterException: The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."},
		{sdk.DeleteSecretInput{RecoveryWindowInDays: aws.Int64(31)}, "InvalidParameterException: The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."},
		{sdk.DeleteSecretInput{RecoveryWindowInDays: aws.Int64(7), ForceDeleteWithoutRecovery: aws.Bool(true)}, "InvalidParameterException: You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."},
		{sdk.DeleteSecretInput{SecretId: aws.String("none")}, "ResourceNotFoundException: Secrets Manager can't find the specified secret."},
	} {
		if c.in.SecretId == nil {
			c.in.SecretId = aws.String("app")
		}
		_, err := f.DeleteSecret(t.Context(), &c.in)
		wantFailure(t, err, c.want)
	}
}

func TestForceDelete(t *testing.T) {
	f := newFront(t)
	arn, _ := f.create(t, "app", "old")
	force := func(id string) *sdk.DeleteSecretOutput {
		t.Helper()
		out, err := f.DeleteSecret(t.Context(), &sdk.DeleteSecretInput{SecretId: &id, ForceDeleteWithoutRecovery: aws.Bool(true)})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := force("app"); *out.ARN != arn || !out.DeletionDate.Equal(start) {
		t.Fatalf("%v", out)
	}
	if left := f.records(t); left != 0 {
		t.Fatalf("%d records left", left)
	}
	force("app") // not there any more, and no error
	again, _ := f.create(t, "app", "new")
	if again == arn {
		t.Fatal("the same ARN again")
	}
	if got := f.read(t.Context(), &sdk.GetSecretValueInput{SecretId: aws.String(arn)}); got != "ResourceNotFoundException: Secrets Manager can't find the specified secret." {
		t.Error(got)
	}
}

func TestPurge(t *testing.T) {
	f := newFront(t)
	for _, name := range []string{"gone", "kept", "restored"} {
		f.create(t, name, "v")
	}
	for _, name := range []string{"gone", "restored"} {
		if _, err := f.DeleteSecret(t.Context(), &sdk.DeleteSecretInput{SecretId: aws.String(name)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.RestoreSecret(t.Context(), &sdk.RestoreSecretInput{SecretId: aws.String("restored")}); err != nil {
		t.Fatal(err)
	}
	end := start.Add(30 * 24 * time.Hour)
	for _, c := range []struct {
		now  time.Time
		want int
	}{{end.Add(-time.Second), 0}, {end, 1}, {end, 0}} {
		if n, err := f.service.Purge(t.Context(), c.now); err != nil || n != c.want {
			t.Fatalf("%d %v", n, err)
		}
	}
	list, err := f.ListSecrets(t.Context(), &sdk.ListSecretsInput{IncludePlannedDeletion: aws.Bool(true)})
	if err != nil || len(list.SecretList) != 2 {
		t.Fatalf("%v %v", list, err)
	}
}
