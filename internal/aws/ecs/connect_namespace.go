package ecs

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

func namespaceNotFound() error {
	return &types.NamespaceNotFoundException{Message: aws.String("The specified namespace wasn't found.")}
}

// connectNamespace finds a namespace by its name or its ARN. Of several with a
// name it is the one that calls discover, else the oldest.
func connectNamespace(r store.Reader, scope state.Scope, id string) (found state.Namespace, ok bool) {
	if strings.HasPrefix(id, "arn:") {
		ns, ok := discovery.Namespace(r, scope, id)
		return ns, ok && ns.ARN == id
	}
	for ns := range discovery.Named(r, scope, id) {
		http, was := ns.Type == state.NamespaceHTTP, found.Type == state.NamespaceHTTP
		if !ok || http && !was || http == was && ns.CreatedAt.Before(found.CreatedAt) {
			found, ok = ns, true
		}
	}
	return found, ok
}

// checkConnectDefaults checks a cluster's default namespace.
func checkConnectDefaults(given *types.ClusterServiceConnectDefaultsRequest) error {
	switch {
	case given == nil || aws.ToString(given.Namespace) == "" || strings.HasPrefix(*given.Namespace, "arn:"):
		return nil
	case len(*given.Namespace) > 1024 || strings.ContainsAny(*given.Namespace, `<>"/`):
		return invalid("The namespace name is invalid. Up to 1024 characters are allowed, and none of <, >, \" and /.")
	}
	return nil
}

// connectDefaults resolves a cluster's default namespace. A name that nobody
// has is made, with API calls as its only way of discovery; "" is none.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ClusterServiceConnectDefaultsRequest.html
func (s *Service) connectDefaults(w store.Writer, scope state.Scope, given *types.ClusterServiceConnectDefaultsRequest) (*types.ClusterServiceConnectDefaults, error) {
	if given == nil || aws.ToString(given.Namespace) == "" {
		return nil, nil
	}
	ns, ok := connectNamespace(w, scope, *given.Namespace)
	if !ok {
		if strings.HasPrefix(*given.Namespace, "arn:") {
			return nil, namespaceNotFound()
		}
		id := discovery.NamespaceID(s.cfg.NewID())
		ns = state.Namespace{
			ID: id, ARN: discovery.NamespaceARN(scope, id), Name: *given.Namespace, Type: state.NamespaceHTTP, CreatedAt: s.cfg.Now(),
			Tags: map[string]string{"AmazonECSManaged": "true"},
		}
		if err := discovery.AddNamespace(w, scope, ns); err != nil {
			return nil, err
		}
	}
	return &types.ClusterServiceConnectDefaults{Namespace: aws.String(ns.ARN)}, nil
}
