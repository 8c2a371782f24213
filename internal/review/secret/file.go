package secret

import (
	"slices"
	"strings"
)

// EnvFile reports whether a name is a file of environment variables that holds
// values, other than the template that stands beside it.
func EnvFile(base string) bool {
	if base != ".env" && !strings.HasPrefix(base, ".env.") && !strings.HasSuffix(base, ".env") {
		return false
	}
	return !slices.ContainsFunc([]string{"example", "sample", "template", "dist", "test", "defaults"}, func(s string) bool { return strings.Contains(base, s) })
}
