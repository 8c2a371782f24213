package wire

import (
	"strconv"
	"strings"
)

// The rules that AWS cites when a member's value breaks its model: what follows
// "failed to satisfy constraint: ".

// OneOf is the rule of a member that takes one of values.
func OneOf[T ~string](values []T) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return "Member must satisfy enum value set: [" + strings.Join(texts, ", ") + "]"
}

// ValueWithin is the rule of a number from least to most that value breaks: AWS
// names the bound that was passed, not both.
func ValueWithin(value, least, most int) string {
	return "Member must have value " + bound(value, least, most)
}

// LengthWithin is the rule of a text or a list whose length is not from least to
// most.
func LengthWithin(length, least, most int) string {
	return "Member must have length " + bound(length, least, most)
}

func bound(value, least, most int) string {
	if value < least {
		return "greater than or equal to " + strconv.Itoa(least)
	}
	return "less than or equal to " + strconv.Itoa(most)
}
