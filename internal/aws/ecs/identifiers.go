package ecs

import (
	"regexp"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// resourceName is what AWS allows as the name of a cluster.
var resourceName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`)

// resource returns what follows "kind/" in an ECS ARN of the scope. ok is
// false when id is no ARN. An ARN of elsewhere is an error in AWS's words.
func resource(scope state.Scope, kind, id string) (rest string, ok bool, err error) {
	if !strings.HasPrefix(id, "arn:") {
		return id, false, nil
	}
	parts := strings.SplitN(id, ":", 6)
	if len(parts) != 6 || parts[2] != "ecs" {
		return "", true, invalid("Invalid identifier: %s", id)
	}
	rest, matches := strings.CutPrefix(parts[5], kind+"/")
	if !matches || rest == "" {
		return "", true, invalid("Invalid identifier: the ARN %s is not that of a %s.", id, kind)
	}
	if parts[3] != scope.Region {
		return "", true, invalid("Invalid identifier: Identifier is for %s. Your region is %s", parts[3], scope.Region)
	}
	if parts[4] != scope.Account {
		return "", true, invalid("Invalid identifier: Identifier is for %s. Your accountId is %s", parts[4], scope.Account)
	}
	return rest, true, nil
}

// clusterName reads a cluster's name or ARN; "" is the default cluster.
func clusterName(scope state.Scope, id string) (string, error) {
	if id == "" {
		return defaultCluster, nil
	}
	name, _, err := resource(scope, "cluster", id)
	if err != nil {
		return "", err
	}
	if !resourceName.MatchString(name) {
		return "", invalid("Invalid identifier: '%s' is not the name of a cluster.", id)
	}
	return name, nil
}

var taskIDForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// taskID reads a task's id or long ARN in the cluster.
func taskID(scope state.Scope, cluster, id string) (string, error) {
	rest, isARN, err := resource(scope, "task", id)
	if err != nil {
		return "", err
	}
	if isARN {
		c, short, long := strings.Cut(rest, "/")
		if !long {
			short = c
		} else if c != cluster {
			return "", invalid("Invalid identifier: Identifier is for cluster %s. Your cluster is %s", c, cluster)
		}
		rest = short
	}
	if n := len(rest); n != 32 && n != 36 {
		return "", invalid("taskId length should be one of [32,36]")
	}
	return rest, nil
}

// uuidOf writes 32 hexadecimal digits as a UUID.
func uuidOf(id string) string {
	if !taskIDForm.MatchString(id) {
		return id
	}
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}

// checkInclude refuses what an answer cannot include.
func checkInclude[T interface {
	~string
	Values() []T
}](include []T) error {
	for _, i := range include {
		if !slices.Contains(i.Values(), i) {
			return invalid("include should be one of %v.", i.Values())
		}
	}
	return nil
}

// distinct are the ids of what is given by name or ARN, each once.
func distinct(given []string, id func(string) (string, error)) (ids []string, err error) {
	for _, one := range given {
		i, err := id(one)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, i) {
			ids = append(ids, i)
		}
	}
	return ids, nil
}
