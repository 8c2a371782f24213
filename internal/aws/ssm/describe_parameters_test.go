package ssm

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

func TestDescribeParametersFilters(t *testing.T) {
	f := newFront(t)
	f.put(t, "/app/a", "v", types.ParameterTypeString)
	f.put(t, "/app/deep/b", "v", types.ParameterTypeSecureString)
	f.put(t, "top", "v", types.ParameterTypeStringList)
	_, err := f.PutParameter(t.Context(), &sdk.PutParameterInput{Name: aws.String("/big"), Value: aws.String(strings.Repeat("x", 5000)),
		Type: types.ParameterTypeString, Tier: types.ParameterTierIntelligentTiering, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}}})
	if err != nil {
		t.Fatal(err)
	}
	describe := func(in *sdk.DescribeParametersInput) string {
		out, err := f.DescribeParameters(t.Context(), in)
		if err != nil {
			return failure(err)
		}
		var names []string
		for _, p := range out.Parameters {
			names = append(names, *p.Name)
		}
		return strings.Join(names, " ")
	}
	for _, c := range []struct{ key, option, values, want string }{
		{"Name", "", "/app/a", "/app/a"},
		{"Name", "", "/top|/app/a", "/app/a top"},
		{"Name", "BeginsWith", "/app", "/app/a /app/deep/b"},
		{"Name", "BeginsWith", "app", "/app/a /app/deep/b"},
		{"Name", "Contains", "eep", "/app/deep/b"},
		{"Type", "", "String|StringList", "/app/a /big top"},
		{"Type", "BeginsWith", "String", "/app/a /big top"},
		{"KeyId", "", "alias/aws/ssm", "/app/deep/b"},
		{"KeyId", "BeginsWith", "alias/", "/app/deep/b"},
		{"Path", "", "/app", "/app/a"},
		{"Path", "Recursive", "/app", "/app/a /app/deep/b"},
		{"Path", "OneLevel", "/", "/big top"},
		{"Tier", "", "Advanced", "/big"},
		{"DataType", "", "text", "/app/a /app/deep/b /big top"},
		{"tag:team", "", "blue|red", "/big"},
		{"tag:team", "BeginsWith", "bl", "/big"},
		{"tag:team", "", "red", ""},
		{"tag:team", "", "", "/big"},
		{"Label", "", "x", "InvalidFilterKey: "},
		{"Owner", "", "x", "ValidationException: 1 validation error detected: Value 'Owner' at 'parameterFilters.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: tag:.+|Name|Type|KeyId|Path|Label|Tier|DataType"},
		{"Name", "", "", "InvalidFilterValue: The following filter values are missing : null for filter key Name."},
		{"Name", "Like", "x", "InvalidFilterOption: The following filter option is not valid: Like. Valid options include: [BeginsWith, Equals, Contains]."},
		{"Path", "Equals", "/app", "InvalidFilterOption: The following filter option is not valid: Equals. Valid options include: [Recursive, OneLevel]."},
		{"Tier", "", "Big", "InvalidFilterOption: The following filter value is not valid: Big. Valid values include: [Standard, Advanced, Intelligent-Tiering]."},
		{"Path", "", "/aws/x", `ValidationException: Filters for common parameters can't be prefixed with "aws" or "ssm" (case-insensitive). When using global parameters, please specify within a global namespace.`},
	} {
		filter := types.ParameterStringFilter{Key: &c.key}
		if c.option != "" {
			filter.Option = &c.option
		}
		if c.values != "" {
			filter.Values = strings.Split(c.values, "|")
		}
		if got := describe(&sdk.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{filter}}); got != c.want {
			t.Errorf("%+v\n got %s", c, got)
		}
	}
	name := types.ParameterStringFilter{Key: aws.String("Name"), Values: []string{"x"}}
	old := []types.ParametersFilter{{Key: types.ParametersFilterKeyName, Values: []string{"/app"}}, {Key: types.ParametersFilterKeyType, Values: []string{"String"}}}
	for want, in := range map[string]*sdk.DescribeParametersInput{
		"/app/a": {Filters: old},
		"":       {Shared: aws.Bool(true)},
		"ValidationException: You can use either Filters or ParameterFilters in a single request.": {Filters: old, ParameterFilters: []types.ParameterStringFilter{name}},
		"InvalidFilterKey: ": {ParameterFilters: []types.ParameterStringFilter{name, name}},
	} {
		if got := describe(in); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

// The SDK drops the message of an exception whose shape has none; the CLI
// shows it.
func TestFilterKeyMessages(t *testing.T) {
	name := types.ParameterStringFilter{Key: aws.String("Name"), Values: []string{"x"}}
	label := types.ParameterStringFilter{Key: aws.String("Label"), Values: []string{"x"}}
	for _, c := range []struct {
		filters []types.ParameterStringFilter
		byPath  bool
		want    string
	}{
		{[]types.ParameterStringFilter{name, name}, false, "InvalidFilterKey: The following filter is duplicated in the request: Name. A request can contain only one occurrence of a specific filter."},
		{[]types.ParameterStringFilter{label}, false, "InvalidFilterKey: The following filter key is not valid: Label. Valid filter keys include: [Path, Name, Type, KeyId, Tier]."},
		{[]types.ParameterStringFilter{name}, true, "InvalidFilterKey: The following filter key is not valid: Name. Valid filter keys include: [Type, KeyId]."},
		{[]types.ParameterStringFilter{label}, true, "no error"},
	} {
		wantFailure(t, checkFilters(c.filters, c.byPath), c.want)
	}
}

func TestDescribeParametersPages(t *testing.T) {
	f := newFront(t)
	for _, name := range []string{"/a", "/b", "/c", "/d", "/e"} {
		f.put(t, name, "v", types.ParameterTypeString)
	}
	for size := int32(1); size < 7; size++ {
		var got string
		pages := sdk.NewDescribeParametersPaginator(f.Client, &sdk.DescribeParametersInput{MaxResults: &size})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range page.Parameters {
				got += *p.Name
			}
		}
		if got != "/a/b/c/d/e" {
			t.Errorf("by %d: %s", size, got)
		}
	}
}
