package ec2

import (
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// resource is a kind of thing: where it is kept, and how its absence is told.
type resource[T any] struct {
	table     store.Table[T]
	prefix    string
	missing   string // error code
	text      string // of that error, with the id
	malformed string // error code
}

var (
	vpcs       = resource[vpcRecord]{store.VPCs, "vpc", "InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", "InvalidVpcID.Malformed"}
	subnets    = resource[subnetRecord]{store.Subnets, "subnet", "InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", "InvalidSubnetID.Malformed"}
	groups     = resource[groupRecord]{store.SecurityGroups, "sg", "InvalidGroup.NotFound", "The security group '%s' does not exist", "InvalidGroupId.Malformed"}
	tables     = resource[tableRecord]{store.RouteTables, "rtb", "InvalidRouteTableID.NotFound", "The routeTable ID '%s' does not exist", "InvalidRouteTableId.Malformed"}
	gateways   = resource[gatewayRecord]{store.InternetGateways, "igw", "InvalidInternetGatewayID.NotFound", "The internetGateway ID '%s' does not exist", "InvalidInternetGatewayId.Malformed"}
	nats       = resource[natRecord]{store.NATGateways, "nat", "NatGatewayNotFound", "The Nat Gateway %s was not found", "NatGatewayMalformed"}
	addresses  = resource[addressRecord]{store.Addresses, "eipalloc", "InvalidAllocationID.NotFound", "The allocation ID '%s' does not exist", "InvalidAllocationID.Malformed"}
	interfaces = resource[interfaceRecord]{store.NetworkInterfaces, "eni", "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist", "InvalidNetworkInterfaceId.Malformed"}
)

var hexDigits = regexp.MustCompile(`^[0-9a-f]+$`)

// check refuses what cannot be an id of the kind.
func (k resource[T]) check(id string) error {
	prefix := k.prefix + "-"
	if digits, ok := strings.CutPrefix(id, prefix); !ok || !hexDigits.MatchString(digits) {
		return wire.Errorf(k.malformed, "Invalid id: \"%s\" (expecting \"%s...\")", id, prefix)
	}
	return nil
}

func (k resource[T]) notFound(id string) error {
	if err := k.check(id); err != nil {
		return err
	}
	return wire.Errorf(k.missing, k.text, id)
}

// get reads one that the parameter must name.
func (k resource[T]) get(c *call, r store.Reader, parameter, id string) (T, error) {
	if id == "" {
		var none T
		return none, missingParameter(parameter)
	}
	record, ok := k.table.Get(r, c.scope.Key(id))
	if !ok {
		return record, k.notFound(id)
	}
	return record, nil
}

// all lists those of the caller's account and region that match.
func (k resource[T]) all(c *call, r store.Reader, match func(T) bool) (out []T) {
	for _, record := range k.table.List(r, c.scope, "") {
		if match == nil || match(record) {
			out = append(out, record)
		}
	}
	return out
}

// first is one that matches, if there is any.
func (k resource[T]) first(c *call, r store.Reader, match func(T) bool) (T, bool) {
	for _, record := range k.table.List(r, c.scope, "") {
		if match(record) {
			return record, true
		}
	}
	var none T
	return none, false
}

// made is what was made with a client token before. read tells the token of
// one, and whether the request asks for what that is.
func (k resource[T]) made(c *call, r store.Reader, token string, read func(T) (string, bool)) (record T, found bool, err error) {
	if token == "" {
		return record, false, nil
	}
	record, found = k.first(c, r, func(o T) bool {
		t, _ := read(o)
		return t == token
	})
	if _, same := read(record); found && !same {
		return record, false, mismatchedToken()
	}
	return record, found, nil
}

func (k resource[T]) any(c *call, r store.Reader, match func(T) bool) bool {
	_, found := k.first(c, r, match)
	return found
}
