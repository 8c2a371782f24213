// Package defaultnetwork makes what every account finds in a region before it
// made anything of its own: the default VPC.
package defaultnetwork

import (
	"net/netip"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Put makes the default VPC of a range with its subnets, security group, route
// table and internet gateway in the scope, as far as they are not there. What
// somebody has changed stays as it is.
//
// Source: https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
func Put(w store.Writer, scope state.Scope, cidr netip.Prefix) error {
	vpc, found := find(w, scope)
	if !found {
		made, subnets, group, err := state.DefaultNetwork(scope, cidr)
		if err != nil {
			return err
		}
		vpc = made
		if err := store.VPCs.Put(w, scope.Key(vpc.ID), vpc); err != nil {
			return err
		}
		for _, subnet := range subnets {
			if err := store.Subnets.Put(w, scope.Key(subnet.ID), subnet); err != nil {
				return err
			}
		}
		if err := store.SecurityGroups.Put(w, scope.Key(group.ID), group); err != nil {
			return err
		}
	}
	// The main table cannot be deleted: without it, this is a VPC of a build
	// that knew no routes.
	table, gateway := state.DefaultRoutes(scope, vpc)
	if _, ok := store.RouteTables.Get(w, scope.Key(table.ID)); ok {
		return nil
	}
	if err := store.RouteTables.Put(w, scope.Key(table.ID), table); err != nil {
		return err
	}
	return store.InternetGateways.Put(w, scope.Key(gateway.ID), gateway)
}

func find(r store.Reader, scope state.Scope) (state.VPC, bool) {
	for _, vpc := range store.VPCs.List(r, scope, "") {
		if vpc.IsDefault {
			return vpc, true
		}
	}
	return state.VPC{}, false
}
