package ssm

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

func TestPutParameterKeepsWhatIsLeftOpen(t *testing.T) {
	f := newFront(t)
	ctx, name := t.Context(), aws.String("/prod/db/port")
	first, err := f.PutParameter(ctx, &sdk.PutParameterInput{
		Name: name, Value: aws.String("5432"), Type: types.ParameterTypeSecureString, Description: aws.String("d"),
		AllowedPattern: aws.String(`^\d+$`), KeyId: aws.String("alias/aws/ssm"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	})
	if err != nil || first.Version != 1 || first.Tier != types.ParameterTierStandard {
		t.Fatalf("%v %v", first, err)
	}
	second, err := f.PutParameter(ctx, &sdk.PutParameterInput{Name: name, Value: aws.String("5433"), Overwrite: aws.Bool(true)})
	if err != nil || second.Version != 2 {
		t.Fatalf("%v %v", second, err)
	}
	d, err := f.DescribeParameters(ctx, &sdk.DescribeParametersInput{})
	if err != nil || len(d.Parameters) != 1 {
		t.Fatal(err)
	}
	p := d.Parameters[0]
	if *p.ARN != "arn:aws:ssm:eu-west-1:123456789012:parameter/prod/db/port" || p.Type != "SecureString" || *p.Description != "d" || *p.KeyId != "alias/aws/ssm" ||
		*p.AllowedPattern != `^\d+$` || p.Version != 2 || !p.LastModifiedDate.Equal(start) || *p.DataType != "text" || *p.LastModifiedUser != "arn:aws:iam::123456789012:root" {
		t.Errorf("%+v", p)
	}
	_, err = f.PutParameter(ctx, &sdk.PutParameterInput{Name: name, Value: aws.String("port"), Overwrite: aws.Bool(true)})
	wantFailure(t, err, `ParameterPatternMismatchException: Parameter value, cannot be validated against allowedPattern: ^\d+$`)
}

func TestPutParameterRefuses(t *testing.T) {
	f := newFront(t)
	f.put(t, "/have", "v", types.ParameterTypeString)
	str := types.ParameterTypeString
	for name, c := range map[string]struct {
		in   sdk.PutParameterInput
		want string
	}{
		"exists":        {sdk.PutParameterInput{Name: aws.String("/have"), Type: str}, "ParameterAlreadyExists: The parameter already exists. To overwrite this value, set the overwrite option in the request to true."},
		"no type":       {sdk.PutParameterInput{}, "ValidationException: A parameter type is required when you create a parameter."},
		"bad type":      {sdk.PutParameterInput{Type: "Secret"}, "ValidationException: 1 validation error detected: Value 'Secret' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [SecureString, StringList, String]"},
		"another type":  {sdk.PutParameterInput{Name: aws.String("/have"), Type: types.ParameterTypeSecureString, Overwrite: aws.Bool(true)}, "HierarchyTypeMismatchException: Parameter Store does not support changing a parameter type in a hierarchy. For example, you can't change a parameter from a String type to a SecureString type. You must create a new, unique parameter."},
		"reserved":      {sdk.PutParameterInput{Name: aws.String("/aws/x"), Type: str}, "AccessDeniedException: No access to reserved parameter name: /aws/x."},
		"ssm":           {sdk.PutParameterInput{Name: aws.String("SSMx"), Type: str}, `ValidationException: Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive).`},
		"not qualified": {sdk.PutParameterInput{Name: aws.String("a/b"), Type: str}, "ValidationException: Parameter name must be a fully qualified name."},
		"trailing":      {sdk.PutParameterInput{Name: aws.String("/a/"), Type: str}, "ValidationException: Parameter name must not end with slash."},
		"deep":          {sdk.PutParameterInput{Name: aws.String(strings.Repeat("/a", 16)), Type: str}, "HierarchyLevelLimitExceededException: A hierarchy can have a maximum of 15 levels: " + strings.Repeat("/a", 16)},
		"large":         {sdk.PutParameterInput{Type: str, Value: aws.String(strings.Repeat("x", 4097))}, "ValidationException: Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"},
		"too large":     {sdk.PutParameterInput{Type: str, Tier: types.ParameterTierAdvanced, Value: aws.String(strings.Repeat("x", 8193))}, "ValidationException: Advanced tier parameters support a maximum parameter value of 8192 characters."},
		"nested":        {sdk.PutParameterInput{Type: str, Value: aws.String("{{ssm:x}}")}, `ValidationException: Parameter value can't nest another parameter. Do not use "{{}}" in the value.`},
		"tags":          {sdk.PutParameterInput{Name: aws.String("/have"), Overwrite: aws.Bool(true), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}, "ValidationException: Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource."},
		"policies":      {sdk.PutParameterInput{Type: str, Policies: aws.String(`[{"Type":"Expiration"}]`)}, "ValidationException: Policies (parameter policies) is not supported by Hatoba."},
		"image":         {sdk.PutParameterInput{Type: str, DataType: aws.String("aws:ec2:image")}, "ValidationException: DataType aws:ec2:image is not supported by Hatoba."},
		"data type":     {sdk.PutParameterInput{Type: str, DataType: aws.String("Text")}, "ValidationException: The following data type is not supported: Text (Data type names are all lowercase.)"},
		"key":           {sdk.PutParameterInput{Type: types.ParameterTypeSecureString, KeyId: aws.String("alias/mine")}, "InvalidKeyId: Alias arn:aws:kms:eu-west-1:123456789012:alias/mine is not found. (Service: Kms, Status Code: 400, Error Code: NotFoundException)"},
		"key of string": {sdk.PutParameterInput{Type: str, KeyId: aws.String("alias/aws/ssm")}, "ValidationException: KeyId is required for SecureString type parameter only."},
		"pattern":       {sdk.PutParameterInput{Type: str, AllowedPattern: aws.String("(")}, "InvalidAllowedPatternException: The allowed pattern is not a regular expression of the RE2 syntax: ("},
	} {
		t.Run(name, func(t *testing.T) {
			if c.in.Name == nil {
				c.in.Name = aws.String("/new")
			}
			if c.in.Value == nil {
				c.in.Value = aws.String("v")
			}
			_, err := f.PutParameter(t.Context(), &c.in)
			wantFailure(t, err, c.want)
		})
	}
}

// A pattern costs no more than anybody means it to.
func TestHostilePatterns(t *testing.T) {
	f := newFront(t)
	put := func(pattern, value string) error {
		_, err := f.PutParameter(t.Context(), &sdk.PutParameterInput{
			Name: aws.String("/p"), Value: &value, Type: types.ParameterTypeString, Tier: types.ParameterTierAdvanced, AllowedPattern: &pattern, Overwrite: aws.Bool(true),
		})
		return err
	}
	if got := failure(put(strings.Repeat("(a?){999}", 100), strings.Repeat("a", 8000))); !strings.HasPrefix(got, "InvalidAllowedPatternException: ") {
		t.Error(got)
	}
	if err := put("[a-z]{3}", "abc"); err != nil {
		t.Error(err)
	}
	_, err := f.PutParameter(t.Context(), &sdk.PutParameterInput{Name: aws.String("/p"), Value: aws.String("abcd"), Overwrite: aws.Bool(true)})
	wantFailure(t, err, "ParameterPatternMismatchException: Parameter value, cannot be validated against allowedPattern: [a-z]{3}")
}

func TestDecideTier(t *testing.T) {
	const standard, advanced, intelligent = types.ParameterTierStandard, types.ParameterTierAdvanced, types.ParameterTierIntelligentTiering
	for _, c := range []struct {
		had, asked types.ParameterTier
		size       int
		want       types.ParameterTier
	}{
		{"", "", 4096, standard}, {"", "", 4097, ""}, {"", standard, 1, standard}, {"", advanced, 1, advanced}, {"", advanced, 8192, advanced}, {"", advanced, 8193, ""},
		{"", intelligent, 4096, standard}, {"", intelligent, 4097, advanced}, {"", intelligent, 8193, ""},
		{standard, "", 1, standard}, {standard, advanced, 1, advanced}, {standard, intelligent, 5000, advanced},
		{advanced, "", 1, advanced}, {advanced, intelligent, 1, advanced}, {advanced, standard, 1, ""}, {advanced, "", 8193, ""},
	} {
		got, err := decideTier(c.had, c.asked, c.size)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%+v: %s, %v", c, got, err)
		}
	}
}

