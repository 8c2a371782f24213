package secretsmanager

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/hatoba/hatoba/internal/wire"
)

var validName = regexp.MustCompile(`^[A-Za-z0-9/_+=.@!-]+$`)

// checkName checks a new secret's name.
// Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
func checkName(name *string) error {
	switch n := aws.ToString(name); {
	case n == "":
		return constraint(n, "name", "Member must have length greater than or equal to 1")
	case len(n) > 512:
		return constraint(n, "name", "Member must have length less than or equal to 512")
	case !validName.MatchString(n):
		return wire.Errorf("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
	}
	return nil
}

// checkToken checks the id of a version to be.
func checkToken(token *string) (string, error) {
	switch t := aws.ToString(token); {
	case t == "":
		return "", invalidParameter("You must provide a ClientRequestToken value. We recommend a UUID-type value.")
	case len(t) < 32 || len(t) > 64:
		return "", invalidParameter("ClientRequestToken must be 32-64 characters long.")
	default:
		return t, nil
	}
}

func checkDescription(description *string) error {
	if len(aws.ToString(description)) > 2048 {
		return constraint(*description, "description", "Member must have length less than or equal to 2048")
	}
	return nil
}

// maxTags is how many tags a secret may have.
const maxTags = 50

// mergeTags returns tags with added ones replacing those of the same key.
func mergeTags(tags, added []types.Tag) ([]types.Tag, error) {
	out := slices.Clone(tags)
	seen := map[string]bool{}
	for _, tag := range added {
		key := aws.ToString(tag.Key)
		switch {
		case key == "" || len(key) > 128:
			return nil, constraint(key, "tags", wire.LengthWithin(len(key), 1, 128))
		case len(aws.ToString(tag.Value)) > 256:
			return nil, constraint(*tag.Value, "tags", "Member must have length less than or equal to 256")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, invalidParameter("Tag keys that start with aws: are reserved for AWS use: %s", key)
		case seen[key]:
			return nil, invalidParameter("Duplicate tag key: %s", key)
		}
		seen[key] = true
		tag.Value = aws.String(aws.ToString(tag.Value))
		if i := slices.IndexFunc(out, func(t types.Tag) bool { return aws.ToString(t.Key) == key }); i >= 0 {
			out[i] = tag
		} else {
			out = append(out, tag)
		}
	}
	if len(out) > maxTags {
		return nil, limitExceeded("A secret can't have more than %d tags.", maxTags)
	}
	return out, nil
}

// checkStages checks the labels of PutSecretValue.
func checkStages(labels []string) error {
	if len(labels) > maxStages {
		return constraint(strings.Join(labels, ", "), "versionStages", "Member must have length less than or equal to 20")
	}
	for _, label := range labels {
		if label == "" || len(label) > 256 {
			return constraint(label, "versionStages", wire.LengthWithin(len(label), 1, 256))
		}
	}
	return nil
}

// pageSize checks MaxResults.
func pageSize(asked *int32, most int) (int, error) {
	size, ok := wire.PageSize(asked, most, most)
	if !ok {
		return 0, constraint(strconv.Itoa(size), "maxResults", wire.ValueWithin(size, 1, most))
	}
	return size, nil
}

// readToken reads a pagination token of this service.
func readToken(kind string, token *string) (string, error) {
	value, err := wire.ReadPageToken(kind, aws.ToString(token))
	if err != nil {
		return "", &types.InvalidNextTokenException{Message: aws.String("Invalid NextToken.")}
	}
	return value, nil
}
