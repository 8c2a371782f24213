package elbv2

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/wire"
)

// accountLimits are what DescribeAccountLimits tells.
func accountLimits() (out []types.Limit) {
	for _, l := range []struct {
		name string
		max  int
	}{
		{"application-load-balancers", maxBalancers},
		{"condition-values-per-alb-rule", maxValuesOfCondition},
		{"condition-wildcards-per-alb-rule", maxWildcardsOfRule},
		{"certificates-per-application-load-balancer", maxCertificates},
		{"certificates-per-network-load-balancer", maxCertificatesOfNetLB},
		{"listeners-per-application-load-balancer", maxListeners},
		{"listeners-per-network-load-balancer", maxListeners},
		{"network-load-balancers", maxBalancers},
		{"rules-per-application-load-balancer", maxRules},
		{"target-groups", maxGroups},
		{"target-groups-per-action-on-application-load-balancer", maxGroupsOfAction},
		{"target-groups-per-action-on-network-load-balancer", 1},
		{"target-groups-per-application-load-balancer", maxGroupsOfBalancer},
		{"targets-per-application-load-balancer", maxTargetsOfGroup},
		{"targets-per-target-group", maxTargetsOfGroup},
	} {
		out = append(out, types.Limit{Name: aws.String(l.name), Max: aws.String(strconv.Itoa(l.max))})
	}
	return out
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeAccountLimits.html
func (s *Service) describeAccountLimits(_ context.Context, _ wire.Caller, in *elasticloadbalancingv2.DescribeAccountLimitsInput) (*elasticloadbalancingv2.DescribeAccountLimitsOutput, error) {
	limits, next, err := page("elb-limits", accountLimits(), func(l types.Limit) string { return *l.Name }, in.Marker, in.PageSize)
	return &elasticloadbalancingv2.DescribeAccountLimitsOutput{Limits: limits, NextMarker: next}, err
}
