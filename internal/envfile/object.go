package envfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var objectARN = regexp.MustCompile(`^arn:aws(?:-cn|-us-gov)?:s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)$`)

// Object reads the ARN of an environment file. Its name ends in .env and has
// no "." or ".." between slashes.
func Object(arn string) (bucket, key string, err error) {
	parts := objectARN.FindStringSubmatch(arn)
	switch {
	case parts == nil:
		return "", "", fmt.Errorf("'%s' is not the ARN of an S3 object, arn:aws:s3:::bucket/path/name.env", arn)
	case !strings.HasSuffix(parts[2], ".env"):
		return "", "", fmt.Errorf("the name of '%s' does not end in .env", arn)
	case len(parts[2]) > 1024, strings.ContainsFunc(parts[2], func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", "", fmt.Errorf("'%s' is no name for an S3 object", arn)
	}
	segments := strings.Split(parts[2], "/")
	if slices.Contains(segments, "..") || slices.Contains(segments, ".") {
		return "", "", fmt.Errorf("the name of '%s' has '.' or '..' between slashes", arn)
	}
	return parts[1], parts[2], nil
}
