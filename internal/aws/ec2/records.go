package ec2

import "github.com/hatoba/hatoba/internal/state"

// The records of the store, beside the shapes of the answers that have the
// same names.
type (
	vpcRecord       = state.VPC
	subnetRecord    = state.Subnet
	groupRecord     = state.SecurityGroup
	ruleRecord      = state.SecurityGroupRule
	tableRecord     = state.RouteTable
	gatewayRecord   = state.InternetGateway
	natRecord       = state.NATGateway
	addressRecord   = state.Address
	interfaceRecord = state.NetworkInterface
)
