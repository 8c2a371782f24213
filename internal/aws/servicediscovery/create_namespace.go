package servicediscovery

import (
	"context"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

var (
	plainName  = regexp.MustCompile(`^[!-~]+$`)
	publicName = regexp.MustCompile(`^([a-zA-Z0-9]([a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z0-9]([a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?$`)
	// label is what DNS lets a part of a name be.
	label = regexp.MustCompile(`^[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?$`)
)

const maxTTL = 1<<31 - 1

// https://docs.aws.amazon.com/cloud-map/latest/api/API_CreateHttpNamespace.html
func (s *Service) createHTTPNamespace(ctx context.Context, caller wire.Caller, in *sdk.CreateHttpNamespaceInput) (*sdk.CreateHttpNamespaceOutput, error) {
	ns := state.Namespace{Name: aws.ToString(in.Name), Type: state.NamespaceHTTP, Description: aws.ToString(in.Description), Request: aws.ToString(in.CreatorRequestId)}
	if err := checkName(in.Name, plainName, 1024); err != nil {
		return nil, err
	}
	operation, err := s.createNamespace(ctx, caller, ns, in.Tags)
	return &sdk.CreateHttpNamespaceOutput{OperationId: &operation}, err
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_CreatePrivateDnsNamespace.html
func (s *Service) createPrivateNamespace(ctx context.Context, caller wire.Caller, in *sdk.CreatePrivateDnsNamespaceInput) (*sdk.CreatePrivateDnsNamespaceOutput, error) {
	ns := state.Namespace{Type: state.NamespacePrivate, Description: aws.ToString(in.Description), VPC: aws.ToString(in.Vpc), Request: aws.ToString(in.CreatorRequestId)}
	if err := checkName(in.Name, plainName, 253); err != nil {
		return nil, err
	}
	if in.Vpc == nil {
		return nil, missing("vpc")
	}
	ns.Name = *in.Name
	var soa *types.SOA
	if p := in.Properties; p != nil && p.DnsProperties != nil {
		soa = p.DnsProperties.SOA
	}
	if err := dnsNamespace(&ns, soa); err != nil {
		return nil, err
	}
	operation, err := s.createNamespace(ctx, caller, ns, in.Tags)
	return &sdk.CreatePrivateDnsNamespaceOutput{OperationId: &operation}, err
}

// createPublicNamespace makes a namespace that everybody sees whom our DNS
// answers: no registry delegates its name to us.
//
// https://docs.aws.amazon.com/cloud-map/latest/api/API_CreatePublicDnsNamespace.html
func (s *Service) createPublicNamespace(ctx context.Context, caller wire.Caller, in *sdk.CreatePublicDnsNamespaceInput) (*sdk.CreatePublicDnsNamespaceOutput, error) {
	ns := state.Namespace{Type: state.NamespacePublic, Description: aws.ToString(in.Description), Request: aws.ToString(in.CreatorRequestId)}
	if err := checkName(in.Name, publicName, 253); err != nil {
		return nil, err
	}
	ns.Name = *in.Name
	var soa *types.SOA
	if p := in.Properties; p != nil && p.DnsProperties != nil {
		soa = p.DnsProperties.SOA
	}
	if err := dnsNamespace(&ns, soa); err != nil {
		return nil, err
	}
	operation, err := s.createNamespace(ctx, caller, ns, in.Tags)
	return &sdk.CreatePublicDnsNamespaceOutput{OperationId: &operation}, err
}

func checkName(name *string, form *regexp.Regexp, most int) error {
	switch {
	case name == nil:
		return missing("name")
	case !form.MatchString(*name):
		return constraint(*name, "name", "Member must satisfy regular expression pattern: "+strings.Trim(form.String(), "^$"))
	}
	return text(name, "name", most)
}

// dnsNamespace completes a namespace of DNS.
func dnsNamespace(ns *state.Namespace, soa *types.SOA) error {
	ns.Name = strings.ToLower(strings.TrimSuffix(ns.Name, "."))
	for part := range strings.SplitSeq(ns.Name, ".") {
		if !label.MatchString(part) {
			return invalid("The namespace name %s is no valid domain name.", ns.Name)
		}
	}
	ns.SOATTL = discovery.DefaultSOATTL
	if soa == nil {
		return nil
	}
	return takeTTL(&ns.SOATTL, soa.TTL)
}

func takeTTL(into, given *int64) error {
	switch {
	case given == nil:
		return missing("properties.dnsProperties.sOA.tTL")
	case *given < 0 || *given > maxTTL:
		return invalid("The SOA's TTL must be between 0 and 2147483647 seconds.")
	}
	*into = *given
	return nil
}

// createNamespace makes a namespace, unless the request has done so before.
func (s *Service) createNamespace(ctx context.Context, caller wire.Caller, ns state.Namespace, tags []types.Tag) (operation string, err error) {
	if err := text(&ns.Description, "description", maxDescription); err != nil {
		return "", err
	}
	if err := text(&ns.Request, "creatorRequestId", 64); err != nil {
		return "", err
	}
	if ns.Tags, err = mergedTags(nil, tags, ""); err != nil {
		return "", err
	}
	if err := s.cfg.Open(ctx, caller.Scope); err != nil {
		return "", err
	}
	q := asking(&ns.Request, ns)
	random := s.cfg.NewID()
	ns.ID, ns.CreatedAt, ns.Made = discovery.NamespaceID(random), s.now(), s.newOperationID()
	ns.ARN = discovery.NamespaceARN(caller.Scope, ns.ID)
	if ns.Type != state.NamespaceHTTP {
		ns.HostedZone = discovery.ZoneID(s.cfg.NewID())
	}
	err = s.update(ctx, func(w store.Writer) error {
		operation = ns.Made
		n := 0
		for _, other := range store.Namespaces.List(w, caller.Scope, "") {
			n++
			if done, err := again(w, caller.Scope, other.Made, q); err != nil || done {
				operation = other.Made
				return err
			}
			if other.Name == ns.Name && other.Type == ns.Type && other.VPC == ns.VPC {
				return &types.NamespaceAlreadyExists{Message: aws.String("A namespace with the name " + ns.Name + " exists already."), NamespaceId: &other.ID, CreatorRequestId: &other.Request}
			}
		}
		if n >= maxNamespaces {
			return limit("You have reached the limit of %d namespaces.", maxNamespaces)
		}
		if _, ok := store.VPCs.Get(w, caller.Scope.Key(ns.VPC)); ns.VPC != "" && !ok {
			return invalid("The VPC %s can't be found.", ns.VPC)
		}
		if other, ok := discovery.Conflicting(w, caller.Scope.Account, ns.Name+".", state.ZoneVPC{Region: caller.Scope.Region, ID: ns.VPC}); ok && ns.Type == state.NamespacePrivate {
			return s.failed(w, caller.Scope, operation, ns, other, q)
		}
		if err := discovery.AddNamespace(w, caller.Scope, ns); err != nil {
			return err
		}
		return s.carriedOut(w, caller.Scope, operation, types.OperationTypeCreateNamespace, ofNamespace(ns.ID), q)
	})
	return operation, err
}

// failed notes that no zone could be made: on AWS, too, that is told by the
// operation.
func (s *Service) failed(w store.Writer, scope state.Scope, operation string, ns state.Namespace, other state.HostedZone, q request) error {
	now := s.now()
	return store.DiscoveryOperations.Put(w, scope.Key(sorted(operation)), state.DiscoveryOperation{
		ID: operation, Type: string(types.OperationTypeCreateNamespace), Status: string(types.OperationStatusFail), CreatedAt: now, UpdatedAt: now, Request: q.id, Asked: q.asked,
		Code: "CANNOT_CREATE_HOSTED_ZONE", Targets: map[string]string{string(types.OperationTargetTypeNamespace): ns.ID},
		Message: "The VPC that you chose, " + ns.VPC + " in region " + scope.Region + ", is already associated with another private hosted zone that has an overlapping name space, " + other.Name +
			" (Service: AmazonRoute53; Status Code: 400; Error Code: ConflictingDomainExists)",
	})
}

func ofNamespace(id string) map[types.OperationTargetType]string {
	return map[types.OperationTargetType]string{types.OperationTargetTypeNamespace: id}
}
