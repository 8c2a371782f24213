package ec2

import (
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// DisassociateRouteTableInput is the SDK's.
type DisassociateRouteTableInput struct {
	AssociationId string
	DryRun        bool
}

// DisassociateRouteTableOutput is the SDK's.
type DisassociateRouteTableOutput struct{}

// disassociateRouteTable leaves a subnet with the main table.
func disassociateRouteTable(c *call, in *DisassociateRouteTableInput) (*DisassociateRouteTableOutput, error) {
	return &DisassociateRouteTableOutput{}, c.update(func(w store.Writer) error {
		t, a, err := c.association(w, in.AssociationId)
		switch {
		case err != nil:
			return err
		case a.Main:
			return invalid("cannot disassociate the main route table association %s", a.ID)
		}
		t.Associations, _ = without(t.Associations, func(o state.RouteTableAssociation) bool { return o.ID == a.ID })
		return store.RouteTables.Put(w, c.scope.Key(t.ID), t)
	})
}

// association finds the table that has an association.
func (c *call) association(r store.Reader, id string) (tableRecord, state.RouteTableAssociation, error) {
	if id == "" {
		return tableRecord{}, state.RouteTableAssociation{}, missingParameter("associationId")
	}
	for _, t := range tables.all(c, r, nil) {
		for _, a := range t.Associations {
			if a.ID == id {
				return t, a, nil
			}
		}
	}
	return tableRecord{}, state.RouteTableAssociation{}, wire.Errorf("InvalidAssociationID.NotFound", "The association ID '%s' does not exist", id)
}

// ReplaceRouteTableAssociationInput is the SDK's.
type ReplaceRouteTableAssociationInput struct {
	AssociationId string
	RouteTableId  string
	DryRun        bool
}

// ReplaceRouteTableAssociationOutput is the SDK's.
type ReplaceRouteTableAssociationOutput struct {
	NewAssociationId string
	AssociationState *RouteTableAssociationState
}

// replaceRouteTableAssociation gives a subnet, or the VPC, another table.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRouteTableAssociation.html
func replaceRouteTableAssociation(c *call, in *ReplaceRouteTableAssociationInput) (*ReplaceRouteTableAssociationOutput, error) {
	out := &ReplaceRouteTableAssociationOutput{AssociationState: associated()}
	return out, c.update(func(w store.Writer) error {
		from, a, err := c.association(w, in.AssociationId)
		if err != nil {
			return err
		}
		to, err := tables.get(c, w, "routeTableId", in.RouteTableId)
		switch {
		case err != nil:
			return err
		case to.VPCID != from.VPCID:
			return invalid("Route tables %s and %s belong to different networks", from.ID, to.ID)
		case to.ID == from.ID:
			out.NewAssociationId = a.ID
			return nil
		}
		from.Associations, _ = without(from.Associations, func(o state.RouteTableAssociation) bool { return o.ID == a.ID })
		if err := store.RouteTables.Put(w, c.scope.Key(from.ID), from); err != nil {
			return err
		}
		a.ID = c.id("rtbassoc")
		out.NewAssociationId = a.ID
		to.Associations = append(to.Associations, a)
		return store.RouteTables.Put(w, c.scope.Key(to.ID), to)
	})
}
