package ssm

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

// The bounds of a name; the length counts the ARN before it.
// Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-parameter-name-constraints.html
const (
	maxName   = 1011
	maxLevels = 15
)

var validName = regexp.MustCompile(`^/?[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*$`)

// checkName returns the name of a new parameter without the spaces around it.
func checkName(scope state.Scope, sent *string) (string, error) {
	name := strings.TrimSpace(aws.ToString(sent))
	bare := strings.ToLower(strings.TrimPrefix(name, "/"))
	switch {
	case name == "":
		return "", constraint("", "name", "Member must have length greater than or equal to 1")
	case strings.HasPrefix(name, "/") && strings.HasPrefix(bare, "aws/"):
		return "", &wire.Error{Code: "AccessDeniedException", Message: "No access to reserved parameter name: " + name + "."}
	case strings.HasPrefix(bare, "aws"), strings.HasPrefix(bare, "ssm"):
		return "", invalid(`Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive).`)
	case strings.HasSuffix(name, "/"):
		return "", invalid("Parameter name must not end with slash.")
	case !validName.MatchString(name):
		return "", invalid(`Parameter name: can't be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_`)
	case strings.Contains(name, "/") && !strings.HasPrefix(name, "/"):
		return "", invalid("Parameter name must be a fully qualified name.")
	case len(scope.ParameterARN(name)) > maxName:
		return "", constraint(name, "name", "The parameter name with the ARN before it must have length less than or equal to 1011")
	case len(strings.Split(strings.TrimPrefix(name, "/"), "/")) > maxLevels:
		return "", &types.HierarchyLevelLimitExceededException{Message: aws.String("A hierarchy can have a maximum of 15 levels: " + name)}
	}
	return name, nil
}

// reference is a parsed name of a request.
type reference struct {
	names    []string // to be tried in order: an ARN does not tell "a" from "/a"
	selector string   // a version or label; "" is the latest version
}

// parseReference reads NAME, NAME:VERSION, NAME:LABEL and the same with an
// ARN. An ARN of another account or region gives a name that does not exist.
func parseReference(scope state.Scope, sent string) reference {
	rest, isARN := strings.CutPrefix(sent, scope.ARN("ssm", "parameter"))
	if !isARN && strings.HasPrefix(sent, "arn:") {
		return reference{}
	}
	name, selector, _ := strings.Cut(strings.TrimSpace(rest), ":")
	if isARN && strings.Count(name, "/") == 1 {
		return reference{names: []string{strings.TrimPrefix(name, "/"), name}, selector: selector}
	}
	return reference{names: []string{name}, selector: selector}
}

// rooted is a name as a path: "a" and "/a" are both "/a".
func rooted(name string) string { return "/" + strings.Trim(name, "/") }
