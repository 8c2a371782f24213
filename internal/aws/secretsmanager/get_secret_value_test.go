package secretsmanager

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

func TestGetSecretValueByEveryName(t *testing.T) {
	f := newFront(t)
	arn, first := f.create(t, "prod/app", "one")
	put, err := f.PutSecretValue(t.Context(), &sdk.PutSecretValueInput{SecretId: aws.String("prod/app"), SecretString: aws.String("two")})
	if err != nil {
		t.Fatal(err)
	}
	// A secret whose name ends as another's ARN does is not mistaken for it.
	f.create(t, "prod", "prod itself")
	trap, _ := f.create(t, "prod-abcdef", "trap")
	none := "ResourceNotFoundException: Secrets Manager can't find the specified secret."
	for _, c := range []struct{ id, version, stage, want string }{
		{"prod/app", "", "", "two"},
		{arn, "", "", "two"},
		{arn[:len(arn)-7], "", "", "two"},
		{trap, "", "", "trap"},
		{trap[:len(trap)-7], "", "", "trap"}, // a partial ARN that looks whole
		{arn, "", "AWSPREVIOUS", "one"},
		{arn, first, "", "one"},
		{arn, first, "AWSPREVIOUS", "one"},
		{arn, *put.VersionId, "AWSCURRENT", "two"},
		{arn, first, "AWSCURRENT", "InvalidRequestException: You provided a VersionStage that is not associated to the provided VersionId."},
		{arn, token, "", "ResourceNotFoundException: Secrets Manager can't find the specified secret value for VersionId: " + token},
		{arn, "", "AWSPENDING", "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSPENDING"},
		{"none", "", "", none},
		{arn[:len(arn)-6] + "AAAAAA", "", "", none},
		{strings.Replace(arn, "eu-west-1", "us-east-1", 1), "", "", none},
		{strings.Replace(arn, "123456789012", "210987654321", 1), "", "", none},
		{"arn:aws:s3:::bucket", "", "", "InvalidParameterException: Invalid ARN: arn:aws:s3:::bucket"},
	} {
		in := &sdk.GetSecretValueInput{SecretId: &c.id}
		if c.version != "" {
			in.VersionId = &c.version
		}
		if c.stage != "" {
			in.VersionStage = &c.stage
		}
		if got := f.read(t.Context(), in); got != c.want {
			t.Errorf("%s %s %s\n got %s\nwant %s", c.id, c.version, c.stage, got, c.want)
		}
	}
}

func TestBinaryValue(t *testing.T) {
	f := newFront(t)
	blob := []byte{0, 1, 2, 0xff}
	if _, err := f.CreateSecret(t.Context(), &sdk.CreateSecretInput{Name: aws.String("bin"), SecretBinary: blob}); err != nil {
		t.Fatal(err)
	}
	out, err := f.GetSecretValue(t.Context(), &sdk.GetSecretValueInput{SecretId: aws.String("bin")})
	if err != nil || !bytes.Equal(out.SecretBinary, blob) || out.SecretString != nil {
		t.Fatalf("%v %v", out, err)
	}
	_, err = f.service.Resolve(t.Context(), testScope, "bin", "", "")
	wantFailure(t, err, "InvalidRequestException: The secret has a binary value. Only a SecretString can become an environment variable.")
}

func TestResolve(t *testing.T) {
	f := newFront(t)
	arn, first := f.create(t, "app", "one")
	if _, err := f.PutSecretValue(t.Context(), &sdk.PutSecretValueInput{SecretId: aws.String("app"), SecretString: aws.String("two")}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ stage, version, want string }{{"", "", "two"}, {"AWSPREVIOUS", "", "one"}, {"", first, "one"}} {
		v, err := f.service.Resolve(t.Context(), testScope, arn, c.stage, c.version)
		if err != nil || v.Reveal() != c.want {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// countingStore counts committed updates.
type countingStore struct {
	store.Store
	updates int
}

func (c *countingStore) Update(ctx context.Context, fn func(store.Writer) error) error {
	c.updates++
	return c.Store.Update(ctx, fn)
}

func TestReadsWriteOnceADay(t *testing.T) {
	f := newFront(t)
	f.create(t, "app", "v")
	counting := &countingStore{Store: f.store}
	f.service.store = counting
	read := func() {
		t.Helper()
		if got := f.read(t.Context(), &sdk.GetSecretValueInput{SecretId: aws.String("app")}); got != "v" {
			t.Fatal(got)
		}
	}
	for range 5 {
		read()
	}
	f.now = f.now.Add(24 * time.Hour)
	read()
	if counting.updates != 2 {
		t.Errorf("%d updates for reads on two days", counting.updates)
	}
	d, err := f.DescribeSecret(t.Context(), &sdk.DescribeSecretInput{SecretId: aws.String("app")})
	if err != nil || !d.LastAccessedDate.Equal(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)) {
		t.Fatalf("%v %v", d.LastAccessedDate, err)
	}
}

func TestScopesAreApart(t *testing.T) {
	f := newFront(t)
	f.create(t, "app", "v")
	for _, scope := range []state.Scope{{Account: testScope.Account, Region: "us-east-1"}, {Account: "210987654321", Region: testScope.Region}} {
		_, err := f.service.Resolve(t.Context(), scope, "app", "", "")
		wantFailure(t, err, "ResourceNotFoundException: Secrets Manager can't find the specified secret.")
	}
}
