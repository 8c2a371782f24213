package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/policy/managed"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// anyPolicy finds a policy of the account, or AWS's as a record.
func anyPolicy(r store.Reader, account, arn string) (state.Policy, error) {
	if text, ok := managed.Document(arn); ok {
		for _, m := range managed.All() {
			if m.ARN() == arn {
				return state.Policy{
					Name: m.Name, Path: m.Path, ID: m.ID, ARN: arn, CreatedAt: m.CreatedAt, UpdatedAt: m.CreatedAt, Default: "v1",
					Versions: []state.PolicyVersion{{ID: "v1", Document: text, CreatedAt: m.CreatedAt}},
				}, nil
			}
		}
	}
	if p, ok := findPolicy(r, account, arn); ok {
		return p, nil
	}
	return state.Policy{}, noSuch("Policy %s was not found.", arn)
}

// entities are those a policy is attached to, and those it bounds.
type entities struct {
	users    []state.User
	groups   []state.Group
	roles    []state.Role
	bounding int32
}

func attachedTo(r store.Reader, account, arn string) (out entities) {
	scope := state.IAMScope(account)
	bounds := func(b string) {
		if b == arn {
			out.bounding++
		}
	}
	for _, u := range store.Users.List(r, scope, "") {
		if bounds(u.Boundary); slices.Contains(u.Grants.Attached, arn) {
			out.users = append(out.users, u)
		}
	}
	for _, g := range store.Groups.List(r, scope, "") {
		if slices.Contains(g.Grants.Attached, arn) {
			out.groups = append(out.groups, g)
		}
	}
	for _, role := range store.Roles.List(r, scope, "") {
		if bounds(role.Boundary); slices.Contains(role.Grants.Attached, arn) {
			out.roles = append(out.roles, role)
		}
	}
	return out
}

func (e entities) count() int32 { return int32(len(e.users) + len(e.groups) + len(e.roles)) }

func shownPolicy(p state.Policy, e entities, whole bool) *types.Policy {
	out := &types.Policy{
		Arn: &p.ARN, AttachmentCount: aws.Int32(e.count()), CreateDate: &p.CreatedAt, DefaultVersionId: &p.Default, IsAttachable: true,
		Path: &p.Path, PermissionsBoundaryUsageCount: aws.Int32(e.bounding), PolicyId: &p.ID, PolicyName: &p.Name, UpdateDate: &p.UpdatedAt,
	}
	if whole {
		out.Description, out.Tags = ptr(p.Description), p.Tags
	}
	return out
}

