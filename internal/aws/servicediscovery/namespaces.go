package servicediscovery

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func namespaceProperties(ns state.Namespace) *types.NamespaceProperties {
	p := &types.NamespaceProperties{HttpProperties: &types.HttpProperties{HttpName: &ns.HTTPName}}
	if ns.Type != state.NamespaceHTTP {
		p.DnsProperties = &types.DnsProperties{HostedZoneId: &ns.HostedZone, SOA: &types.SOA{TTL: &ns.SOATTL}}
	}
	return p
}

// said is a text, nil when it is empty.
func said(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_GetNamespace.html
func (s *Service) getNamespace(ctx context.Context, caller wire.Caller, in *sdk.GetNamespaceInput) (*sdk.GetNamespaceOutput, error) {
	key, err := id(in.Id, "id")
	if err != nil {
		return nil, err
	}
	out := &sdk.GetNamespaceOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		ns, err := namespace(r, caller.Scope, key)
		if err != nil {
			return err
		}
		out.Namespace = &types.Namespace{
			Id: &ns.ID, Arn: &ns.ARN, Name: &ns.Name, Type: types.NamespaceType(ns.Type), Description: said(ns.Description),
			ServiceCount: aws.Int32(discovery.Count(discovery.Services(r, caller.Scope, ns.ID))), Properties: namespaceProperties(ns),
			CreateDate: &ns.CreatedAt, CreatorRequestId: said(ns.Request), ResourceOwner: aws.String(caller.Scope.Account),
		}
		return nil
	})
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_ListNamespaces.html
func (s *Service) listNamespaces(ctx context.Context, caller wire.Caller, in *sdk.ListNamespacesInput) (*sdk.ListNamespacesOutput, error) {
	for _, f := range in.Filters {
		allowed := []types.FilterCondition{types.FilterConditionEq, types.FilterConditionBeginsWith}
		switch f.Name {
		case types.NamespaceFilterNameType, types.NamespaceFilterNameName, types.NamespaceFilterNameHttpName:
		case types.NamespaceFilterNameResourceOwner:
			allowed = allowed[:1]
		default:
			return nil, constraint(string(f.Name), "filters", wire.OneOf(f.Name.Values()))
		}
		if err := checkFilter(string(f.Name), f.Condition, f.Values, allowed...); err != nil {
			return nil, err
		}
	}
	out := &sdk.ListNamespacesOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		list := []types.NamespaceSummary{}
		for _, ns := range store.Namespaces.List(r, caller.Scope, "") {
			if passes(in.Filters, ns) {
				list = append(list, types.NamespaceSummary{
					Id: &ns.ID, Arn: &ns.ARN, Name: &ns.Name, Type: types.NamespaceType(ns.Type), Description: said(ns.Description), Properties: namespaceProperties(ns),
					CreateDate: &ns.CreatedAt, ResourceOwner: aws.String(caller.Scope.Account),
				})
			}
		}
		var err error
		out.Namespaces, out.NextToken, err = page("namespaces", list, func(n types.NamespaceSummary) string { return *n.Id }, in.NextToken, in.MaxResults)
		for i := range out.Namespaces {
			out.Namespaces[i].ServiceCount = aws.Int32(discovery.Count(discovery.Services(r, caller.Scope, *out.Namespaces[i].Id)))
		}
		return err
	})
}

func passes(filters []types.NamespaceFilter, ns state.Namespace) bool {
	for _, f := range filters {
		value := map[types.NamespaceFilterName]string{
			types.NamespaceFilterNameType: ns.Type, types.NamespaceFilterNameName: ns.Name, types.NamespaceFilterNameHttpName: ns.HTTPName,
			types.NamespaceFilterNameResourceOwner: "SELF",
		}[f.Name]
		if !matches(f.Condition, f.Values, value) {
			return false
		}
	}
	return true
}
