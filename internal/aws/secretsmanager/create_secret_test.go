package secretsmanager

import (
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

const token = "11111111-2222-3333-4444-555555555555"

func TestCreateSecret(t *testing.T) {
	f := newFront(t)
	out, err := f.CreateSecret(t.Context(), &sdk.CreateSecretInput{
		Name: aws.String("prod/app_1+=.@-!"), SecretString: aws.String("v"), ClientRequestToken: aws.String(token),
		KmsKeyId: aws.String("alias/aws/secretsmanager"), Description: aws.String("d"),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/app_1\+=\.@-!-[A-Za-z0-9]{6}$`).MatchString(*out.ARN) || *out.VersionId != token {
		t.Fatalf("%s %s", *out.ARN, *out.VersionId)
	}
	d, err := f.DescribeSecret(t.Context(), &sdk.DescribeSecretInput{SecretId: out.ARN})
	if err != nil {
		t.Fatal(err)
	}
	if *d.Description != "d" || !d.CreatedDate.Equal(start) || len(d.Tags) != 1 || d.DeletedDate != nil || *d.KmsKeyId != "alias/aws/secretsmanager" ||
		strings.Join(d.VersionIdsToStages[token], ",") != "AWSCURRENT" {
		t.Fatalf("%+v", d)
	}
	// Without a value there is no version yet.
	empty, err := f.CreateSecret(t.Context(), &sdk.CreateSecretInput{Name: aws.String("empty")})
	if err != nil || empty.VersionId != nil {
		t.Fatalf("%v %v", empty, err)
	}
	if got := f.read(t.Context(), &sdk.GetSecretValueInput{SecretId: aws.String("empty")}); got != "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT" {
		t.Error(got)
	}
}

func TestCreateSecretIsIdempotent(t *testing.T) {
	f := newFront(t)
	create := func(value, token string) (*sdk.CreateSecretOutput, error) {
		return f.CreateSecret(t.Context(), &sdk.CreateSecretInput{Name: aws.String("app"), SecretString: aws.String(value), ClientRequestToken: aws.String(token)})
	}
	first, err := create("v", token)
	if err != nil {
		t.Fatal(err)
	}
	again, err := create("v", token)
	if err != nil || *again.ARN != *first.ARN || *again.VersionId != token {
		t.Fatal(err)
	}
	_, err = create("other", token)
	wantFailure(t, err, "ResourceExistsException: You can't use ClientRequestToken "+token+" because that value is already in use for a version of secret "+*first.ARN+".")
	_, err = create("v", strings.Replace(token, "1", "9", 1))
	wantFailure(t, err, "ResourceExistsException: The operation failed because the secret app already exists.")
}

func TestCreateSecretRefuses(t *testing.T) {
	f := newFront(t)
	long := strings.Repeat("x", 65537)
	var tags []types.Tag
	for range 51 {
		tags = append(tags, types.Tag{Key: aws.String("k" + strings.Repeat("k", len(tags))), Value: aws.String("")})
	}
	for name, c := range map[string]struct {
		in   sdk.CreateSecretInput
		want string
	}{
		"name":    {sdk.CreateSecretInput{Name: aws.String("a b")}, "ValidationException: Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"},
		"token":   {sdk.CreateSecretInput{ClientRequestToken: aws.String("short")}, "InvalidParameterException: ClientRequestToken must be 32-64 characters long."},
		"key":     {sdk.CreateSecretInput{KmsKeyId: aws.String("alias/mine")}, "EncryptionFailure: Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is available, enabled, and not in an invalid state. (NotFoundException: Alias arn:aws:kms:eu-west-1:123456789012:alias/mine is not found.)"},
		"replica": {sdk.CreateSecretInput{AddReplicaRegions: []types.ReplicaRegionType{{Region: aws.String("us-east-1")}}}, "InvalidParameterException: AddReplicaRegions is not supported by Hatoba."},
		"type":    {sdk.CreateSecretInput{Type: aws.String("x")}, "InvalidParameterException: Type (managed external secrets) is not supported by Hatoba."},
		"both":    {sdk.CreateSecretInput{SecretString: aws.String("a"), SecretBinary: []byte("b")}, "InvalidParameterException: You can't specify both a binary secret value and a string secret value in the same secret."},
		"empty":   {sdk.CreateSecretInput{SecretString: aws.String("")}, "ValidationException: 1 validation error detected: Value '' at 'secretString' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		"long":    {sdk.CreateSecretInput{SecretString: &long}, "ValidationException: 1 validation error detected: Value '[redacted]' at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536"},
		"aws tag": {sdk.CreateSecretInput{Tags: []types.Tag{{Key: aws.String("aws:x")}}}, "InvalidParameterException: Tag keys that start with aws: are reserved for AWS use: aws:x"},
		"tags":    {sdk.CreateSecretInput{Tags: tags}, "LimitExceededException: A secret can't have more than 50 tags."},
	} {
		t.Run(name, func(t *testing.T) {
			if c.in.Name == nil {
				c.in.Name = aws.String("app")
			}
			_, err := f.CreateSecret(t.Context(), &c.in)
			wantFailure(t, err, c.want)
		})
	}
}
