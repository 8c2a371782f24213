package iam_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

const readAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}`

// Lists that are short are cut, too, where their client asks for it.
func TestShortListsArePaged(t *testing.T) {
	c, _, _ := client(t)
	ctx, two := t.Context(), aws.Int32(2)
	var tags []types.Tag
	for i := range 5 {
		tags = append(tags, types.Tag{Key: aws.String(fmt.Sprint("k", 5-i)), Value: aws.String("v")})
	}
	must[*sdk.CreateUserOutput](t)(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: aws.String("ann"), Tags: tags}))
	made := must[*sdk.CreatePolicyOutput](t)(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(readAll), Tags: tags}))
	must[*sdk.CreateRoleOutput](t)(c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: aws.String("r"), Tags: tags,
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}))
	arn := made.Policy.Arn
	for range 4 {
		must[*sdk.CreatePolicyVersionOutput](t)(c.CreatePolicyVersion(ctx, &sdk.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: aws.String(readAll)}))
	}
	must[*sdk.AttachUserPolicyOutput](t)(c.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{PolicyArn: arn, UserName: aws.String("ann")}))
	must[*sdk.AttachRolePolicyOutput](t)(c.AttachRolePolicy(ctx, &sdk.AttachRolePolicyInput{PolicyArn: arn, RoleName: aws.String("r")}))
	must[*sdk.CreateGroupOutput](t)(c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: aws.String("g")}))
	must[*sdk.AttachGroupPolicyOutput](t)(c.AttachGroupPolicy(ctx, &sdk.AttachGroupPolicyInput{PolicyArn: arn, GroupName: aws.String("g")}))

	names := func(tags []types.Tag) (out []string) {
		for _, tag := range tags {
			out = append(out, *tag.Key)
		}
		return out
	}
	sorted := []string{"k1", "k2", "k3", "k4", "k5"}
	for list, pages := range map[string]struct {
		want []string
		page func(marker *string) ([]string, *string, bool, error)
	}{
		"ListUserTags": {sorted, func(m *string) ([]string, *string, bool, error) {
			out, err := c.ListUserTags(ctx, &sdk.ListUserTagsInput{UserName: aws.String("ann"), Marker: m, MaxItems: two})
			return names(out.Tags), out.Marker, out.IsTruncated, err
		}},
		"ListRoleTags": {sorted, func(m *string) ([]string, *string, bool, error) {
			out, err := c.ListRoleTags(ctx, &sdk.ListRoleTagsInput{RoleName: aws.String("r"), Marker: m, MaxItems: two})
			return names(out.Tags), out.Marker, out.IsTruncated, err
		}},
		"ListPolicyTags": {sorted, func(m *string) ([]string, *string, bool, error) {
			out, err := c.ListPolicyTags(ctx, &sdk.ListPolicyTagsInput{PolicyArn: arn, Marker: m, MaxItems: two})
			return names(out.Tags), out.Marker, out.IsTruncated, err
		}},
		"ListPolicyVersions": {[]string{"v5", "v4", "v3", "v2", "v1"}, func(m *string) (ids []string, next *string, more bool, err error) {
			out, err := c.ListPolicyVersions(ctx, &sdk.ListPolicyVersionsInput{PolicyArn: arn, Marker: m, MaxItems: two})
			for _, v := range out.Versions {
				ids = append(ids, *v.VersionId)
			}
			return ids, out.Marker, out.IsTruncated, err
		}},
		"ListEntitiesForPolicy": {[]string{"ann", "g", "r"}, func(m *string) (who []string, next *string, more bool, err error) {
			out, err := c.ListEntitiesForPolicy(ctx, &sdk.ListEntitiesForPolicyInput{PolicyArn: arn, Marker: m, MaxItems: two})
			for _, u := range out.PolicyUsers {
				who = append(who, *u.UserName)
			}
			for _, g := range out.PolicyGroups {
				who = append(who, *g.GroupName)
			}
			for _, r := range out.PolicyRoles {
				who = append(who, *r.RoleName)
			}
			return who, out.Marker, out.IsTruncated, err
		}},
	} {
		var got []string
		for marker, count := (*string)(nil), 1; ; count++ {
			page, next, more, err := pages.page(marker)
			if err != nil || len(page) > 2 || more != (next != nil) || count > 5 {
				t.Fatalf("%s: %v, %v, %v", list, page, more, err)
			}
			got = append(got, page...)
			if marker = next; next == nil {
				break
			}
		}
		if !slices.Equal(got, pages.want) {
			t.Errorf("%s: %v, not %v", list, got, pages.want)
		}
	}
	_, err := c.ListUserTags(ctx, &sdk.ListUserTagsInput{UserName: aws.String("ann"), Marker: aws.String("bm90IG91cnM=")})
	want(t, err, "ValidationError", "Invalid Marker.")
}
