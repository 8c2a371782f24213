package ecs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// listServicesByNamespace lists the services that are in a namespace by their
// Service Connect configuration, whatever their cluster; ten to a page unless
// more are asked for.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServicesByNamespace.html
func (s *Service) listServicesByNamespace(ctx context.Context, caller wire.Caller, in *ecs.ListServicesByNamespaceInput) (*ecs.ListServicesByNamespaceOutput, error) {
	const kind = "ecs/services-by-namespace"
	size, after, err := page(kind, in.MaxResults, in.NextToken, maxPage)
	if err != nil {
		return nil, err
	}
	if in.MaxResults == nil {
		size = 10
	}
	if aws.ToString(in.Namespace) == "" {
		return nil, invalid("namespace can not be blank.")
	}
	out := &ecs.ListServicesByNamespaceOutput{ServiceArns: []string{}}
	err = s.view(ctx, func(r store.Reader) error {
		out.ServiceArns, out.NextToken = []string{}, nil
		ns, ok := connectNamespace(r, caller.Scope, *in.Namespace)
		if !ok {
			return namespaceNotFound()
		}
		var all []string
		for svc := range connected(r, caller.Scope, ns.ID) {
			if svc.ARN > after {
				all = append(all, svc.ARN)
			}
		}
		slices.Sort(all)
		if len(all) > size {
			all = all[:size]
			out.NextToken = nextToken(kind, all[size-1], true)
		}
		out.ServiceArns = append(out.ServiceArns, all...)
		return nil
	})
	return out, err
}
