package events

import (
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events/pattern"
	"github.com/hatoba/hatoba/internal/wire"
)

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}

// unsupported refuses a member by name.
func unsupported(member string) error {
	return invalid("Hatoba does not support %s.", member)
}

func notFound(format string, args ...any) error {
	return &types.ResourceNotFoundException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func exists(format string, args ...any) error {
	return &types.ResourceAlreadyExistsException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func limited(format string, args ...any) error {
	return &types.LimitExceededException{Message: aws.String(fmt.Sprintf(format, args...))}
}

// constraint is the form AWS tells in what a value breaks.
func constraint(value, member, rule string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

var (
	nameForm = regexp.MustCompile(`^[.\-_A-Za-z0-9]+$`)
	busForm  = regexp.MustCompile(`^[/.\-_A-Za-z0-9]+$`)
)

// checkName checks a name that must be there.
func checkName(value *string, member string, longest int, form *regexp.Regexp) error {
	switch v := aws.ToString(value); {
	case value == nil:
		return invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
	case v == "":
		return constraint("", member, "Member must have length greater than or equal to 1")
	case len(v) > longest:
		return constraint(v, member, fmt.Sprintf("Member must have length less than or equal to %d", longest))
	case !form.MatchString(v):
		return constraint(v, member, "Member must satisfy regular expression pattern: "+form.String()[1:len(form.String())-1])
	}
	return nil
}

// checkLength bounds a text in characters.
func checkLength(value *string, member string, longest int) error {
	if v := aws.ToString(value); utf8.RuneCountInString(v) > longest {
		return constraint(v, member, fmt.Sprintf("Member must have length less than or equal to %d", longest))
	}
	return nil
}

// checkEnum holds a value to those there are; "" is none.
func checkEnum[T ~string](value T, member string, all []T) error {
	if value != "" && !slices.Contains(all, value) {
		return constraint(string(value), member, wire.OneOf(all))
	}
	return nil
}

var roleForm = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$`)

// checkRole checks the ARN of a role that may be absent.
func checkRole(arn *string) error {
	if given := aws.ToString(arn); given != "" && !roleForm.MatchString(given) {
		return invalid("Parameter RoleArn is not valid. Reason: Provided Arn is not in correct format.")
	}
	return nil
}

// compile reads a pattern, with AWS's error when it is none.
func compile(text string) (*pattern.Pattern, error) {
	if err := checkLength(&text, "eventPattern", 4096); err != nil {
		return nil, err
	}
	p, err := pattern.Compile(text)
	if err != nil {
		return nil, &types.InvalidEventPatternException{Message: aws.String("Event pattern is not valid. Reason: " + err.Error())}
	}
	return p, nil
}

// page takes a page out of a list that is sorted by id.
func page[T any](kind string, list []T, id func(T) string, token *string, limit *int32) ([]T, *string, error) {
	size, ok := wire.PageSize(limit, 100, 100)
	if !ok {
		return nil, nil, constraint(fmt.Sprint(size), "limit", wire.ValueWithin(size, 1, 100))
	}
	out, next, err := wire.Cut(kind, list, id, token, size)
	if err != nil {
		return nil, nil, invalid("Parameter NextToken is not valid.")
	}
	return out, next, nil
}
