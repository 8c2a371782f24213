package secretsmanager

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/hatoba/hatoba/internal/state"
)

func TestMatches(t *testing.T) {
	tag := func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} }
	secret := state.Secret{Name: "prod/Orders", Description: "Key of the Orders database", Tags: []types.Tag{tag("Team", "blue"), tag("env", "prod")}}
	for _, c := range []struct {
		key    types.FilterNameStringType
		values string
		want   bool
	}{
		{"name", "prod", true}, {"name", "Prod", false}, {"name", "Orders", false}, {"name", "x|prod/", true},
		{"name", "!prod", false}, {"name", "!dev", true}, {"name", "!dev|!prod", false}, {"name", "!dev|prod", true}, {"name", "!dev|x", false},
		{"description", "key OF", true}, {"description", "orders", false}, {"description", "!key", false},
		{"tag-key", "Te", true}, {"tag-key", "te", false}, {"tag-value", "bl", true}, {"tag-value", "!pr", false}, {"tag-value", "!red", true},
		{"primary-region", "eu", false}, {"primary-region", "!eu", true}, {"owning-service", "rds", false},
		{"all", "ORDERS", true}, {"all", "data blue", true}, {"all", "data green", false}, {"all", "!green", true}, {"all", "team", true},
	} {
		got := matches(secret, []types.Filter{{Key: c.key, Values: strings.Split(c.values, "|")}})
		if got != c.want {
			t.Errorf("%s %s: %v", c.key, c.values, got)
		}
	}
	both := []types.Filter{{Key: "name", Values: []string{"prod"}}, {Key: "tag-key", Values: []string{"none"}}}
	if matches(secret, both) {
		t.Error("two filters, one of which fails")
	}
}

func TestListSecretsOrdersAndPages(t *testing.T) {
	f := newFront(t)
	for _, name := range []string{"c", "a", "e", "b", "d"} {
		f.now = f.now.Add(time.Minute)
		f.create(t, name, "v")
	}
	f.now = f.now.Add(time.Minute)
	if _, err := f.UpdateSecret(t.Context(), &sdk.UpdateSecretInput{SecretId: aws.String("c"), Description: aws.String("x")}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.DeleteSecret(t.Context(), &sdk.DeleteSecretInput{SecretId: aws.String("e")}); err != nil {
		t.Fatal(err)
	}
	f.read(t.Context(), &sdk.GetSecretValueInput{SecretId: aws.String("b")})
	for _, c := range []struct {
		by      types.SortByType
		order   types.SortOrderType
		deleted bool
		want    string
	}{
		{"", "", false, "c a b d"},
		{"", "desc", false, "d b a c"},
		{"name", "asc", true, "a b c d e"},
		{"name", "desc", true, "e d c b a"},
		{"last-changed-date", "asc", false, "a b d c"},
		{"last-accessed-date", "desc", false, "b d c a"},
	} {
		for size := int32(1); size < 6; size++ {
			var got []string
			pages := sdk.NewListSecretsPaginator(f.Client, &sdk.ListSecretsInput{
				SortBy: c.by, SortOrder: c.order, IncludePlannedDeletion: aws.Bool(c.deleted), MaxResults: aws.Int32(size)})
			for pages.HasMorePages() {
				page, err := pages.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range page.SecretList {
					got = append(got, *s.Name)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%v by %d: %v", c, size, got)
			}
		}
	}
}

func TestListSecretsRefuses(t *testing.T) {
	f := newFront(t)
	for _, c := range []struct {
		in   sdk.ListSecretsInput
		want string
	}{
		{sdk.ListSecretsInput{NextToken: aws.String("x")}, "InvalidNextTokenException: Invalid NextToken."},
		{sdk.ListSecretsInput{MaxResults: aws.Int32(101)}, "ValidationException: 1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100"},
		{sdk.ListSecretsInput{Filters: []types.Filter{{Key: "name"}}}, "InvalidParameterException: Invalid filter values for key: name"},
		{sdk.ListSecretsInput{Filters: []types.Filter{{Key: "size", Values: []string{"1"}}}}, "ValidationException: 1 validation error detected: Value 'size' at 'filters.1.member.key' failed to satisfy constraint: Member must satisfy enum value set: [all, name, tag-key, description, tag-value, primary-region, owning-service]"},
	} {
		_, err := f.ListSecrets(t.Context(), &c.in)
		wantFailure(t, err, c.want)
	}
}

func TestBatchGetSecretValue(t *testing.T) {
	f := newFront(t)
	for i := range 5 {
		f.create(t, fmt.Sprintf("app/%d", i), fmt.Sprint(i))
	}
	f.create(t, "other", "x")
	if _, err := f.DeleteSecret(t.Context(), &sdk.DeleteSecretInput{SecretId: aws.String("other")}); err != nil {
		t.Fatal(err)
	}
	out, err := f.BatchGetSecretValue(t.Context(), &sdk.BatchGetSecretValueInput{SecretIdList: []string{"app/3", "none", "other", "app/1"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.SecretValues) != 2 || *out.SecretValues[0].SecretString != "3" || *out.SecretValues[1].SecretString != "1" || len(out.Errors) != 2 ||
		*out.Errors[0].SecretId != "none" || *out.Errors[0].ErrorCode != "ResourceNotFoundException" ||
		*out.Errors[1].ErrorCode+": "+*out.Errors[1].Message != marked {
		t.Fatalf("%+v", out)
	}
	var got string
	pages := sdk.NewBatchGetSecretValuePaginator(f.Client, &sdk.BatchGetSecretValueInput{
		Filters: []types.Filter{{Key: "name", Values: []string{"app/", "other"}}}, MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range page.SecretValues {
			got += *v.SecretString
		}
	}
	if got != "01234" {
		t.Error(got)
	}
	for _, c := range []struct {
		in   sdk.BatchGetSecretValueInput
		want string
	}{
		{sdk.BatchGetSecretValueInput{}, "InvalidParameterException: Either 'SecretIdList' or 'Filters' must be provided, but not both."},
		{sdk.BatchGetSecretValueInput{SecretIdList: []string{"a"}, MaxResults: aws.Int32(1)}, "InvalidParameterException: 'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided."},
	} {
		_, err := f.BatchGetSecretValue(t.Context(), &c.in)
		wantFailure(t, err, c.want)
	}
}
