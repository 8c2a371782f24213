package secretsmanager

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"
)

func TestUpdateSecret(t *testing.T) {
	f := newFront(t)
	arn, first := f.create(t, "app", "one")
	only, err := f.UpdateSecret(t.Context(), &sdk.UpdateSecretInput{SecretId: aws.String("app"), Description: aws.String("new")})
	if err != nil || only.VersionId != nil {
		t.Fatalf("%v %v", only, err)
	}
	update := func() (*sdk.UpdateSecretOutput, error) {
		return f.UpdateSecret(t.Context(), &sdk.UpdateSecretInput{SecretId: aws.String("app"), SecretString: aws.String("two"), ClientRequestToken: aws.String(token)})
	}
	if out, err := update(); err != nil || *out.VersionId != token {
		t.Fatal(err)
	}
	_, err = update()
	wantFailure(t, err, "ResourceExistsException: You can't use ClientRequestToken "+token+" because that value is already in use for a version of secret "+arn+".")
	d, err := f.DescribeSecret(t.Context(), &sdk.DescribeSecretInput{SecretId: aws.String("app")})
	if err != nil || *d.Description != "new" {
		t.Fatal(err)
	}
	want := map[string][]string{token: {"AWSCURRENT"}, first: {"AWSPREVIOUS"}}
	if diff := cmp.Diff(want, d.VersionIdsToStages); diff != "" {
		t.Error(diff)
	}
}

func TestUpdateSecretVersionStage(t *testing.T) {
	f := newFront(t)
	_, one := f.create(t, "app", "one")
	put, err := f.PutSecretValue(t.Context(), &sdk.PutSecretValueInput{SecretId: aws.String("app"), SecretString: aws.String("two")})
	if err != nil {
		t.Fatal(err)
	}
	two := *put.VersionId
	move := func(label, from, to string) error {
		in := &sdk.UpdateSecretVersionStageInput{SecretId: aws.String("app"), VersionStage: &label}
		if from != "" {
			in.RemoveFromVersionId = &from
		}
		if to != "" {
			in.MoveToVersionId = &to
		}
		_, err := f.UpdateSecretVersionStage(t.Context(), in)
		return err
	}
	wantFailure(t, move("AWSCURRENT", "", one), "InvalidParameterException: The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version "+two+", so you must explicitly reference that version in RemoveFromVersionId.")
	wantFailure(t, move("AWSCURRENT", two, ""), "InvalidParameterException: You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.")
	wantFailure(t, move("AWSCURRENT", one, two), "InvalidParameterException: The staging label AWSCURRENT isn't attached to version "+one+". It can't be removed from that version.")
	wantFailure(t, move("X", "", token), "ResourceNotFoundException: Secrets Manager can't find the specified secret value for VersionId: "+token)
	for _, step := range []struct {
		label, from, to string
		want            map[string][]string
	}{
		{"AWSCURRENT", two, one, map[string][]string{one: {"AWSCURRENT"}, two: {"AWSPREVIOUS"}}},
		{"GREEN", "", two, map[string][]string{one: {"AWSCURRENT"}, two: {"AWSPREVIOUS", "GREEN"}}},
		{"AWSPREVIOUS", two, "", map[string][]string{one: {"AWSCURRENT"}, two: {"GREEN"}}},
		{"GREEN", two, one, map[string][]string{one: {"AWSCURRENT", "GREEN"}}},
	} {
		if err := move(step.label, step.from, step.to); err != nil {
			t.Fatal(err)
		}
		d, err := f.DescribeSecret(t.Context(), &sdk.DescribeSecretInput{SecretId: aws.String("app")})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, d.VersionIdsToStages); diff != "" {
			t.Error(diff)
		}
	}
}

func TestTagsAndPolicy(t *testing.T) {
	f := newFront(t)
	f.create(t, "app", "v")
	name := aws.String("app")
	ctx := t.Context()
	tag := func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} }
	if _, err := f.TagResource(ctx, &sdk.TagResourceInput{SecretId: name, Tags: []types.Tag{tag("a", "1"), tag("b", "2")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.TagResource(ctx, &sdk.TagResourceInput{SecretId: name, Tags: []types.Tag{tag("a", "3")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.UntagResource(ctx, &sdk.UntagResourceInput{SecretId: name, TagKeys: []string{"b", "none"}}); err != nil {
		t.Fatal(err)
	}
	d, err := f.DescribeSecret(ctx, &sdk.DescribeSecretInput{SecretId: name})
	if err != nil || len(d.Tags) != 1 || *d.Tags[0].Value != "3" {
		t.Fatalf("%v %v", d.Tags, err)
	}
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}`
	if _, err := f.PutResourcePolicy(ctx, &sdk.PutResourcePolicyInput{SecretId: name, ResourcePolicy: &policy, BlockPublicPolicy: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	got, err := f.GetResourcePolicy(ctx, &sdk.GetResourcePolicyInput{SecretId: name})
	if err != nil || *got.ResourcePolicy != policy {
		t.Fatal(err)
	}
	public := strings.Replace(policy, "arn:aws:iam::123456789012:root", "*", 1)
	_, err = f.PutResourcePolicy(ctx, &sdk.PutResourcePolicyInput{SecretId: name, ResourcePolicy: &public, BlockPublicPolicy: aws.Bool(true)})
	wantFailure(t, err, "PublicPolicyException: The resource policy grants broad access and BlockPublicPolicy is set.")
	valid, err := f.ValidateResourcePolicy(ctx, &sdk.ValidateResourcePolicyInput{SecretId: name, ResourcePolicy: &public})
	if err != nil || valid.PolicyValidationPassed || len(valid.ValidationErrors) != 1 {
		t.Fatalf("%v %v", valid, err)
	}
	_, err = f.PutResourcePolicy(ctx, &sdk.PutResourcePolicyInput{SecretId: name, ResourcePolicy: aws.String("{")})
	wantFailure(t, err, "MalformedPolicyDocumentException: This resource policy contains a syntax error.")
	if _, err := f.DeleteResourcePolicy(ctx, &sdk.DeleteResourcePolicyInput{SecretId: name}); err != nil {
		t.Fatal(err)
	}
	if got, err = f.GetResourcePolicy(ctx, &sdk.GetResourcePolicyInput{SecretId: name}); err != nil || got.ResourcePolicy != nil {
		t.Fatalf("%v %v", got, err)
	}
}
