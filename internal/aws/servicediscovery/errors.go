package servicediscovery

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Quotas, which AWS would raise.
//
// Source: https://docs.aws.amazon.com/cloud-map/latest/dg/cloud-map-limits.html
const (
	maxNamespaces      = 50
	maxInstances       = 1000 // of a service
	maxOfDNS           = 2000 // instances of a namespace of DNS
	maxOfHTTP          = 6000 // of one of HTTP
	maxCustom          = 30
	maxAttributeText   = 5000
	maxDescription     = 1024
	maxServiceAttrs    = 30
	maxServiceAttrText = 5000
	maxTags            = 200
)

func invalid(format string, args ...any) error {
	return &types.InvalidInput{Message: aws.String(fmt.Sprintf(format, args...))}
}

// constraint is how AWS says that a member's value is not one.
func constraint(value, member, rule string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

func missing(member string) error {
	return invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
}

func limit(format string, args ...any) error {
	return &types.ResourceLimitExceeded{Message: aws.String(fmt.Sprintf(format, args...))}
}

// text checks a member that has at most so many characters.
func text(value *string, member string, most int) error {
	if n := utf8.RuneCountInString(aws.ToString(value)); n > most {
		return constraint(*value, member, fmt.Sprintf("Member must have length less than or equal to %d", most))
	}
	return nil
}

// id checks an id or an ARN that must be there.
func id(value *string, member string) (string, error) {
	if value == nil {
		return "", missing(member)
	}
	return *value, text(value, member, 255)
}

// own refuses namespaces of other accounts: none is shared.
func own(owner *string, scope state.Scope) error {
	if owner != nil && *owner != scope.Account {
		return invalid("The OwnerAccount %s is not this account: shared namespaces are not supported here.", *owner)
	}
	return nil
}

func namespace(r store.Reader, scope state.Scope, id string) (state.Namespace, error) {
	ns, ok := discovery.Namespace(r, scope, id)
	if !ok {
		return ns, &types.NamespaceNotFound{Message: aws.String("The namespace " + id + " can't be found.")}
	}
	return ns, nil
}

func service(r store.Reader, scope state.Scope, id string) (state.DiscoveryService, error) {
	svc, ok := discovery.Service(r, scope, id)
	if !ok {
		return svc, &types.ServiceNotFound{Message: aws.String("The service " + id + " can't be found.")}
	}
	return svc, nil
}

// instance finds an instance of a service.
func instance(r store.Reader, scope state.Scope, svc state.DiscoveryService, id string) (state.DiscoveryInstance, error) {
	i, ok := store.DiscoveryInstances.Get(r, scope.Key(state.DiscoveryInstanceID(svc.ID, id)))
	if !ok {
		return i, &types.InstanceNotFound{Message: aws.String("The instance " + id + " of the service " + svc.ID + " can't be found.")}
	}
	return i, nil
}

// page takes a page out of a list that is sorted by id.
func page[T any](kind string, list []T, id func(T) string, token *string, size *int32) ([]T, *string, error) {
	n, ok := wire.PageSize(size, 100, 100)
	if !ok {
		return nil, nil, constraint(fmt.Sprint(n), "maxResults", wire.ValueWithin(n, 1, 100))
	}
	if token != nil && *token == "" {
		token = nil
	}
	out, next, err := wire.Cut(kind, list, id, token, n)
	if err != nil {
		return nil, nil, invalid("The NextToken is not valid.")
	}
	return append([]T{}, out...), next, nil
}

// matches tells whether a value passes a filter.
func matches(condition types.FilterCondition, values []string, value string) bool {
	for _, want := range values {
		if value == want || condition == types.FilterConditionBeginsWith && strings.HasPrefix(value, want) {
			return true
		}
	}
	return false
}

// checkFilter checks a filter that takes the conditions given; EQ and
// BEGINS_WITH take one value.
func checkFilter(name string, condition types.FilterCondition, values []string, allowed ...types.FilterCondition) error {
	if condition == "" {
		condition = types.FilterConditionEq
	}
	known := false
	for _, c := range allowed {
		known = known || c == condition
	}
	switch {
	case !known:
		return invalid("The condition %s can't be used with the filter %s.", condition, name)
	case len(values) == 0:
		return invalid("The filter %s has no values.", name)
	case len(values) > 1 && (condition == types.FilterConditionEq || condition == types.FilterConditionBeginsWith):
		return invalid("The condition %s of the filter %s takes one value.", condition, name)
	}
	return nil
}
