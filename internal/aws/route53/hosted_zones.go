package route53

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/hatoba/hatoba/internal/dns/zone"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html
func (s *Service) getHostedZone(ctx context.Context, caller wire.Caller, in *route53.GetHostedZoneInput) (*route53.GetHostedZoneOutput, error) {
	out := &route53.GetHostedZoneOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		_, z, err := find(r, caller.Scope, in.Id)
		if err != nil {
			return err
		}
		out.HostedZone = shape(r, caller.Scope, z)
		if !z.Private {
			out.DelegationSet = delegation()
		}
		for _, v := range z.VPCs {
			out.VPCs = append(out.VPCs, types.VPC{VPCId: &v.ID, VPCRegion: types.VPCRegion(v.Region)})
		}
		return nil
	})
}

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZoneCount.html
func (s *Service) getHostedZoneCount(ctx context.Context, caller wire.Caller, _ *route53.GetHostedZoneCountInput) (*route53.GetHostedZoneCountOutput, error) {
	n := int64(0)
	return &route53.GetHostedZoneCountOutput{HostedZoneCount: &n}, s.view(ctx, func(r store.Reader) error {
		for range store.HostedZones.List(r, state.ZoneScope(caller.Scope.Account), "") {
			n++
		}
		return nil
	})
}

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_UpdateHostedZoneComment.html
func (s *Service) updateHostedZoneComment(ctx context.Context, caller wire.Caller, in *route53.UpdateHostedZoneCommentInput) (*route53.UpdateHostedZoneCommentOutput, error) {
	if utf8.RuneCountInString(aws.ToString(in.Comment)) > 256 {
		return nil, invalid("The comment must have at most 256 characters.")
	}
	out := &route53.UpdateHostedZoneCommentOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		key, z, err := owned(w, caller.Scope, in.Id)
		if err != nil {
			return err
		}
		z.Comment = aws.ToString(in.Comment)
		out.HostedZone = shape(w, caller.Scope, z)
		return store.HostedZones.Put(w, key, z)
	})
}

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteHostedZone.html
func (s *Service) deleteHostedZone(ctx context.Context, caller wire.Caller, in *route53.DeleteHostedZoneInput) (*route53.DeleteHostedZoneOutput, error) {
	change := s.newChange()
	out := &route53.DeleteHostedZoneOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		key, z, err := owned(w, caller.Scope, in.Id)
		if err != nil {
			return err
		}
		for _, r := range store.RecordSets.List(w, key.Scope(), z.ID+"/") {
			if !apex(z, r) {
				return &types.HostedZoneNotEmpty{Message: aws.String("The specified hosted zone contains non-required resource record sets and so cannot be deleted.")}
			}
		}
		store.RecordSets.DeleteBelow(w, key.Scope(), z.ID+"/")
		store.HostedZones.Delete(w, key)
		out.ChangeInfo, err = s.changed(w, caller.Scope, change, nil)
		return err
	})
}

// apex tells whether a set is one that each zone must have.
func apex(z state.HostedZone, r state.RecordSet) bool {
	return r.Name == z.Name && (r.Type == "NS" || r.Type == "SOA")
}

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZones.html
func (s *Service) listHostedZones(ctx context.Context, caller wire.Caller, in *route53.ListHostedZonesInput) (*route53.ListHostedZonesOutput, error) {
	size, err := page(in.MaxItems, 100)
	switch {
	case err != nil:
		return nil, err
	case in.DelegationSetId != nil:
		return nil, &types.NoSuchDelegationSet{Message: aws.String("No delegation set found with ID: " + bare(in.DelegationSetId, "/delegationset/"))}
	case in.HostedZoneType != "" && in.HostedZoneType != types.HostedZoneTypePrivateHostedZone:
		return nil, invalid("The value of hostedzonetype must be PrivateHostedZone.")
	}
	out := &route53.ListHostedZonesOutput{HostedZones: []types.HostedZone{}, Marker: in.Marker, MaxItems: aws.Int32(int32(size))}
	return out, s.view(ctx, func(r store.Reader) error {
		for _, z := range store.HostedZones.List(r, state.ZoneScope(caller.Scope.Account), "") {
			switch {
			case z.ID < aws.ToString(in.Marker) || in.HostedZoneType != "" && !z.Private:
			case len(out.HostedZones) == size:
				out.IsTruncated, out.NextMarker = true, &z.ID
				return nil
			default:
				out.HostedZones = append(out.HostedZones, *shape(r, caller.Scope, z))
			}
		}
		return nil
	})
}

