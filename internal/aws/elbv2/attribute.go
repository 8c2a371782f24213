package elbv2

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// attribute is a setting by name. Of those that are here without effect only
// the default is taken: what they would turn on is not there.
type attribute struct {
	key, initial string
	check        func(value string) string // what is wrong, "" when nothing; nil: only the initial value
}

func boolean(v string) string {
	if v != "true" && v != "false" {
		return "must be 'true' or 'false'"
	}
	return ""
}

func between(low, high int) func(string) string {
	return func(v string) string {
		if n, err := strconv.Atoi(v); err != nil || n < low || n > high {
			return "must be between " + strconv.Itoa(low) + " and " + strconv.Itoa(high) + " inclusive"
		}
		return ""
	}
}

func oneOf(values ...string) func(string) string {
	return func(v string) string {
		if !slices.Contains(values, v) {
			return "must be one of '" + strings.Join(values, "', '") + "'"
		}
		return ""
	}
}

// offOr takes "off" and what check takes.
func offOr(check func(string) string) func(string) string {
	return func(v string) string {
		if v == "off" {
			return ""
		}
		return check(v)
	}
}

func text(string) string { return "" }

var headerName = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+.^_|~-]{1,40}$`)

// attributeName is the form of every attribute's name.
var attributeName = regexp.MustCompile(`^[a-zA-Z0-9._]{1,256}$`)

// pair is an attribute of any of the SDK's three types.
type pair struct{ key, value *string }

// changed is old with the given settings made, each checked.
func changed(what string, table []attribute, old map[string]string, given []pair) (map[string]string, error) {
	if len(given) == 0 {
		return nil, invalid("At least one %s attribute must be specified", what)
	}
	if len(given) > maxAttributes {
		return nil, invalid("Cannot specify more than %d attributes", maxAttributes)
	}
	out := maps.Clone(old)
	if out == nil {
		out = map[string]string{}
	}
	seen := map[string]bool{}
	for _, p := range given {
		key, value := aws.ToString(p.key), aws.ToString(p.value)
		i := slices.IndexFunc(table, func(a attribute) bool { return a.key == key })
		if i < 0 || !attributeName.MatchString(key) {
			return nil, invalid("%s attribute key '%s' is not recognized", strings.ToUpper(what[:1])+what[1:], key)
		}
		if seen[key] {
			return nil, badConfiguration("%s attribute key '%s' was specified more than once", strings.ToUpper(what[:1])+what[1:], key)
		}
		seen[key] = true
		a := table[i]
		if len(value) > 1024 {
			return nil, invalid("%s attribute '%s' is longer than 1024 characters", strings.ToUpper(what[:1])+what[1:], key)
		}
		if a.check == nil && value != a.initial {
			return nil, unsupported("%s attribute '%s' can only be '%s' here", strings.ToUpper(what[:1])+what[1:], key, a.initial)
		}
		if a.check != nil {
			if wrong := a.check(value); wrong != "" {
				return nil, invalid("%s attribute '%s' with value '%s' %s", strings.ToUpper(what[:1])+what[1:], key, value, wrong)
			}
		}
		out[key] = value
	}
	return out, nil
}

// settings yields every attribute of a table with its value, by name.
func settings(table []attribute, set map[string]string) (out []pair) {
	for _, a := range table {
		value, ok := set[a.key]
		if !ok {
			value = a.initial
		}
		out = append(out, pair{aws.String(a.key), aws.String(value)})
	}
	slices.SortFunc(out, func(a, b pair) int { return strings.Compare(*a.key, *b.key) })
	return out
}

// setting is one attribute's value.
func setting(table []attribute, set map[string]string, key string) string {
	if v, ok := set[key]; ok {
		return v
	}
	for _, a := range table {
		if a.key == key {
			return a.initial
		}
	}
	return ""
}
