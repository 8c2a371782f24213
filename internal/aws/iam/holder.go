package iam

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/policy/managed"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// holder is one kind of those who hold policies: users, groups and roles.
type holder struct {
	kind  string // "user", "group", "role": in AWS's texts
	title string // "User": in quotas
	size  int    // of inline policies together
	grant func(r store.Reader, account, name string) (state.Grants, error)
	save  func(w store.Writer, account, name string, g state.Grants) error
}

// encoded is a document as IAM answers it: percent-encoded.
func encoded(document string) *string {
	return aws.String(strings.ReplaceAll(url.QueryEscape(document), "+", "%20"))
}

func ptr(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// change edits the policies of one holder.
func (s *Service) change(ctx context.Context, h holder, account, who string, fn func(w store.Writer, g *state.Grants) error) error {
	return s.update(ctx, func(w store.Writer) error {
		g, err := h.grant(w, account, who)
		if err != nil {
			return err
		}
		g.Inline, g.Attached = maps.Clone(g.Inline), slices.Clone(g.Attached)
		if g.Inline == nil {
			g.Inline = map[string]string{}
		}
		if err := fn(w, &g); err != nil {
			return err
		}
		return h.save(w, account, who, g)
	})
}

func (s *Service) putInline(ctx context.Context, h holder, account string, who, policyName, text *string) error {
	n, err := name(policyName, "policyName", longestPolicy)
	if err != nil {
		return err
	}
	doc, err := document(text, policy.OfIdentity)
	if err != nil {
		return err
	}
	return s.change(ctx, h, account, aws.ToString(who), func(_ store.Writer, g *state.Grants) error {
		g.Inline[n] = doc
		total := 0
		for _, d := range g.Inline {
			total += size(d)
		}
		if total > h.size {
			return limitExceeded("Maximum policy size of %d bytes exceeded for %s %s", h.size, h.kind, aws.ToString(who))
		}
		return nil
	})
}

func (s *Service) getInline(ctx context.Context, h holder, account string, who, policyName *string) (text *string, err error) {
	err = s.view(ctx, func(r store.Reader) error {
		g, err := h.grant(r, account, aws.ToString(who))
		if err != nil {
			return err
		}
		doc, ok := g.Inline[aws.ToString(policyName)]
		if !ok {
			return noSuch("The %s policy with name %s cannot be found.", h.kind, aws.ToString(policyName))
		}
		text = encoded(doc)
		return nil
	})
	return text, err
}

func (s *Service) deleteInline(ctx context.Context, h holder, account string, who, policyName *string) error {
	return s.change(ctx, h, account, aws.ToString(who), func(_ store.Writer, g *state.Grants) error {
		if _, ok := g.Inline[aws.ToString(policyName)]; !ok {
			return noSuch("The %s policy with name %s cannot be found.", h.kind, aws.ToString(policyName))
		}
		delete(g.Inline, *policyName)
		return nil
	})
}

func (s *Service) listInline(ctx context.Context, h holder, account string, who, marker *string, maxItems *int32) (page []string, next *string, err error) {
	err = s.view(ctx, func(r store.Reader) error {
		g, err := h.grant(r, account, aws.ToString(who))
		if err != nil {
			return err
		}
		page, next, err = paged(slices.Sorted(maps.Keys(g.Inline)), func(n string) string { return n }, marker, maxItems)
		return err
	})
	return page, next, err
}

func (s *Service) attach(ctx context.Context, h holder, account string, who, arn *string) error {
	return s.change(ctx, h, account, aws.ToString(who), func(w store.Writer, g *state.Grants) error {
		if !policyExists(w, account, aws.ToString(arn)) {
			return noSuch("Policy %s does not exist or is not attachable.", aws.ToString(arn))
		}
		if slices.Contains(g.Attached, *arn) {
			return nil
		}
		if len(g.Attached) >= maxAttached {
			return limitExceeded("Cannot exceed quota for PoliciesPer%s: %d", h.title, maxAttached)
		}
		g.Attached = append(g.Attached, *arn)
		return nil
	})
}

func (s *Service) detach(ctx context.Context, h holder, account string, who, arn *string) error {
	return s.change(ctx, h, account, aws.ToString(who), func(_ store.Writer, g *state.Grants) error {
		i := slices.Index(g.Attached, aws.ToString(arn))
		if i < 0 {
			return noSuch("Policy %s was not found.", aws.ToString(arn))
		}
		g.Attached = slices.Delete(g.Attached, i, i+1)
		return nil
	})
}

func (s *Service) listAttached(ctx context.Context, h holder, account string, who, prefix, marker *string, maxItems *int32) (out []types.AttachedPolicy, next *string, err error) {
	err = s.view(ctx, func(r store.Reader) error {
		g, err := h.grant(r, account, aws.ToString(who))
		if err != nil {
			return err
		}
		var list []string
		for _, arn := range slices.Sorted(slices.Values(g.Attached)) {
			if strings.HasPrefix(pathOf(arn), aws.ToString(prefix)) {
				list = append(list, arn)
			}
		}
		page, more, err := paged(list, func(arn string) string { return arn }, marker, maxItems)
		for _, arn := range page {
			out = append(out, types.AttachedPolicy{PolicyArn: aws.String(arn), PolicyName: aws.String(state.RoleName(arn))})
		}
		next = more
		return err
	})
	return out, next, err
}

// pathOf is the path in a policy's ARN.
func pathOf(arn string) string {
	_, rest, _ := strings.Cut(arn, ":policy")
	return rest[:strings.LastIndexByte(rest, '/')+1]
}

// policyExists tells whether an ARN names a policy of AWS or of the account.
func policyExists(r store.Reader, account, arn string) bool {
	if _, ok := managed.Document(arn); ok {
		return true
	}
	_, ok := findPolicy(r, account, arn)
	return ok
}

// findPolicy finds a customer managed policy by its ARN.
func findPolicy(r store.Reader, account, arn string) (state.Policy, bool) {
	if !strings.Contains(arn, ":policy/") || identity.AccountOfARN(arn) != account {
		return state.Policy{}, false
	}
	p, ok := store.Policies.Get(r, state.IAMKey(account, state.RoleName(arn)))
	return p, ok && p.ARN == arn
}

func boundary(arn string) *types.AttachedPermissionsBoundary {
	if arn == "" {
		return nil
	}
	return &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: aws.String(arn), PermissionsBoundaryType: types.PermissionsBoundaryAttachmentTypePolicy}
}

// bounded checks a boundary's ARN.
func bounded(r store.Reader, account string, arn *string) (string, error) {
	if aws.ToString(arn) == "" {
		return "", nil
	}
	if !policyExists(r, account, *arn) {
		return "", noSuch("Scope ARN: %s does not exist or is not attachable.", *arn)
	}
	return *arn, nil
}
