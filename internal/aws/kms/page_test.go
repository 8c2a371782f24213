package kms

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/state"
)

func TestShortListsArePaged(t *testing.T) {
	f := newFront(t)
	var tags []types.Tag
	for i := range 5 {
		tags = append(tags, types.Tag{TagKey: aws.String(fmt.Sprint("k", i)), TagValue: aws.String("v")})
	}
	key, err := f.CreateKey(f.ctx, &sdk.CreateKeyInput{Tags: tags})
	if err != nil {
		t.Fatal(err)
	}
	id := key.KeyMetadata.KeyId
	for range 3 {
		if _, err := f.RotateKeyOnDemand(f.ctx, &sdk.RotateKeyOnDemandInput{KeyId: id}); err != nil {
			t.Fatal(err)
		}
	}
	two := aws.Int32(2)
	for list, pages := range map[string]struct {
		all  int
		page func(marker *string) (n int, next *string, more bool, err error)
	}{
		"tags": {5, func(m *string) (int, *string, bool, error) {
			out, err := f.ListResourceTags(f.ctx, &sdk.ListResourceTagsInput{KeyId: id, Limit: two, Marker: m})
			return len(out.Tags), out.NextMarker, out.Truncated, err
		}},
		"rotations": {3, func(m *string) (int, *string, bool, error) {
			out, err := f.ListKeyRotations(f.ctx, &sdk.ListKeyRotationsInput{KeyId: id, Limit: two, Marker: m})
			return len(out.Rotations), out.NextMarker, out.Truncated, err
		}},
		"policies": {1, func(m *string) (int, *string, bool, error) {
			out, err := f.ListKeyPolicies(f.ctx, &sdk.ListKeyPoliciesInput{KeyId: id, Limit: two, Marker: m})
			return len(out.PolicyNames), out.NextMarker, out.Truncated, err
		}},
	} {
		sum := 0
		for marker := (*string)(nil); ; {
			n, next, more, err := pages.page(marker)
			if err != nil || n > 2 || more != (next != nil) || sum > pages.all {
				t.Fatalf("%s: %d, %v, %v", list, n, more, err)
			}
			sum += n
			if marker = next; next == nil {
				break
			}
		}
		if sum != pages.all {
			t.Errorf("%s: %d, not %d", list, sum, pages.all)
		}
	}
	if _, err := f.ListResourceTags(f.ctx, &sdk.ListResourceTagsInput{KeyId: id, Marker: aws.String("x")}); code(err) != "InvalidMarkerException" {
		t.Error(err)
	}
	if _, err := f.ListResourceTags(f.ctx, &sdk.ListResourceTagsInput{KeyId: id, Limit: aws.Int32(51)}); code(err) != "ValidationException" {
		t.Error(err)
	}
}

// Who puts a policy must be able to put the next one, unless they say so.
func TestPoliciesThatLockOut(t *testing.T) {
	f := newFront(t)
	key, err := f.CreateKey(f.ctx, &sdk.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	id := key.KeyMetadata.KeyId
	of := func(principal, action string) *string {
		return aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"` + action + `","Resource":"*"}}`)
	}
	for _, c := range []struct {
		policy *string
		bypass bool
		code   string
	}{
		{of("arn:aws:iam::123456789012:root", "kms:*"), false, "<nil>"},
		{of("arn:aws:iam::123456789012:root", "kms:Decrypt"), false, "MalformedPolicyDocumentException"},
		{of("arn:aws:iam::123456789012:role/app", "kms:*"), false, "MalformedPolicyDocumentException"},
		{of("arn:aws:iam::123456789012:role/app", "kms:*"), true, "<nil>"},
		{of("nobody", "kms:*"), true, "MalformedPolicyDocumentException"},
	} {
		_, err := f.PutKeyPolicy(f.ctx, &sdk.PutKeyPolicyInput{KeyId: id, Policy: c.policy, BypassPolicyLockoutSafetyCheck: c.bypass})
		if code(err) != c.code {
			t.Errorf("%s: %v", *c.policy, err)
		}
		_, err = f.CreateKey(f.ctx, &sdk.CreateKeyInput{Policy: c.policy, BypassPolicyLockoutSafetyCheck: c.bypass})
		if code(err) != c.code {
			t.Errorf("new key, %s: %v", *c.policy, err)
		}
	}
}

// A service's own key is for who comes through the service.
func TestManagedPolicy(t *testing.T) {
	scope := state.Scope{Account: "123456789012", Region: "us-east-1"}
	document, err := policy.Parse(managedPolicy(scope, "ssm"), policy.OfResource)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		action, via string
		want        policy.Decision
		enough      bool
	}{
		{"kms:Decrypt", "ssm.us-east-1.amazonaws.com", policy.Allowed, true},
		{"kms:Decrypt", "s3.us-east-1.amazonaws.com", policy.ImplicitDeny, false},
		{"kms:Decrypt", "", policy.ImplicitDeny, false},
		{"kms:DescribeKey", "", policy.Allowed, false},
		{"kms:PutKeyPolicy", "ssm.us-east-1.amazonaws.com", policy.ImplicitDeny, false},
	} {
		q := policy.Question{Caller: policy.Caller{Account: scope.Account, ARN: "arn:aws:sts::123456789012:assumed-role/app/me", Role: "arn:aws:iam::123456789012:role/app"},
			Action: c.action, Context: map[string][]string{"kms:calleraccount": {scope.Account}, "kms:viaservice": {}}}
		if c.via != "" {
			q.Context["kms:viaservice"] = []string{c.via}
		}
		if got, enough := policy.EvaluateResource(q, document); got != c.want || enough != c.enough {
			t.Errorf("%s through %q: %d, %v", c.action, c.via, got, enough)
		}
	}
	f := newFront(t)
	own, err := f.GetKeyPolicy(f.ctx, &sdk.GetKeyPolicyInput{KeyId: aws.String("alias/aws/ssm")})
	if err != nil || *own.Policy != managedPolicy(scope, "ssm") {
		t.Errorf("%v", err)
	}
}
