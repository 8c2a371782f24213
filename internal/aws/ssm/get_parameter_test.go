package ssm

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

const arnPrefix = "arn:aws:ssm:eu-west-1:123456789012:parameter/"

func TestGetParameterByEveryName(t *testing.T) {
	f := newFront(t)
	f.put(t, "/prod/db", "one", types.ParameterTypeSecureString)
	f.put(t, "/prod/db", "two", types.ParameterTypeSecureString)
	f.put(t, "bare", "b", types.ParameterTypeString)
	f.put(t, "/rooted", "r", types.ParameterTypeStringList)
	if _, err := f.LabelParameterVersion(t.Context(), &sdk.LabelParameterVersionInput{Name: aws.String("/prod/db"), Labels: []string{"live"}, ParameterVersion: aws.Int64(1)}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, want, selector string }{
		{"/prod/db", "two", ""},
		{"/prod/db:1", "one", ":1"},
		{"/prod/db:live", "one", ":live"},
		{arnPrefix + "prod/db", "two", ""},
		{arnPrefix + "prod/db:1", "one", ":1"},
		{"bare", "b", ""}, {arnPrefix + "bare", "b", ""},
		{"/rooted", "r", ""}, {arnPrefix + "rooted", "r", ""},
	} {
		out, err := f.GetParameter(t.Context(), &sdk.GetParameterInput{Name: &c.name, WithDecryption: aws.Bool(true)})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if p := out.Parameter; *p.Value != c.want || aws.ToString(p.Selector) != c.selector || strings.Contains(*p.Name, ":") {
			t.Errorf("%s: %+v", c.name, p)
		}
		if v, err := f.service.Resolve(t.Context(), testScope, c.name); err != nil || v.Reveal() != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for name, want := range map[string]string{
		"/none":           "ParameterNotFound: Parameter /none not found.",
		"prod/db":         "ParameterNotFound: Parameter prod/db not found.",
		"/prod/db:3":      "ParameterVersionNotFound: Systems Manager could not find version 3 of /prod/db. Verify the version and try again.",
		"/prod/db:nolive": "ParameterVersionNotFound: Systems Manager could not find version nolive of /prod/db. Verify the version and try again.",
		strings.Replace(arnPrefix, "eu-west-1", "us-east-1", 1) + "bare": "ParameterNotFound: Parameter arn:aws:ssm:us-east-1:123456789012:parameter/bare not found.",
	} {
		_, err := f.GetParameter(t.Context(), &sdk.GetParameterInput{Name: &name})
		wantFailure(t, err, want)
	}
	many, err := f.GetParameters(t.Context(), &sdk.GetParametersInput{Names: []string{"bare", "/none", "/prod/db:1", "/prod/db:9"}, WithDecryption: aws.Bool(true)})
	if err != nil || len(many.Parameters) != 2 || *many.Parameters[0].Value != "one" || *many.Parameters[1].Value != "b" ||
		!slices.Equal(many.InvalidParameters, []string{"/none", "/prod/db:9"}) {
		t.Fatalf("%+v %v", many, err)
	}
	_, err = f.GetParameters(t.Context(), &sdk.GetParametersInput{Names: slices.Repeat([]string{"a"}, 11)})
	wantFailure(t, err, "ValidationException: 1 validation error detected: Value '[a, a, a, a, a, a, a, a, a, a, a]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 10.")
}

func TestGetParametersByPath(t *testing.T) {
	f := newFront(t)
	for _, name := range []string{"/app/a", "/app/b", "/app/deep/c", "/app/deep/er/d", "/apple/e", "/app.x", "top"} {
		f.put(t, name, name, types.ParameterTypeString)
	}
	f.put(t, "/app/b", "second", types.ParameterTypeString)
	if _, err := f.LabelParameterVersion(t.Context(), &sdk.LabelParameterVersionInput{Name: aws.String("/app/b"), Labels: []string{"old"}, ParameterVersion: aws.Int64(1)}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path      string
		recursive bool
		want      string
	}{
		{"/app", false, "/app/a /app/b"},
		{"/app/", false, "/app/a /app/b"},
		{"/app", true, "/app/a /app/b /app/deep/c /app/deep/er/d"},
		{"/", false, "/app.x top"},
		{"/", true, "/app.x /app/a /app/b /app/deep/c /app/deep/er/d /apple/e top"},
		{"/none", true, ""},
	} {
		for size := int32(1); size < 4; size++ {
			var got []string
			pages := sdk.NewGetParametersByPathPaginator(f.Client, &sdk.GetParametersByPathInput{Path: &c.path, Recursive: &c.recursive, MaxResults: &size})
			for pages.HasMorePages() {
				page, err := pages.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range page.Parameters {
					got = append(got, *p.Name)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%+v: %v", c, got)
			}
		}
	}
	labelled, err := f.GetParametersByPath(t.Context(), &sdk.GetParametersByPathInput{
		Path: aws.String("/app"), ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Label"), Values: []string{"old"}}}})
	if err != nil || len(labelled.Parameters) != 1 || *labelled.Parameters[0].Value != "/app/b" || labelled.Parameters[0].Version != 1 {
		t.Fatalf("%+v %v", labelled, err)
	}
	_, err = f.GetParametersByPath(t.Context(), &sdk.GetParametersByPathInput{Path: aws.String("/app"), MaxResults: aws.Int32(11)})
	wantFailure(t, err, "ValidationException: 1 validation error detected: Value '11' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 10")
	_, err = f.GetParametersByPath(t.Context(), &sdk.GetParametersByPathInput{Path: aws.String("/app"), NextToken: aws.String("x")})
	wantFailure(t, err, "InvalidNextToken: The specified token isn't valid.")
	if _, err = f.GetParametersByPath(t.Context(), &sdk.GetParametersByPathInput{Path: aws.String("app")}); !strings.HasPrefix(failure(err), "ValidationException: The parameter doesn't meet the parameter name requirements.") {
		t.Error(err)
	}
}
