package route53

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/dns/zone"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// soaTTL is that of a zone's SOA record, in seconds.
const soaTTL = 900

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
func (s *Service) createHostedZone(ctx context.Context, caller wire.Caller, in *route53.CreateHostedZoneInput) (*route53.CreateHostedZoneOutput, error) {
	z, err := s.zoneOf(ctx, caller, in)
	if err != nil {
		return nil, err
	}
	change := s.newChange()
	out := &route53.CreateHostedZoneOutput{Location: aws.String("https://route53.amazonaws.com/2013-04-01/hostedzone/" + z.ID)}
	return out, s.update(ctx, func(w store.Writer) error {
		zones, n := state.ZoneScope(caller.Scope.Account), 0
		for _, other := range store.HostedZones.List(w, zones, "") {
			if n++; other.Caller == z.Caller {
				return &types.HostedZoneAlreadyExists{Message: aws.String("A hosted zone has already been created with the specified caller reference.")}
			}
		}
		if n >= maxZones {
			return &types.TooManyHostedZones{Message: aws.String("You have reached the limit of 500 hosted zones.")}
		}
		for _, v := range z.VPCs {
			if err := attachable(w, caller.Scope, z, v); err != nil {
				return err
			}
		}
		for _, r := range discovery.Apex(z.ID, z.Name, soaTTL) {
			if err := put(w, zones, r); err != nil {
				return err
			}
		}
		if err := store.HostedZones.Put(w, zones.Key(z.ID), z); err != nil {
			return err
		}
		out.HostedZone = shape(w, caller.Scope, z)
		if z.Private {
			out.VPC = in.VPC
		} else {
			out.DelegationSet = delegation()
		}
		out.ChangeInfo, err = s.changed(w, caller.Scope, change, nil)
		return err
	})
}

// zoneOf is the zone that a request asks for.
func (s *Service) zoneOf(ctx context.Context, caller wire.Caller, in *route53.CreateHostedZoneInput) (state.HostedZone, error) {
	z := state.HostedZone{ID: discovery.ZoneID(s.cfg.NewID()), Caller: aws.ToString(in.CallerReference), CreatedAt: s.now(), Private: in.VPC != nil}
	var err error
	if z.Name, err = zone.Name(aws.ToString(in.Name)); err != nil || strings.HasPrefix(z.Name, "*.") {
		return z, &types.InvalidDomainName{Message: aws.String(aws.ToString(in.Name) + " is not a valid domain name")}
	}
	switch {
	case z.Caller == "" || utf8.RuneCountInString(z.Caller) > 128:
		return z, invalid("The CallerReference must have 1 to 128 characters.")
	case in.DelegationSetId != nil:
		return z, &types.NoSuchDelegationSet{Message: aws.String("No delegation set found with ID: " + bare(in.DelegationSetId, "/delegationset/") + ". Hatoba has no reusable delegation sets.")}
	}
	if c := in.HostedZoneConfig; c != nil {
		if z.Comment = aws.ToString(c.Comment); utf8.RuneCountInString(z.Comment) > 256 {
			return z, invalid("The comment must have at most 256 characters.")
		}
		if c.PrivateZone && in.VPC == nil {
			return z, invalid("When you're creating a private hosted zone (when you specify true for PrivateZone), you must also specify values for VPCId and VPCRegion.")
		}
	}
	if in.VPC == nil {
		return z, nil
	}
	v, err := s.vpc(ctx, caller, in.VPC)
	z.VPCs = []state.ZoneVPC{v}
	return z, err
}

// vpc is the one that a request names, in a region that has what it begins with.
func (s *Service) vpc(ctx context.Context, caller wire.Caller, in *types.VPC) (v state.ZoneVPC, err error) {
	v = state.ZoneVPC{Region: string(in.VPCRegion), ID: aws.ToString(in.VPCId)}
	if !slices.Contains(in.VPCRegion.Values(), in.VPCRegion) || v.ID == "" {
		return v, &types.InvalidVPCId{Message: aws.String("The VPC ID and its region must be specified.")}
	}
	return v, s.cfg.Open(ctx, state.Scope{Account: caller.Scope.Account, Region: v.Region})
}

// attachable checks that a VPC is there, and sees no other zone of the name.
func attachable(r store.Reader, scope state.Scope, z state.HostedZone, v state.ZoneVPC) error {
	if _, ok := store.VPCs.Get(r, state.Key{Account: scope.Account, Region: v.Region, ID: v.ID}); !ok {
		return &types.InvalidVPCId{Message: aws.String("The VPC: " + v.ID + " that you provided is not found")}
	}
	if other, ok := discovery.Conflicting(r, scope.Account, z.Name, v); ok && other.ID != z.ID {
		return &types.ConflictingDomainExists{Message: aws.String("The VPC " + v.ID + " in region " + v.Region + " has already been associated with the hosted zone " + other.ID + " with the same domain name.")}
	}
	return nil
}

func delegation() *types.DelegationSet {
	var servers []string
	for _, name := range discovery.NameServers() {
		servers = append(servers, strings.TrimSuffix(name, "."))
	}
	return &types.DelegationSet{NameServers: servers}
}

// shape is a zone as Route 53 describes it.
func shape(r store.Reader, scope state.Scope, z state.HostedZone) *types.HostedZone {
	n := int64(0)
	for range recordSets(r, scope, z) {
		n++
	}
	out := &types.HostedZone{
		Id: aws.String("/hostedzone/" + z.ID), Name: aws.String(zone.Shown(z.Name)), CallerReference: &z.Caller, ResourceRecordSetCount: &n,
		Config: &types.HostedZoneConfig{Comment: said(z.Comment), PrivateZone: z.Private},
	}
	if z.Namespace != "" {
		out.LinkedService = &types.LinkedService{
			ServicePrincipal: aws.String("servicediscovery.amazonaws.com"),
			Description:      aws.String(state.Scope{Account: scope.Account, Region: z.Region}.ARN("servicediscovery", "namespace/"+z.Namespace)),
		}
	}
	return out
}
