package iam

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/hatoba/hatoba/internal/policy"
)

// Quotas that nobody has asked AWS to raise.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	longestUser, longestGroup, longestRole       = 64, 128, 64
	longestPolicy, longestProfile                = 128, 128
	longestDescription                           = 1000
	maxAttached, maxGroups, maxKeys, maxVersions = 10, 10, 2, 5
	maxTags                                      = 50
	managedSize, trustSize                       = 6144, 2048
	userSize, groupSize, roleSize                = 2048, 5120, 10240 // of inline policies together
)

var (
	nameForm = regexp.MustCompile(`^[\w+=,.@-]+$`)
	pathForm = regexp.MustCompile(`^(/|/[\x21-\x7e]+/)$`)
	tagForm  = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

// name checks a name's length and letters.
func name(value *string, member string, longest int) (string, error) {
	v := aws.ToString(value)
	switch {
	case v == "":
		return "", constraint(v, member, "Member must have length greater than or equal to 1")
	case len(v) > longest:
		return "", constraint(v, member, fmt.Sprintf("Member must have length less than or equal to %d", longest))
	case !nameForm.MatchString(v):
		return "", invalid("The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", member)
	}
	return v, nil
}

// path checks a path; left out it is "/".
func path(value *string) (string, error) {
	v := aws.ToString(value)
	switch {
	case v == "":
		return "/", nil
	case len(v) > 512:
		return "", constraint(v, "path", "Member must have length less than or equal to 512")
	case !pathForm.MatchString(v) || strings.Contains(v, "//"):
		return "", invalid("The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return v, nil
}

func description(value *string) (string, error) {
	if v := aws.ToString(value); len(v) > longestDescription {
		return "", constraint(v[:40]+"…", "description", fmt.Sprintf("Member must have length less than or equal to %d", longestDescription))
	}
	return aws.ToString(value), nil
}

// document checks a policy document. Its size is counted without white space,
// as AWS does.
func document(value *string, kind policy.Kind) (string, error) {
	v := aws.ToString(value)
	if v == "" {
		return "", constraint(v, "policyDocument", "Member must have length greater than or equal to 1")
	}
	if len(v) > 131072 {
		return "", constraint(v[:40]+"…", "policyDocument", "Member must have length less than or equal to 131072")
	}
	if _, err := policy.Parse(v, kind); err != nil {
		return "", malformed(err)
	}
	return v, nil
}

// size is a document's length without white space.
func size(document string) (n int) {
	for _, c := range []byte(document) {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			n++
		}
	}
	return n
}

// merged adds tags: keys are not told apart by case.
func merged(have, add []types.Tag) ([]types.Tag, error) {
	out := slices.Clone(have)
	for _, tag := range add {
		key, value := aws.ToString(tag.Key), aws.ToString(tag.Value)
		switch {
		case key == "" || len(key) > 128:
			return nil, constraint(key, "tags.1.member.key", "Member must have length between 1 and 128")
		case len(value) > 256:
			return nil, constraint(value, "tags.1.member.value", "Member must have length less than or equal to 256")
		case !tagForm.MatchString(key) || !tagForm.MatchString(value):
			return nil, failure(400, "InvalidInput", "Tag keys and values may hold letters, numbers, spaces and _.:/=+-@ only.")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, failure(400, "InvalidInput", "Tag keys beginning with aws: are reserved.")
		}
		i := slices.IndexFunc(out, func(t types.Tag) bool { return strings.EqualFold(aws.ToString(t.Key), key) })
		if i >= 0 {
			out[i] = tag
			continue
		}
		out = append(out, tag)
	}
	if len(out) > maxTags {
		return nil, limitExceeded("The number of tags has reached the maximum limit.")
	}
	return out, nil
}

func without(have []types.Tag, keys []string) []types.Tag {
	return slices.DeleteFunc(slices.Clone(have), func(t types.Tag) bool {
		return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, aws.ToString(t.Key)) })
	})
}
