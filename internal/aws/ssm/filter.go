package ssm

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/state"
)

var filterKey = regexp.MustCompile(`^(tag:.+|Name|Type|KeyId|Path|Label|Tier|DataType)$`)

// checkFilters checks ParameterFilters of GetParametersByPath (byPath) or
// DescribeParameters.
// Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html
func checkFilters(filters []types.ParameterStringFilter, byPath bool) error {
	seen := map[string]bool{}
	for i, f := range filters {
		key := aws.ToString(f.Key)
		if err := checkFilterShape(fmt.Sprintf("parameterFilters.%d.member", i+1), key, f.Values); err != nil {
			return err
		}
		if !byPath && key == "Label" {
			return invalidFilterKey("The following filter key is not valid: Label. Valid filter keys include: [Path, Name, Type, KeyId, Tier].")
		}
		if byPath && !slices.Contains([]string{"Type", "KeyId", "Label"}, key) {
			return invalidFilterKey("The following filter key is not valid: %s. Valid filter keys include: [Type, KeyId].", key)
		}
		if len(f.Values) == 0 && !strings.HasPrefix(key, "tag:") {
			return invalidFilterValue("The following filter values are missing : null for filter key %s.", key)
		}
		if seen[key] {
			return invalidFilterKey("The following filter is duplicated in the request: %s. A request can contain only one occurrence of a specific filter.", key)
		}
		seen[key] = true
		if err := checkFilterOption(key, option(f)); err != nil {
			return err
		}
		if err := checkFilterValues(key, f.Values); err != nil {
			return err
		}
	}
	return nil
}

func checkFilterShape(at, key string, values []string) error {
	switch {
	case !filterKey.MatchString(key):
		return constraint(key, at+".key", "Member must satisfy regular expression pattern: tag:.+|Name|Type|KeyId|Path|Label|Tier|DataType")
	case len(key) > 132:
		return constraint(key, at+".key", "Member must have length less than or equal to 132")
	case len(values) > 50:
		return constraint("[...]", at+".values", "Member must have length less than or equal to 50")
	}
	for _, v := range values {
		if v == "" || len(v) > 1024 {
			return constraint("["+v+"]", at+".values", "[Member must have length less than or equal to 1024, Member must have length greater than or equal to 1]")
		}
	}
	return nil
}

func checkFilterOption(key, option string) error {
	valid := []string{"BeginsWith", "Equals"}
	switch key {
	case "Path":
		valid = []string{"Recursive", "OneLevel"}
	case "Label":
		valid = []string{"Equals"}
	case "Name":
		valid = []string{"BeginsWith", "Equals", "Contains"}
	}
	if !slices.Contains(valid, option) {
		return invalidFilterOption("The following filter option is not valid: %s. Valid options include: [%s].", option, strings.Join(valid, ", "))
	}
	return nil
}

func checkFilterValues(key string, values []string) error {
	for _, v := range values {
		var valid []string
		switch key {
		case "Path":
			if low := strings.ToLower(v); strings.HasPrefix(low, "/aws") || strings.HasPrefix(low, "/ssm") {
				return invalid(`Filters for common parameters can't be prefixed with "aws" or "ssm" (case-insensitive). When using global parameters, please specify within a global namespace.`)
			}
			if err := checkPath(v); err != nil {
				return err
			}
			continue
		case "Tier":
			valid = []string{"Standard", "Advanced", "Intelligent-Tiering"}
		case "Type":
			valid = []string{"String", "StringList", "SecureString"}
		default:
			continue
		}
		if !slices.Contains(valid, v) {
			return invalidFilterOption("The following filter value is not valid: %s. Valid values include: [%s].", v, strings.Join(valid, ", "))
		}
	}
	return nil
}

func option(f types.ParameterStringFilter) string {
	switch o := aws.ToString(f.Option); {
	case o != "":
		return o
	case aws.ToString(f.Key) == "Path":
		return "OneLevel"
	default:
		return "Equals"
	}
}

// matches tells whether a parameter passes every filter; one of a filter's
// values suffices.
func matches(p state.Parameter, filters []types.ParameterStringFilter) bool {
	return !slices.ContainsFunc(filters, func(f types.ParameterStringFilter) bool { return !matchOne(p, f) })
}

func matchOne(p state.Parameter, f types.ParameterStringFilter) bool {
	switch key := aws.ToString(f.Key); key {
	case "Path":
		return slices.ContainsFunc(f.Values, func(path string) bool { return inPath(p.Name, path, option(f) == "Recursive") })
	case "Name":
		return compare(p.Name, f) || option(f) != "Contains" && compareRooted(p.Name, f)
	case "Type":
		return compare(string(p.Latest.Type), f)
	case "Tier":
		return compare(string(p.Latest.Tier), f)
	case "KeyId":
		return compare(p.Latest.KeyID, f)
	case "DataType":
		return compare(p.Latest.DataType, f)
	case "Label":
		return slices.ContainsFunc(f.Values, func(label string) bool { return p.Labels[label] != 0 })
	default:
		name := strings.TrimPrefix(key, "tag:")
		return slices.ContainsFunc(p.Tags, func(t types.Tag) bool {
			return aws.ToString(t.Key) == name && (len(f.Values) == 0 || compare(aws.ToString(t.Value), f))
		})
	}
}

func compare(have string, f types.ParameterStringFilter) bool {
	return slices.ContainsFunc(f.Values, func(value string) bool {
		switch option(f) {
		case "BeginsWith":
			return strings.HasPrefix(have, value)
		case "Contains":
			return strings.Contains(have, value)
		default:
			return have == value
		}
	})
}

// compareRooted takes "a" and "/a" for one.
func compareRooted(name string, f types.ParameterStringFilter) bool {
	f.Values = slices.Clone(f.Values)
	for i, v := range f.Values {
		f.Values[i] = "/" + strings.TrimPrefix(v, "/")
	}
	return compare(rooted(name), f)
}
