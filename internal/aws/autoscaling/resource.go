package autoscaling

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const (
	namespace = types.ServiceNamespaceEcs
	dimension = types.ScalableDimensionECSServiceDesiredCount
)

var resourceForm = regexp.MustCompile(`^service/[a-zA-Z0-9_-]{1,255}/[a-zA-Z0-9_-]{1,255}$`)

// checkNamespace refuses by name what is not ECS.
func checkNamespace(n types.ServiceNamespace) error {
	switch {
	case n == "":
		return invalid("1 validation error detected: Value null at 'serviceNamespace' failed to satisfy constraint: Member must not be null")
	case n == namespace:
		return nil
	case slices.Contains(n.Values(), n):
		return invalid("Hatoba scales ECS services: the service namespace %s is not supported. Use ecs.", n)
	}
	return invalid("1 validation error detected: Value '%s' at 'serviceNamespace' failed to satisfy constraint: Member must satisfy enum value set: [ecs]", n)
}

// checkResource checks the three that name a target.
func checkResource(n types.ServiceNamespace, resource *string, d types.ScalableDimension) error {
	if err := checkNamespace(n); err != nil {
		return err
	}
	switch {
	case aws.ToString(resource) == "":
		return invalid("1 validation error detected: Value null at 'resourceId' failed to satisfy constraint: Member must not be null")
	case d == "":
		return invalid("1 validation error detected: Value null at 'scalableDimension' failed to satisfy constraint: Member must not be null")
	case d != dimension || !resourceForm.MatchString(*resource):
		return invalid("Unsupported service namespace, resource type or scalable dimension")
	}
	return nil
}

// checkFilter checks what describe operations may name.
func checkFilter(n types.ServiceNamespace, resource *string, d types.ScalableDimension) error {
	if err := checkNamespace(n); err != nil {
		return err
	}
	switch {
	case d != "" && resource == nil:
		return invalid("A scalable dimension was specified without a resource ID. Specify the resource ID, too.")
	case d != "" && d != dimension:
		return invalid("Unsupported service namespace, resource type or scalable dimension")
	}
	return nil
}

// findTarget is the registered target of a resource id.
func findTarget(r store.Reader, scope state.Scope, resource string) (state.ScalableTarget, error) {
	t, ok := store.ScalableTargets.Get(r, scope.Key(resource))
	if !ok {
		return t, missing("No scalable target registered for %s", where(resource))
	}
	return t, nil
}

// targetOf is the target that an ARN names.
func targetOf(r store.Reader, scope state.Scope, arn *string) (state.ScalableTarget, error) {
	if !strings.HasPrefix(aws.ToString(arn), scope.ARN("application-autoscaling", "scalable-target/")) {
		return state.ScalableTarget{}, invalid("1 validation error detected: Value '%s' at 'resourceARN' failed to satisfy constraint: Member must satisfy regular expression pattern: ^arn:.+:application-autoscaling:.+:[0-9]+:scalable-target\\/[a-zA-Z0-9-]+$", aws.ToString(arn))
	}
	for _, t := range store.ScalableTargets.List(r, scope, "") {
		if t.ARN == *arn {
			return t, nil
		}
	}
	return state.ScalableTarget{}, &types.ResourceNotFoundException{Message: aws.String("The scalable target " + *arn + " does not exist."), ResourceName: arn}
}

// page cuts a page out of a list that is sorted by id.
func page[T any](kind string, list []T, id func(T) string, asked *int32, most int, token *string) ([]T, *string, error) {
	size, ok := wire.PageSize(asked, most, most)
	if !ok {
		return nil, nil, invalid("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: %s", size, wire.ValueWithin(size, 1, most))
	}
	out, next, err := wire.Cut(kind, list, id, token, size)
	if err != nil {
		return nil, nil, badToken()
	}
	return out, next, nil
}