func TestVersionsArePruned(t *testing.T) {
	f := newFront(t)
	for range 101 {
		f.put(t, "/app", "v", types.ParameterTypeString)
	}
	_, err := f.GetParameter(t.Context(), &sdk.GetParameterInput{Name: aws.String("/app:1")})
	wantFailure(t, err, "ParameterVersionNotFound: Systems Manager could not find version 1 of /app. Verify the version and try again.")
	var versions []int64
	pages := sdk.NewGetParameterHistoryPaginator(f.Client, &sdk.GetParameterHistoryInput{Name: aws.String("/app"), MaxResults: aws.Int32(33)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Parameters {
			versions = append(versions, p.Version)
		}
	}
	if len(versions) != 100 || versions[0] != 2 || versions[99] != 101 {
		t.Fatal(versions)
	}
	if _, err := f.LabelParameterVersion(t.Context(), &sdk.LabelParameterVersionInput{Name: aws.String("/app"), Labels: []string{"keep"}, ParameterVersion: aws.Int64(2)}); err != nil {
		t.Fatal(err)
	}
	_, err = f.PutParameter(t.Context(), &sdk.PutParameterInput{Name: aws.String("/app"), Value: aws.String("v"), Overwrite: aws.Bool(true)})
	wantFailure(t, err, "ParameterMaxVersionLimitExceeded: You attempted to create a new version of /app by calling the PutParameter API with the overwrite flag. Version 2, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.")
}
