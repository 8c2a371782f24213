package live

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/hatoba/hatoba/internal/review"
)

func (r *reader) role(ctx context.Context, arn string) review.Given[review.Role] {
	client, name := iam.NewFromConfig(r.cfg), after(arn, "/")
	out := review.Role{}
	found, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	switch {
	case is(err, "NoSuchEntity"):
		return review.Have(out)
	case err != nil:
		return refused[review.Role](err, "iam:GetRole")
	case found.Role == nil:
		return review.Have(out)
	}
	out.Exists, out.Trusts = true, trusts(aws.ToString(found.Role.AssumeRolePolicyDocument))
	for pages := iam.NewListRolePoliciesPaginator(client, &iam.ListRolePoliciesInput{RoleName: &name}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return refused[review.Role](err, "iam:ListRolePolicies")
		}
		for _, policy := range page.PolicyNames {
			got, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &policy})
			if err != nil {
				return refused[review.Role](err, "iam:GetRolePolicy")
			}
			add(&out, policy, aws.ToString(got.PolicyDocument))
		}
	}
	for pages := iam.NewListAttachedRolePoliciesPaginator(client, &iam.ListAttachedRolePoliciesInput{RoleName: &name}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return refused[review.Role](err, "iam:ListAttachedRolePolicies")
		}
		for _, attached := range page.AttachedPolicies {
			policy, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: attached.PolicyArn})
			if err != nil || policy.Policy == nil {
				return refused[review.Role](err, "iam:GetPolicy")
			}
			version, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: attached.PolicyArn, VersionId: policy.Policy.DefaultVersionId})
			if err != nil || version.PolicyVersion == nil {
				return refused[review.Role](err, "iam:GetPolicyVersion")
			}
			add(&out, aws.ToString(attached.PolicyName), aws.ToString(version.PolicyVersion.Document))
		}
	}
	return review.Have(out)
}

// list is a string or a list of strings, as policies write either.
type list []string

func (l *list) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(l))
}

// statement is a statement of a policy.
type statement struct {
	Effect                                   string
	Action, NotAction, Resource, NotResource list
	Principal, Condition                     json.RawMessage
}

// statements reads a policy as IAM gives it, with the escapes of a URL, or
// plain. What is no policy has none.
func statements(policy string) []statement {
	if !strings.HasPrefix(strings.TrimSpace(policy), "{") {
		if plain, err := url.QueryUnescape(policy); err == nil {
			policy = plain
		}
	}
	var many struct{ Statement []statement }
	if json.Unmarshal([]byte(policy), &many) == nil {
		return many.Statement
	}
	var one struct{ Statement statement }
	if json.Unmarshal([]byte(policy), &one) == nil {
		return []statement{one.Statement}
	}
	return nil
}

func add(role *review.Role, policy, document string) {
	for _, s := range statements(document) {
		a := review.Allowed{Policy: policy, Actions: s.Action, Resources: s.Resource, NotActions: s.NotAction, NotResources: s.NotResource, Conditional: len(s.Condition) > 0}
		if s.Effect == "Allow" {
			role.Policies = append(role.Policies, a)
		} else {
			role.Denies = append(role.Denies, a)
		}
	}
}

// trusts lists the services that may take the role.
func trusts(document string) (out []string) {
	for _, s := range statements(document) {
		var by map[string]list
		if s.Effect == "Allow" && json.Unmarshal(s.Principal, &by) == nil {
			out = append(out, by["Service"]...)
		}
	}
	return out
}
