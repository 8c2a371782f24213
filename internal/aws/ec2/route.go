package ec2

import (
	"net/netip"
	"slices"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxRoutes is how many a table can have.
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
const maxRoutes = 500

// CreateRouteInput is the SDK's, as far as it is served.
type CreateRouteInput struct {
	RouteTableId         string
	DestinationCidrBlock string
	GatewayId            string
	NatGatewayId         string
	NetworkInterfaceId   string
	DryRun               bool
}

// CreateRouteOutput is the SDK's.
type CreateRouteOutput struct{ Return bool }

// createRoute adds a route to a gateway of the VPC.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html
func createRoute(c *call, in *CreateRouteInput) (*CreateRouteOutput, error) {
	return &CreateRouteOutput{Return: true}, c.setRoute(in, func(t *tableRecord, route state.Route, at int) error {
		switch {
		case at >= 0 && t.Routes[at].Target == route.Target: // AWS takes the same again
			return nil
		case at >= 0:
			return wire.Errorf("RouteAlreadyExists", "The route identified by %s already exists.", route.Destination)
		case len(t.Routes) >= maxRoutes:
			return wire.Errorf("RouteLimitExceeded", "The maximum number of routes has been reached.")
		}
		t.Routes = append(t.Routes, route)
		return nil
	})
}

// ReplaceRouteInput is the SDK's, as far as it is served.
type ReplaceRouteInput CreateRouteInput

// ReplaceRouteOutput is the SDK's.
type ReplaceRouteOutput struct{}

func replaceRoute(c *call, in *ReplaceRouteInput) (*ReplaceRouteOutput, error) {
	return &ReplaceRouteOutput{}, c.setRoute((*CreateRouteInput)(in), func(t *tableRecord, route state.Route, at int) error {
		if at < 0 {
			return invalid("There is no route defined for '%s' in the route table. Use CreateRoute instead.", route.Destination)
		}
		t.Routes[at] = route
		return nil
	})
}

// setRoute checks a route and has put put it into its table.
func (c *call) setRoute(in *CreateRouteInput, put func(t *tableRecord, route state.Route, at int) error) error {
	destination, err := destinationOf(in.DestinationCidrBlock)
	if err != nil {
		return err
	}
	return c.update(func(w store.Writer) error {
		t, err := tables.get(c, w, "routeTableId", in.RouteTableId)
		if err != nil {
			return err
		}
		target, err := c.target(w, t, in)
		if err != nil {
			return err
		}
		v, err := vpcs.get(c, w, "vpcId", t.VPCID)
		switch {
		case err != nil:
			return err
		case destination == v.CIDR:
			return wire.Errorf("RouteAlreadyExists", "The route identified by %s already exists.", destination)
		}
		t.Routes = slices.Clone(t.Routes)
		at := slices.IndexFunc(t.Routes, func(r state.Route) bool { return r.Destination == destination })
		if err := put(&t, state.Route{Destination: destination, Target: target}, at); err != nil {
			return err
		}
		return store.RouteTables.Put(w, c.scope.Key(t.ID), t)
	})
}

func destinationOf(text string) (netip.Prefix, error) {
	if text == "" {
		return netip.Prefix{}, missingParameter("destinationCidrBlock")
	}
	return block(text, "destinationCidrBlock")
}

// target is where a route leads: exactly one gateway, of the table's VPC.
func (c *call) target(r store.Reader, t tableRecord, in *CreateRouteInput) (string, error) {
	given, _ := without([]string{in.GatewayId, in.NatGatewayId, in.NetworkInterfaceId}, func(s string) bool { return s == "" })
	switch {
	case len(given) == 0:
		return "", missingParameter("gatewayId, natGatewayId or networkInterfaceId")
	case len(given) > 1:
		return "", badCombination("A route has one target: give one of gatewayId, natGatewayId and networkInterfaceId.")
	}
	vpc, err := "", error(nil)
	switch {
	case in.NatGatewayId != "":
		var n natRecord
		n, err = nats.get(c, r, "natGatewayId", in.NatGatewayId)
		vpc = n.VPCID
		if err == nil && n.DeletedAt != nil {
			return "", nats.notFound(n.ID)
		}
	case in.NetworkInterfaceId != "":
		var n interfaceRecord
		n, err = interfaces.get(c, r, "networkInterfaceId", in.NetworkInterfaceId)
		vpc = n.VPCID
	default:
		var g gatewayRecord
		if kindOf(in.GatewayId) != "igw" {
			return "", refused("Hatoba has internet gateways only: %s cannot be a route's target.", in.GatewayId)
		}
		g, err = gateways.get(c, r, "gatewayId", in.GatewayId)
		vpc = g.VPCID
	}
	if err == nil && vpc != t.VPCID {
		return "", invalid("route table %s and network gateway %s belong to different networks", t.ID, given[0])
	}
	return given[0], err
}

// DeleteRouteInput is the SDK's, as far as it is served.
type DeleteRouteInput struct {
	RouteTableId         string
	DestinationCidrBlock string
	DryRun               bool
}

// DeleteRouteOutput is the SDK's.
type DeleteRouteOutput struct{}

func deleteRoute(c *call, in *DeleteRouteInput) (*DeleteRouteOutput, error) {
	destination, err := destinationOf(in.DestinationCidrBlock)
	if err != nil {
		return nil, err
	}
	return &DeleteRouteOutput{}, c.update(func(w store.Writer) error {
		t, err := tables.get(c, w, "routeTableId", in.RouteTableId)
		if err != nil {
			return err
		}
		kept, found := without(t.Routes, func(r state.Route) bool { return r.Destination == destination })
		if v, _ := store.VPCs.Get(w, c.scope.Key(t.VPCID)); v.CIDR == destination {
			return invalid("cannot remove local route %s in route table %s", destination, t.ID)
		}
		if !found {
			return wire.Errorf("InvalidRoute.NotFound", "no route with destination-cidr-block %s in route table %s", destination, t.ID)
		}
		t.Routes = kept
		return store.RouteTables.Put(w, c.scope.Key(t.ID), t)
	})
}
