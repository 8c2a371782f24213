package servicediscovery

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// https://docs.aws.amazon.com/cloud-map/latest/api/API_GetServiceAttributes.html
func (s *Service) getServiceAttributes(ctx context.Context, caller wire.Caller, in *sdk.GetServiceAttributesInput) (*sdk.GetServiceAttributesOutput, error) {
	key, err := id(in.ServiceId, "serviceId")
	if err != nil {
		return nil, err
	}
	out := &sdk.GetServiceAttributesOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		svc, err := service(r, caller.Scope, key)
		if err != nil {
			return err
		}
		out.ServiceAttributes = &types.ServiceAttributes{ServiceArn: &svc.ARN, Attributes: maps.Clone(svc.Attributes), ResourceOwner: aws.String(caller.Scope.Account)}
		if out.ServiceAttributes.Attributes == nil {
			out.ServiceAttributes.Attributes = map[string]string{}
		}
		return nil
	})
}

// changeAttributes writes what change makes of a service's attributes.
func (s *Service) changeAttributes(ctx context.Context, scope state.Scope, which *string, change func(map[string]string) error) error {
	key, err := id(which, "serviceId")
	if err != nil {
		return err
	}
	return s.update(ctx, func(w store.Writer) error {
		svc, err := service(w, scope, key)
		if err != nil {
			return err
		}
		attributes := maps.Clone(svc.Attributes)
		if attributes == nil {
			attributes = map[string]string{}
		}
		if err := change(attributes); err != nil {
			return err
		}
		svc.Attributes = attributes
		return store.DiscoveryServices.Put(w, scope.Key(svc.ID), svc)
	})
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_UpdateServiceAttributes.html
func (s *Service) updateServiceAttributes(ctx context.Context, caller wire.Caller, in *sdk.UpdateServiceAttributesInput) (*sdk.UpdateServiceAttributesOutput, error) {
	if len(in.Attributes) == 0 {
		return nil, missing("attributes")
	}
	for name, value := range in.Attributes {
		if name == "" || len(name) > 255 || len(value) > 1024 {
			return nil, invalid("The attribute %q is not valid: names have 1 to 255 characters, values at most 1024.", name)
		}
	}
	return &sdk.UpdateServiceAttributesOutput{}, s.changeAttributes(ctx, caller.Scope, in.ServiceId, func(attributes map[string]string) error {
		maps.Copy(attributes, in.Attributes)
		size := 0
		for name, value := range attributes {
			size += len(name) + len(value)
		}
		if len(attributes) > maxServiceAttrs || size > maxServiceAttrText {
			return &types.ServiceAttributesLimitExceededException{Message: aws.String("A service can have at most 30 attributes, of 5000 characters together.")}
		}
		return nil
	})
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_DeleteServiceAttributes.html
func (s *Service) deleteServiceAttributes(ctx context.Context, caller wire.Caller, in *sdk.DeleteServiceAttributesInput) (*sdk.DeleteServiceAttributesOutput, error) {
	if len(in.Attributes) == 0 {
		return nil, missing("attributes")
	}
	return &sdk.DeleteServiceAttributesOutput{}, s.changeAttributes(ctx, caller.Scope, in.ServiceId, func(attributes map[string]string) error {
		for _, name := range in.Attributes {
			delete(attributes, name)
		}
		return nil
	})
}