// order is where a name stands: below the names it ends with.
func order(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, "\x00")
}

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html
func (s *Service) listHostedZonesByName(ctx context.Context, caller wire.Caller, in *route53.ListHostedZonesByNameInput) (*route53.ListHostedZonesByNameOutput, error) {
	size, err := page(in.MaxItems, 100)
	if err != nil {
		return nil, err
	}
	from := ""
	if in.DNSName != nil {
		name, err := zone.Name(*in.DNSName)
		if err != nil {
			return nil, &types.InvalidDomainName{Message: aws.String(*in.DNSName + " is not a valid domain name")}
		}
		from = order(name) + "\x00\x00" + bare(in.HostedZoneId, "/hostedzone/")
	} else if in.HostedZoneId != nil {
		return nil, invalid("The value of hostedzoneid needs one of dnsname.")
	}
	out := &route53.ListHostedZonesByNameOutput{HostedZones: []types.HostedZone{}, DNSName: in.DNSName, HostedZoneId: in.HostedZoneId, MaxItems: aws.Int32(int32(size))}
	return out, s.view(ctx, func(r store.Reader) error {
		var all []state.HostedZone
		for _, z := range store.HostedZones.List(r, state.ZoneScope(caller.Scope.Account), "") {
			if place(z) >= from {
				all = append(all, z)
			}
		}
		slices.SortFunc(all, func(a, b state.HostedZone) int { return strings.Compare(place(a), place(b)) })
		for i, z := range all {
			if i == size {
				out.IsTruncated, out.NextDNSName, out.NextHostedZoneId = true, &z.Name, &z.ID
				break
			}
			out.HostedZones = append(out.HostedZones, *shape(r, caller.Scope, z))
		}
		return nil
	})
}

func place(z state.HostedZone) string { return order(z.Name) + "\x00\x00" + z.ID }

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByVPC.html
func (s *Service) listHostedZonesByVPC(ctx context.Context, caller wire.Caller, in *route53.ListHostedZonesByVPCInput) (*route53.ListHostedZonesByVPCOutput, error) {
	size, err := page(in.MaxItems, 100)
	if err != nil {
		return nil, err
	}
	v := state.ZoneVPC{Region: string(in.VPCRegion), ID: aws.ToString(in.VPCId)}
	out := &route53.ListHostedZonesByVPCOutput{HostedZoneSummaries: []types.HostedZoneSummary{}, MaxItems: aws.Int32(int32(size))}
	return out, s.view(ctx, func(r store.Reader) error {
		var all []state.HostedZone
		for _, z := range store.HostedZones.List(r, state.ZoneScope(caller.Scope.Account), "") {
			if slices.Contains(z.VPCs, v) {
				all = append(all, z)
			}
		}
		part, next, err := wire.Cut("zones of "+v.Region+" "+v.ID, all, func(z state.HostedZone) string { return z.ID }, in.NextToken, size)
		if err != nil {
			return &types.InvalidPaginationToken{Message: aws.String("The nexttoken is not valid.")}
		}
		out.NextToken = next
		for _, z := range part {
			sum := types.HostedZoneSummary{HostedZoneId: &z.ID, Name: &z.Name, Owner: &types.HostedZoneOwner{OwningAccount: aws.String(caller.Scope.Account)}}
			if z.Namespace != "" {
				sum.Owner = &types.HostedZoneOwner{OwningService: aws.String("servicediscovery.amazonaws.com")}
			}
			out.HostedZoneSummaries = append(out.HostedZoneSummaries, sum)
		}
		return nil
	})
}

// getDNSSEC tells that no zone is signed.
//
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetDNSSEC.html
func (s *Service) getDNSSEC(ctx context.Context, caller wire.Caller, in *route53.GetDNSSECInput) (*route53.GetDNSSECOutput, error) {
	return &route53.GetDNSSECOutput{KeySigningKeys: []types.KeySigningKey{}, Status: &types.DNSSECStatus{ServeSignature: aws.String("NOT_SIGNING")}},
		s.view(ctx, func(r store.Reader) error {
			_, _, err := find(r, caller.Scope, in.HostedZoneId)
			return err
		})
}
