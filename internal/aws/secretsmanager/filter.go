package secretsmanager

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/hatoba/hatoba/internal/state"
)

var validFilterValue = regexp.MustCompile(`^!?[a-zA-Z0-9 :_@/+=.\-!]*$`)

// checkFilters checks filters as AWS's model has them.
// Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Filter.html
func checkFilters(filters []types.Filter) error {
	if len(filters) > 10 {
		return constraint("[...]", "filters", "Member must have length less than or equal to 10")
	}
	for i, f := range filters {
		at := fmt.Sprintf("filters.%d.member", i+1)
		switch {
		case f.Key == "":
			return invalidParameter("Invalid filter key")
		case !slices.Contains(f.Key.Values(), f.Key):
			return constraint(string(f.Key), at+".key", "Member must satisfy enum value set: [all, name, tag-key, description, tag-value, primary-region, owning-service]")
		case len(f.Values) == 0:
			return invalidParameter("Invalid filter values for key: %s", f.Key)
		case len(f.Values) > 10:
			return constraint("[...]", at+".values", "Member must have length less than or equal to 10")
		}
		for _, v := range f.Values {
			if len(v) > 512 {
				return constraint(v, at+".values", "Member must have length less than or equal to 512")
			}
			if !validFilterValue.MatchString(v) {
				return constraint(v, at+".values", `Member must satisfy regular expression pattern: ^\!?[a-zA-Z0-9 :_@\/\+\=\.\-\!]*$`)
			}
		}
	}
	return nil
}

// matches tells whether a secret passes every filter.
func matches(secret state.Secret, filters []types.Filter) bool {
	for _, f := range filters {
		if !passes(f.Values, func(value string) bool { return matchOne(secret, f.Key, value) }) {
			return false
		}
	}
	return true
}

// passes: one of the plain values must match, if there are any, and none of
// those behind an exclamation mark may.
func passes(values []string, match func(string) bool) bool {
	wanted, found := false, false
	for _, value := range values {
		if unwanted, ok := strings.CutPrefix(value, "!"); ok {
			if match(unwanted) {
				return false
			}
			continue
		}
		wanted = true
		found = found || match(value)
	}
	return found || !wanted
}

func matchOne(secret state.Secret, key types.FilterNameStringType, value string) bool {
	switch key {
	case types.FilterNameStringTypeName:
		return strings.HasPrefix(secret.Name, value)
	case types.FilterNameStringTypeDescription:
		return strings.HasPrefix(strings.ToLower(secret.Description), strings.ToLower(value))
	case types.FilterNameStringTypeTagKey:
		return slices.ContainsFunc(secret.Tags, func(t types.Tag) bool { return strings.HasPrefix(aws.ToString(t.Key), value) })
	case types.FilterNameStringTypeTagValue:
		return slices.ContainsFunc(secret.Tags, func(t types.Tag) bool { return strings.HasPrefix(aws.ToString(t.Value), value) })
	case types.FilterNameStringTypeAll:
		return matchAll(secret, value)
	}
	return false // primary-region, owning-service: no secret has one
}

// matchAll: each word of value begins a word of some attribute.
func matchAll(secret state.Secret, value string) bool {
	text := []string{secret.Name, secret.Description}
	for _, t := range secret.Tags {
		text = append(text, aws.ToString(t.Key), aws.ToString(t.Value))
	}
	have := words(strings.Join(text, " "))
	for _, want := range words(value) {
		if !slices.ContainsFunc(have, func(word string) bool { return strings.HasPrefix(word, want) }) {
			return false
		}
	}
	return true
}

func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