func managedText(text *string) (string, error) {
	doc, err := document(text, policy.OfIdentity)
	if err == nil && size(doc) > managedSize {
		return "", limitExceeded("Cannot exceed quota for PolicySize: %d", managedSize)
	}
	return doc, err
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
func (s *Service) createPolicy(ctx context.Context, caller wire.Caller, in *iam.CreatePolicyInput) (*iam.CreatePolicyOutput, error) {
	n, err := name(in.PolicyName, "policyName", longestPolicy)
	if err != nil {
		return nil, err
	}
	now := s.now()
	p := state.Policy{Name: n, ID: identity.NewID("ANPA"), CreatedAt: now, UpdatedAt: now, Default: "v1", LastVersion: 1}
	if p.Path, err = path(in.Path); err != nil {
		return nil, err
	}
	doc, err := managedText(in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	p.Versions = []state.PolicyVersion{{ID: "v1", Document: doc, CreatedAt: now}}
	if p.Description, err = description(in.Description); err != nil {
		return nil, err
	}
	if p.Tags, err = merged(nil, in.Tags); err != nil {
		return nil, err
	}
	account := caller.Scope.Account
	p.ARN = state.IAMARN(account, "policy", p.Path, n)
	err = s.update(ctx, func(w store.Writer) error {
		if _, ok := store.Policies.Get(w, state.IAMKey(account, n)); ok {
			return exists("A policy called %s already exists. Duplicate names are not allowed.", n)
		}
		return store.Policies.Put(w, state.IAMKey(account, n), p)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreatePolicyOutput{Policy: shownPolicy(p, entities{}, true)}, nil
}

func (s *Service) getPolicy(ctx context.Context, caller wire.Caller, in *iam.GetPolicyInput) (*iam.GetPolicyOutput, error) {
	out := &iam.GetPolicyOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		p, err := anyPolicy(r, caller.Scope.Account, aws.ToString(in.PolicyArn))
		out.Policy = shownPolicy(p, attachedTo(r, caller.Scope.Account, p.ARN), true)
		return err
	})
	return out, err
}

// listPolicies lists AWS's and the account's.
func (s *Service) listPolicies(ctx context.Context, caller wire.Caller, in *iam.ListPoliciesInput) (*iam.ListPoliciesOutput, error) {
	if in.PolicyUsageFilter == types.PolicyUsageTypePermissionsBoundary {
		return nil, failure(400, "InvalidInput", "Hatoba does not list policies by their use as a boundary; leave out PolicyUsageFilter.")
	}
	out := &iam.ListPoliciesOutput{}
	account := caller.Scope.Account
	err := s.view(ctx, func(r store.Reader) error {
		var list []types.Policy
		add := func(p state.Policy) {
			if e := attachedTo(r, account, p.ARN); strings.HasPrefix(p.Path, aws.ToString(in.PathPrefix)) && (!in.OnlyAttached || e.count() > 0) {
				list = append(list, *shownPolicy(p, e, false))
			}
		}
		if in.Scope != types.PolicyScopeTypeAws {
			for _, p := range store.Policies.List(r, state.IAMScope(account), "") {
				add(p)
			}
		}
		if in.Scope != types.PolicyScopeTypeLocal {
			for _, m := range managed.All() {
				p, err := anyPolicy(r, account, m.ARN())
				if err != nil {
					return err
				}
				add(p)
			}
		}
		id := func(p types.Policy) string { return *p.Arn }
		slices.SortFunc(list, func(a, b types.Policy) int { return strings.Compare(id(a), id(b)) })
		page, next, err := paged(list, id, in.Marker, in.MaxItems)
		out.Policies, out.Marker, out.IsTruncated = page, next, next != nil
		return err
	})
	return out, err
}

// changePolicy edits a policy of the account.
func (s *Service) changePolicy(ctx context.Context, caller wire.Caller, arn *string, fn func(w store.Writer, p *state.Policy) error) error {
	return s.update(ctx, func(w store.Writer) error {
		if _, ok := managed.Document(aws.ToString(arn)); ok {
			return failure(403, "AccessDenied", "Cannot perform the operation on the AWS managed policy %s.", *arn)
		}
		p, err := anyPolicy(w, caller.Scope.Account, aws.ToString(arn))
		if err != nil {
			return err
		}
		p.Versions = slices.Clone(p.Versions)
		if err := fn(w, &p); err != nil {
			return err
		}
		if p.Name == "" { // deleted
			return nil
		}
		return store.Policies.Put(w, state.IAMKey(caller.Scope.Account, p.Name), p)
	})
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
func (s *Service) deletePolicy(ctx context.Context, caller wire.Caller, in *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error) {
	account := caller.Scope.Account
	return nil, s.changePolicy(ctx, caller, in.PolicyArn, func(w store.Writer, p *state.Policy) error {
		if e := attachedTo(w, account, p.ARN); e.count() > 0 || e.bounding > 0 {
			return conflict("Cannot delete a policy attached to entities.")
		}
		if len(p.Versions) > 1 {
			return conflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		store.Policies.Delete(w, state.IAMKey(account, p.Name))
		p.Name = ""
		return nil
	})
}

func (s *Service) listEntitiesForPolicy(ctx context.Context, caller wire.Caller, in *iam.ListEntitiesForPolicyInput) (*iam.ListEntitiesForPolicyOutput, error) {
	if in.PolicyUsageFilter == types.PolicyUsageTypePermissionsBoundary {
		return nil, failure(400, "InvalidInput", "Hatoba does not list policies by their use as a boundary; leave out PolicyUsageFilter.")
	}
	out := &iam.ListEntitiesForPolicyOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		p, err := anyPolicy(r, caller.Scope.Account, aws.ToString(in.PolicyArn))
		if err != nil {
			return err
		}
		page, next, err := paged(holders(attachedTo(r, caller.Scope.Account, p.ARN), in.EntityFilter, aws.ToString(in.PathPrefix)), func(h attachment) string { return h.order }, in.Marker, in.MaxItems)
		for _, h := range page {
			switch {
			case h.user != nil:
				out.PolicyUsers = append(out.PolicyUsers, *h.user)
			case h.group != nil:
				out.PolicyGroups = append(out.PolicyGroups, *h.group)
			default:
				out.PolicyRoles = append(out.PolicyRoles, *h.role)
			}
		}
		out.Marker, out.IsTruncated = next, next != nil
		return err
	})
	return out, err
}

// attachment is one whom a policy is attached to.
type attachment struct {
	order string // sorts users, then groups, then roles
	user  *types.PolicyUser
	group *types.PolicyGroup
	role  *types.PolicyRole
}

// holders lists in order those of a kind ("" for all) below a path.
func holders(e entities, kind types.EntityType, below string) (out []attachment) {
	wants := func(k types.EntityType, path string) bool {
		return (kind == "" || kind == k) && strings.HasPrefix(path, below)
	}
	for _, u := range e.users {
		if wants(types.EntityTypeUser, u.Path) {
			out = append(out, attachment{order: "1" + strings.ToLower(u.Name), user: &types.PolicyUser{UserId: aws.String(u.ID), UserName: aws.String(u.Name)}})
		}
	}
	for _, g := range e.groups {
		if wants(types.EntityTypeGroup, g.Path) {
			out = append(out, attachment{order: "2" + strings.ToLower(g.Name), group: &types.PolicyGroup{GroupId: aws.String(g.ID), GroupName: aws.String(g.Name)}})
		}
	}
	for _, r := range e.roles {
		if wants(types.EntityTypeRole, r.Path) {
			out = append(out, attachment{order: "3" + strings.ToLower(r.Name), role: &types.PolicyRole{RoleId: aws.String(r.ID), RoleName: aws.String(r.Name)}})
		}
	}
	slices.SortFunc(out, func(a, b attachment) int { return strings.Compare(a.order, b.order) })
	return out
}

func (s *Service) tagPolicy(ctx context.Context, caller wire.Caller, in *iam.TagPolicyInput) (*iam.TagPolicyOutput, error) {
	return nil, s.changePolicy(ctx, caller, in.PolicyArn, func(_ store.Writer, p *state.Policy) (err error) {
		p.Tags, err = merged(p.Tags, in.Tags)
		return err
	})
}

func (s *Service) untagPolicy(ctx context.Context, caller wire.Caller, in *iam.UntagPolicyInput) (*iam.UntagPolicyOutput, error) {
	return nil, s.changePolicy(ctx, caller, in.PolicyArn, func(_ store.Writer, p *state.Policy) error {
		p.Tags = without(p.Tags, in.TagKeys)
		return nil
	})
}

func (s *Service) listPolicyTags(ctx context.Context, caller wire.Caller, in *iam.ListPolicyTagsInput) (*iam.ListPolicyTagsOutput, error) {
	out := &iam.ListPolicyTagsOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		p, err := anyPolicy(r, caller.Scope.Account, aws.ToString(in.PolicyArn))
		if err != nil {
			return err
		}
		out.Tags, out.Marker, err = pagedTags(p.Tags, in.Marker, in.MaxItems)
		out.IsTruncated = out.Marker != nil
		return err
	})
	return out, err
}
