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

// namespaceChange is what an update asks for.
type namespaceChange struct {
	kind        string
	description *string
	soa         *types.SOAChange
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_UpdateHttpNamespace.html
func (s *Service) updateHTTPNamespace(ctx context.Context, caller wire.Caller, in *sdk.UpdateHttpNamespaceInput) (*sdk.UpdateHttpNamespaceOutput, error) {
	if in.Namespace == nil || in.Namespace.Description == nil {
		return nil, missing("namespace.description")
	}
	operation, err := s.updateNamespace(ctx, caller, in.Id, namespaceChange{kind: state.NamespaceHTTP, description: in.Namespace.Description}, in.UpdaterRequestId)
	return &sdk.UpdateHttpNamespaceOutput{OperationId: operation}, err
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_UpdatePrivateDnsNamespace.html
func (s *Service) updatePrivateNamespace(ctx context.Context, caller wire.Caller, in *sdk.UpdatePrivateDnsNamespaceInput) (*sdk.UpdatePrivateDnsNamespaceOutput, error) {
	if in.Namespace == nil {
		return nil, missing("namespace")
	}
	change := namespaceChange{kind: state.NamespacePrivate, description: in.Namespace.Description}
	if p := in.Namespace.Properties; p != nil && p.DnsProperties != nil {
		change.soa = p.DnsProperties.SOA
	}
	operation, err := s.updateNamespace(ctx, caller, in.Id, change, in.UpdaterRequestId)
	return &sdk.UpdatePrivateDnsNamespaceOutput{OperationId: operation}, err
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_UpdatePublicDnsNamespace.html
func (s *Service) updatePublicNamespace(ctx context.Context, caller wire.Caller, in *sdk.UpdatePublicDnsNamespaceInput) (*sdk.UpdatePublicDnsNamespaceOutput, error) {
	if in.Namespace == nil {
		return nil, missing("namespace")
	}
	change := namespaceChange{kind: state.NamespacePublic, description: in.Namespace.Description}
	if p := in.Namespace.Properties; p != nil && p.DnsProperties != nil {
		change.soa = p.DnsProperties.SOA
	}
	operation, err := s.updateNamespace(ctx, caller, in.Id, change, in.UpdaterRequestId)
	return &sdk.UpdatePublicDnsNamespaceOutput{OperationId: operation}, err
}

func (s *Service) updateNamespace(ctx context.Context, caller wire.Caller, which *string, change namespaceChange, updater *string) (*string, error) {
	key, err := id(which, "id")
	if err != nil {
		return nil, err
	}
	if err := text(change.description, "namespace.description", maxDescription); err != nil {
		return nil, err
	}
	if err := text(updater, "updaterRequestId", 64); err != nil {
		return nil, err
	}
	q := asking(updater, []any{change.description, change.soa})
	operation := s.newOperationID()
	return &operation, s.update(ctx, func(w store.Writer) error {
		ns, err := namespace(w, caller.Scope, key)
		if err != nil {
			return err
		}
		if ns.Type != change.kind {
			return invalid("The namespace %s is of the type %s.", ns.ID, ns.Type)
		}
		if done, err := again(w, caller.Scope, ns.Changed, q); err != nil || done {
			operation = ns.Changed
			return err
		}
		if change.description != nil {
			ns.Description = aws.ToString(change.description)
		}
		if change.soa != nil {
			if err := takeTTL(&ns.SOATTL, change.soa.TTL); err != nil {
				return err
			}
		}
		ns.Changed = operation
		if err := store.Namespaces.Put(w, caller.Scope.Key(ns.ID), ns); err != nil {
			return err
		}
		return s.carriedOut(w, caller.Scope, operation, types.OperationTypeUpdateNamespace, ofNamespace(ns.ID), q)
	})
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_DeleteNamespace.html
func (s *Service) deleteNamespace(ctx context.Context, caller wire.Caller, in *sdk.DeleteNamespaceInput) (*sdk.DeleteNamespaceOutput, error) {
	key, err := id(in.Id, "id")
	if err != nil {
		return nil, err
	}
	operation := s.newOperationID()
	return &sdk.DeleteNamespaceOutput{OperationId: &operation}, s.update(ctx, func(w store.Writer) error {
		ns, err := namespace(w, caller.Scope, key)
		if err != nil {
			return err
		}
		if discovery.Count(discovery.Services(w, caller.Scope, ns.ID)) > 0 {
			return &types.ResourceInUse{Message: aws.String("Namespace has associated services; delete the services before deleting the namespace")}
		}
		discovery.RemoveNamespace(w, caller.Scope, ns)
		return s.carriedOut(w, caller.Scope, operation, types.OperationTypeDeleteNamespace, ofNamespace(ns.ID), request{})
	})
}
