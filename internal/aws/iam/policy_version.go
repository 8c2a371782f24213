package iam

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func shownVersion(p state.Policy, v state.PolicyVersion, whole bool) *types.PolicyVersion {
	out := &types.PolicyVersion{CreateDate: &v.CreatedAt, IsDefaultVersion: v.ID == p.Default, VersionId: &v.ID}
	if whole {
		out.Document = encoded(v.Document)
	}
	return out
}

// versionAt finds a version of a policy.
func versionAt(p state.Policy, id *string) (int, error) {
	i := slices.IndexFunc(p.Versions, func(v state.PolicyVersion) bool { return v.ID == aws.ToString(id) })
	if i < 0 {
		return 0, noSuch("Policy %s version %s does not exist or is not attachable.", p.ARN, aws.ToString(id))
	}
	return i, nil
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html
func (s *Service) createPolicyVersion(ctx context.Context, caller wire.Caller, in *iam.CreatePolicyVersionInput) (*iam.CreatePolicyVersionOutput, error) {
	doc, err := managedText(in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	out := &iam.CreatePolicyVersionOutput{}
	err = s.changePolicy(ctx, caller, in.PolicyArn, func(_ store.Writer, p *state.Policy) error {
		if len(p.Versions) >= maxVersions {
			return limitExceeded("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		p.LastVersion++
		v := state.PolicyVersion{ID: fmt.Sprintf("v%d", p.LastVersion), Document: doc, CreatedAt: s.now()}
		p.Versions = append(p.Versions, v)
		if in.SetAsDefault {
			p.Default = v.ID
		}
		p.UpdatedAt = v.CreatedAt
		out.PolicyVersion = shownVersion(*p, v, false)
		return nil
	})
	return out, err
}

func (s *Service) getPolicyVersion(ctx context.Context, caller wire.Caller, in *iam.GetPolicyVersionInput) (*iam.GetPolicyVersionOutput, error) {
	out := &iam.GetPolicyVersionOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		p, err := anyPolicy(r, caller.Scope.Account, aws.ToString(in.PolicyArn))
		if err != nil {
			return err
		}
		i, err := versionAt(p, in.VersionId)
		if err != nil {
			return err
		}
		out.PolicyVersion = shownVersion(p, p.Versions[i], true)
		return nil
	})
	return out, err
}

// listPolicyVersions lists the newest first.
func (s *Service) listPolicyVersions(ctx context.Context, caller wire.Caller, in *iam.ListPolicyVersionsInput) (*iam.ListPolicyVersionsOutput, error) {
	out := &iam.ListPolicyVersionsOutput{}
	err := s.view(ctx, func(r store.Reader) error {
		p, err := anyPolicy(r, caller.Scope.Account, aws.ToString(in.PolicyArn))
		if err != nil {
			return err
		}
		newest := slices.Clone(p.Versions)
		slices.Reverse(newest)
		age := func(v state.PolicyVersion) string {
			n, _ := strconv.Atoi(strings.TrimPrefix(v.ID, "v"))
			return fmt.Sprintf("%010d", math.MaxInt32-n)
		}
		page, next, err := paged(newest, age, in.Marker, in.MaxItems)
		for _, v := range page {
			out.Versions = append(out.Versions, *shownVersion(p, v, false))
		}
		out.Marker, out.IsTruncated = next, next != nil
		return err
	})
	return out, err
}

func (s *Service) setDefaultPolicyVersion(ctx context.Context, caller wire.Caller, in *iam.SetDefaultPolicyVersionInput) (*iam.SetDefaultPolicyVersionOutput, error) {
	return nil, s.changePolicy(ctx, caller, in.PolicyArn, func(_ store.Writer, p *state.Policy) error {
		i, err := versionAt(*p, in.VersionId)
		if err == nil {
			p.Default, p.UpdatedAt = p.Versions[i].ID, s.now()
		}
		return err
	})
}

func (s *Service) deletePolicyVersion(ctx context.Context, caller wire.Caller, in *iam.DeletePolicyVersionInput) (*iam.DeletePolicyVersionOutput, error) {
	return nil, s.changePolicy(ctx, caller, in.PolicyArn, func(_ store.Writer, p *state.Policy) error {
		i, err := versionAt(*p, in.VersionId)
		if err != nil {
			return err
		}
		if p.Versions[i].ID == p.Default {
			return conflict("Cannot delete the default version of a policy.")
		}
		p.Versions = slices.Delete(p.Versions, i, i+1)
		return nil
	})
}
