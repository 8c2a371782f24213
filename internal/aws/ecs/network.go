package ecs

import (
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

const (
	maxSubnets        = 16
	maxSecurityGroups = 5
)

var (
	subnetID = regexp.MustCompile(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`)
	groupID  = regexp.MustCompile(`^sg-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

// placeInNetwork is a subnet that a request named, and the one that it is.
type placeInNetwork struct {
	requested string
	subnet    state.Subnet
}

// network is a request's network configuration, resolved.
type network struct {
	places  []placeInNetwork
	adopted []string // ids nobody made, taken as names of the default VPC
}

// place gives the n-th task of a request its subnet; where the round begins
// follows from start.
func (n network) place(start uint64, i int) placeInNetwork {
	return n.places[(start+uint64(i))%uint64(len(n.places))]
}

// spread gives a task of a service the subnet in whose zone the service has
// the fewest, and counts it there.
func (n network) spread(zones map[string]int, start uint64) placeInNetwork {
	best := n.place(start, 0)
	for i := range n.places {
		if p := n.place(start, i); zones[p.subnet.AvailabilityZone] < zones[best.subnet.AvailabilityZone] {
			best = p
		}
	}
	zones[best.subnet.AvailabilityZone]++
	return best
}

// checkNetwork checks the form of an awsvpc configuration.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
func checkNetwork(c *types.NetworkConfiguration) error {
	if c == nil || c.AwsvpcConfiguration == nil {
		return invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	}
	v := c.AwsvpcConfiguration
	switch {
	case len(v.Subnets) == 0:
		return invalid("subnets can not be empty.")
	case len(v.Subnets) > maxSubnets:
		return invalid("subnets can have at most %d items.", maxSubnets)
	case len(v.SecurityGroups) > maxSecurityGroups:
		return invalid("securityGroups can have at most %d items.", maxSecurityGroups)
	case v.AssignPublicIp != "" && !slices.Contains(v.AssignPublicIp.Values(), v.AssignPublicIp):
		return invalid("assignPublicIp should be one of %v.", v.AssignPublicIp.Values())
	}
	for _, id := range v.Subnets {
		if !subnetID.MatchString(id) {
			return invalid("Error retrieving subnet information for [%s]: Invalid id: \"%s\" (expecting \"subnet-...\") (ErrorCode: InvalidSubnetID.Malformed)", id, id)
		}
	}
	for _, id := range v.SecurityGroups {
		if !groupID.MatchString(id) {
			return invalid("Error retrieving security group information for [%s]: Invalid id: \"%s\" (expecting \"sg-...\") (ErrorCode: InvalidGroupId.Malformed)", id, id)
		}
	}
	return nil
}

// resolveNetwork finds the subnets of a checked configuration. Ids nobody made
// stand for the default VPC, or are refused when strict.
func resolveNetwork(r store.Reader, scope state.Scope, v *types.AwsVpcConfiguration, strict bool) (network, error) {
	var out network
	var defaults []state.Subnet
	for _, s := range store.Subnets.List(r, scope, "") {
		if s.IsDefault {
			defaults = append(defaults, s)
		}
	}
	for _, id := range v.Subnets {
		subnet, ok := store.Subnets.Get(r, scope.Key(id))
		if !ok {
			if strict || len(defaults) == 0 {
				return out, invalid("Error retrieving subnet information for [%s]: The subnet ID '%s' does not exist (ErrorCode: InvalidSubnetID.NotFound)", id, id)
			}
			subnet = state.AdoptSubnet(id, defaults)
			out.adopted = append(out.adopted, id)
		}
		if len(out.places) > 0 && subnet.VPCID != out.places[0].subnet.VPCID {
			return out, invalid("Subnets %s and %s do not belong to the same VPC.", out.places[0].requested, id)
		}
		out.places = append(out.places, placeInNetwork{requested: id, subnet: subnet})
	}
	for _, id := range v.SecurityGroups {
		group, ok := store.SecurityGroups.Get(r, scope.Key(id))
		switch {
		case !ok && strict:
			return out, invalid("Error retrieving security group information for [%s]: The security group '%s' does not exist (ErrorCode: InvalidGroup.NotFound)", id, id)
		case !ok:
			out.adopted = append(out.adopted, id)
		case group.VPCID != out.places[0].subnet.VPCID:
			return out, invalid("Security group %s does not appear to belong to the same VPC as the input subnets.", id)
		}
	}
	return out, nil
}
