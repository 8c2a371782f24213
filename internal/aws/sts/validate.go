package sts

import (
	"fmt"
	"net/http"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/hatoba/hatoba/internal/wire"
)

// constraint is AWS's text for a member that breaks a rule of the model.
func constraint(value any, member, rule string) error {
	return wire.Errorf("ValidationError", "1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

func accessDenied(format string, args ...any) error {
	return &wire.Error{Code: "AccessDenied", Message: fmt.Sprintf(format, args...), Status: http.StatusForbidden}
}

// text checks a member's length and form.
func text(value *string, member string, shortest, longest int, form *regexp.Regexp) error {
	v := aws.ToString(value)
	switch {
	case value == nil:
		return wire.Errorf("ValidationError", "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
	case len(v) < shortest:
		return constraint(v, member, fmt.Sprintf("Member must have length greater than or equal to %d", shortest))
	case len(v) > longest:
		return constraint(v, member, fmt.Sprintf("Member must have length less than or equal to %d", longest))
	case form != nil && !form.MatchString(v):
		return constraint(v, member, "Member must satisfy regular expression pattern: "+form.String())
	}
	return nil
}

// duration reads DurationSeconds within bounds.
func duration(value *int32, otherwise, longest int32) (int32, error) {
	if value == nil {
		return otherwise, nil
	}
	switch {
	case *value < 900:
		return 0, constraint(*value, "durationSeconds", "Member must have value greater than or equal to 900")
	case *value > longest:
		return 0, constraint(*value, "durationSeconds", fmt.Sprintf("Member must have value less than or equal to %d", longest))
	}
	return *value, nil
}

// noTokenSize refuses tokens that are longer than they need be.
func noTokenSize(value *int32) error {
	if aws.ToInt32(value) != 0 {
		return wire.Errorf("ValidationError", "Hatoba does not support MinimumSessionTokenSize; leave it out.")
	}
	return nil
}

var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// tags checks session tags: at most 50, keys unlike without regard to case.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
func tags(list []types.Tag) (map[string]string, error) {
	if len(list) > 50 {
		return nil, constraint(len(list), "tags", "Member must have length less than or equal to 50")
	}
	out := map[string]string{}
	for i, tag := range list {
		if err := text(tag.Key, fmt.Sprintf("tags.%d.member.key", i+1), 1, 128, tagText); err != nil {
			return nil, err
		}
		if err := text(tag.Value, fmt.Sprintf("tags.%d.member.value", i+1), 0, 256, tagText); err != nil {
			return nil, err
		}
		if _, twice := out[*tag.Key]; twice {
			return nil, wire.Errorf("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		out[*tag.Key] = *tag.Value
	}
	return out, nil
}
