package route53

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html
func (s *Service) associateVPC(ctx context.Context, caller wire.Caller, in *route53.AssociateVPCWithHostedZoneInput) (*route53.AssociateVPCWithHostedZoneOutput, error) {
	if in.VPC == nil {
		return nil, invalid("The VPC must be specified.")
	}
	v, err := s.vpc(ctx, caller, in.VPC)
	if err != nil {
		return nil, err
	}
	change := s.newChange()
	out := &route53.AssociateVPCWithHostedZoneOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		key, z, err := owned(w, caller.Scope, in.HostedZoneId)
		switch {
		case err != nil:
			return err
		case !z.Private:
			return &types.PublicZoneVPCAssociation{Message: aws.String("You're trying to associate a VPC with a public hosted zone. Amazon Route 53 doesn't support associating a VPC with a public hosted zone.")}
		case slices.Contains(z.VPCs, v):
			return &types.ConflictingDomainExists{Message: aws.String("The VPC " + v.ID + " in region " + v.Region + " has already been associated with the hosted zone " + z.ID + " with the same domain name.")}
		case len(z.VPCs) >= maxVPCs:
			return &types.LimitsExceeded{Message: aws.String("The hosted zone has reached the limit of 300 VPCs.")}
		}
		if err := attachable(w, caller.Scope, z, v); err != nil {
			return err
		}
		z.VPCs = append(slices.Clone(z.VPCs), v)
		if err := store.HostedZones.Put(w, key, z); err != nil {
			return err
		}
		out.ChangeInfo, err = s.changed(w, caller.Scope, change, in.Comment)
		return err
	})
}

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_DisassociateVPCFromHostedZone.html
func (s *Service) disassociateVPC(ctx context.Context, caller wire.Caller, in *route53.DisassociateVPCFromHostedZoneInput) (*route53.DisassociateVPCFromHostedZoneOutput, error) {
	if in.VPC == nil {
		return nil, invalid("The VPC must be specified.")
	}
	v := state.ZoneVPC{Region: string(in.VPC.VPCRegion), ID: aws.ToString(in.VPC.VPCId)}
	change := s.newChange()
	out := &route53.DisassociateVPCFromHostedZoneOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		key, z, err := owned(w, caller.Scope, in.HostedZoneId)
		switch {
		case err != nil:
			return err
		case !slices.Contains(z.VPCs, v):
			return &types.VPCAssociationNotFound{Message: aws.String("The VPC " + v.ID + " and the hosted zone " + z.ID + " are not associated.")}
		case len(z.VPCs) == 1:
			return &types.LastVPCAssociation{Message: aws.String("The VPC that you are trying to disassociate from the private hosted zone is the last VPC that is associated with the hosted zone. Amazon Route 53 doesn't support disassociating the last VPC from a hosted zone.")}
		}
		z.VPCs = slices.DeleteFunc(slices.Clone(z.VPCs), func(other state.ZoneVPC) bool { return other == v })
		if err := store.HostedZones.Put(w, key, z); err != nil {
			return err
		}
		out.ChangeInfo, err = s.changed(w, caller.Scope, change, in.Comment)
		return err
	})
}
