package servicediscovery

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func serviceShape(r store.Reader, scope state.Scope, svc state.DiscoveryService) *types.Service {
	sum := summary(r, scope, svc)
	return &types.Service{
		Id: sum.Id, Arn: sum.Arn, Name: sum.Name, NamespaceId: &svc.Namespace, Type: sum.Type, Description: sum.Description,
		InstanceCount: sum.InstanceCount, DnsConfig: sum.DnsConfig, HealthCheckCustomConfig: sum.HealthCheckCustomConfig,
		CreateDate: sum.CreateDate, CreatorRequestId: said(svc.Request), ResourceOwner: sum.ResourceOwner, CreatedByAccount: sum.CreatedByAccount,
	}
}

func summary(r store.Reader, scope state.Scope, svc state.DiscoveryService) types.ServiceSummary {
	out := types.ServiceSummary{
		Id: &svc.ID, Arn: &svc.ARN, Name: &svc.Name, Type: types.ServiceType(svc.Type), Description: said(svc.Description), CreateDate: &svc.CreatedAt,
		InstanceCount: aws.Int32(discovery.Count(discovery.Instances(r, scope, svc.ID))),
		ResourceOwner: &scope.Account, CreatedByAccount: &scope.Account,
	}
	if len(svc.Records) > 0 {
		out.DnsConfig = &types.DnsConfig{NamespaceId: &svc.Namespace, RoutingPolicy: types.RoutingPolicy(svc.Routing)}
		for _, r := range svc.Records {
			out.DnsConfig.DnsRecords = append(out.DnsConfig.DnsRecords, types.DnsRecord{Type: types.RecordType(r.Type), TTL: &r.TTL})
		}
	}
	if svc.CustomHealth {
		out.HealthCheckCustomConfig = &types.HealthCheckCustomConfig{FailureThreshold: aws.Int32(1)}
	}
	return out
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_GetService.html
func (s *Service) getService(ctx context.Context, caller wire.Caller, in *sdk.GetServiceInput) (*sdk.GetServiceOutput, error) {
	key, err := id(in.Id, "id")
	if err != nil {
		return nil, err
	}
	out := &sdk.GetServiceOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		svc, err := service(r, caller.Scope, key)
		if err != nil {
			return err
		}
		out.Service = serviceShape(r, caller.Scope, svc)
		return nil
	})
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_ListServices.html
func (s *Service) listServices(ctx context.Context, caller wire.Caller, in *sdk.ListServicesInput) (*sdk.ListServicesOutput, error) {
	for _, f := range in.Filters {
		if !slices.Contains(f.Name.Values(), f.Name) {
			return nil, constraint(string(f.Name), "filters", wire.OneOf(f.Name.Values()))
		}
		if err := checkFilter(string(f.Name), f.Condition, f.Values, types.FilterConditionEq); err != nil {
			return nil, err
		}
	}
	out := &sdk.ListServicesOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		var list []state.DiscoveryService
		for _, svc := range store.DiscoveryServices.List(r, caller.Scope, "") {
			if !slices.ContainsFunc(in.Filters, func(f types.ServiceFilter) bool {
				return f.Name == types.ServiceFilterNameNamespaceId && f.Values[0] != svc.Namespace && f.Values[0] != discovery.NamespaceARN(caller.Scope, svc.Namespace) ||
					f.Name == types.ServiceFilterNameResourceOwner && f.Values[0] != "SELF"
			}) {
				list = append(list, svc)
			}
		}
		part, next, err := page("services", list, func(svc state.DiscoveryService) string { return svc.ID }, in.NextToken, in.MaxResults)
		out.NextToken, out.Services = next, []types.ServiceSummary{}
		for _, svc := range part {
			out.Services = append(out.Services, summary(r, caller.Scope, svc))
		}
		return err
	})
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_DeleteService.html
func (s *Service) deleteService(ctx context.Context, caller wire.Caller, in *sdk.DeleteServiceInput) (*sdk.DeleteServiceOutput, error) {
	key, err := id(in.Id, "id")
	if err != nil {
		return nil, err
	}
	return &sdk.DeleteServiceOutput{}, s.update(ctx, func(w store.Writer) error {
		svc, err := service(w, caller.Scope, key)
		if err != nil {
			return err
		}
		for range discovery.Instances(w, caller.Scope, svc.ID) {
			return &types.ResourceInUse{Message: aws.String("Service contains registered instances; delete the instances before deleting the service")}
		}
		discovery.RemoveService(w, caller.Scope, svc.ID)
		return nil
	})
}

// updateService replaces description and TTLs. Which types of records there are
// does not change.
//
// https://docs.aws.amazon.com/cloud-map/latest/api/API_UpdateService.html
func (s *Service) updateService(ctx context.Context, caller wire.Caller, in *sdk.UpdateServiceInput) (*sdk.UpdateServiceOutput, error) {
	key, err := id(in.Id, "id")
	switch {
	case err != nil:
		return nil, err
	case in.Service == nil:
		return nil, missing("service")
	case in.Service.HealthCheckConfig != nil:
		return nil, noHealthChecks()
	}
	if err := text(in.Service.Description, "service.description", maxDescription); err != nil {
		return nil, err
	}
	operation := s.newOperationID()
	return &sdk.UpdateServiceOutput{OperationId: &operation}, s.update(ctx, func(w store.Writer) error {
		svc, err := service(w, caller.Scope, key)
		if err != nil {
			return err
		}
		if in.Service.Description != nil {
			svc.Description = *in.Service.Description
		}
		if d := in.Service.DnsConfig; d != nil {
			if svc.Records, err = newTTLs(svc.Records, d.DnsRecords); err != nil {
				return err
			}
		}
		if err := store.DiscoveryServices.Put(w, caller.Scope.Key(svc.ID), svc); err != nil {
			return err
		}
		return s.carriedOut(w, caller.Scope, operation, types.OperationTypeUpdateService, map[types.OperationTargetType]string{types.OperationTargetTypeService: svc.ID}, request{})
	})
}

func newTTLs(have []state.DiscoveryRecord, given []types.DnsRecord) ([]state.DiscoveryRecord, error) {
	records, err := dnsRecords(given)
	if err != nil {
		return nil, err
	}
	if len(have) == 0 {
		return nil, invalid("The service has no DNS records.")
	}
	for _, r := range records {
		if !slices.ContainsFunc(have, func(h state.DiscoveryRecord) bool { return h.Type == r.Type }) {
			return nil, invalid("The record type of a service can't be updated; delete the service and create it again.")
		}
	}
	if len(records) != len(have) {
		return nil, invalid("The record types of a service can't be updated; delete the service and create it again.")
	}
	return records, nil
}
