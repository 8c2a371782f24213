package cloudwatchlogs

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// faults gathers what is wrong with a request's members, in AWS's words.
type faults []string

func (f *faults) add(value, member, rule string) {
	*f = append(*f, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, member, rule))
}

// err is nil when nothing was found.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	errors := "errors"
	if len(f) == 1 {
		errors = "error"
	}
	return invalid("%d validation %s detected: %s", len(f), errors, strings.Join(f, "; "))
}

// length checks the number of characters, of a member that must be there.
func (f *faults) length(v *string, member string, least, most int) bool {
	if v == nil {
		f.add("null", member, "Member must not be null")
		return false
	}
	n := utf8.RuneCountInString(*v)
	switch {
	case n < least:
		f.add("'"+*v+"'", member, fmt.Sprintf("Member must have length greater than or equal to %d", least))
	case n > most:
		f.add("'"+*v+"'", member, fmt.Sprintf("Member must have length less than or equal to %d", most))
	default:
		return true
	}
	return false
}

// pattern checks that every character is one of those that ok accepts.
func (f *faults) pattern(v, member, pattern string, ok func(r rune) bool) {
	if strings.IndexFunc(v, func(r rune) bool { return !ok(r) }) >= 0 {
		f.add("'"+v+"'", member, "Member must satisfy regular expression pattern: "+pattern)
	}
}

// between checks a number that may be absent.
func (f *faults) between(v *int32, member string, least, most int32) {
	switch {
	case v == nil:
	case *v < least:
		f.add(fmt.Sprintf("'%d'", *v), member, fmt.Sprintf("Member must have value greater than or equal to %d", least))
	case *v > most:
		f.add(fmt.Sprintf("'%d'", *v), member, fmt.Sprintf("Member must have value less than or equal to %d", most))
	}
}

// time checks a time that may be absent.
func (f *faults) time(v *int64, member string) {
	if v != nil && *v < 0 {
		f.add(fmt.Sprintf("'%d'", *v), member, "Member must have value greater than or equal to 0")
	}
}

// enum checks a member that may be absent.
func enum[T ~string](f *faults, v T, member string, values []T) {
	if v != "" && !slices.Contains(values, v) {
		f.add("'"+string(v)+"'", member, fmt.Sprintf("Member must satisfy enum value set: %v", sorted(values)))
	}
}

func sorted[T ~string](values []T) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	slices.Sort(out)
	return "[" + strings.Join(out, ", ") + "]"
}

// groupCharacters are those of a group's name.
const groupCharacters = `[\.\-_/#A-Za-z0-9]+`

func isGroupCharacter(r rune) bool {
	return r < 0x80 && (isAlphanumeric(byte(r)) || strings.ContainsRune(".-_/#", r))
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// group checks a group's name.
func (f *faults) group(v *string, member string) {
	if f.length(v, member, 1, 512) {
		f.pattern(*v, member, groupCharacters, isGroupCharacter)
	}
}

// stream checks a stream's name.
func (f *faults) stream(v *string, member string) {
	if f.length(v, member, 1, 512) {
		f.pattern(*v, member, "[^:*]*", func(r rune) bool { return r != ':' && r != '*' })
	}
}

func limit(v *int32, otherwise int) int {
	if v == nil {
		return otherwise
	}
	return int(*v)
}

// empty tells whether an optional string says nothing.
func empty(v *string) bool { return aws.ToString(v) == "" }
