package elbv2

import (
	"context"
	"crypto/tls"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

func shownPolicy(p state.TLSPolicy) types.SslPolicy {
	out := types.SslPolicy{Name: aws.String(p.Name), SupportedLoadBalancerTypes: []string{typeApplication, typeNetwork}}
	for v := p.Min; v <= p.Max; v++ {
		name := strings.ReplaceAll(tls.VersionName(v), "TLS ", "TLSv")
		out.SslProtocols = append(out.SslProtocols, strings.TrimSuffix(name, ".0"))
	}
	for i, c := range p.Ciphers {
		out.Ciphers = append(out.Ciphers, types.Cipher{Name: aws.String(c.Name), Priority: aws.Int32(int32(i) + 1)})
	}
	return out
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeSSLPolicies.html
func (s *Service) describeSSLPolicies(_ context.Context, _ wire.Caller, in *elasticloadbalancingv2.DescribeSSLPoliciesInput) (*elasticloadbalancingv2.DescribeSSLPoliciesOutput, error) {
	var list []state.TLSPolicy
	for _, name := range in.Names {
		p, ok := state.TLSPolicyNamed(name)
		if !ok {
			return nil, wire.Errorf("SSLPolicyNotFound", "SSL policy '%s' not found", name)
		}
		list = append(list, p)
	}
	if len(in.Names) == 0 {
		list = state.TLSPolicies()
	}
	if in.LoadBalancerType != "" && !slices.Contains([]string{typeApplication, typeNetwork}, string(in.LoadBalancerType)) {
		list = nil
	}
	cut, next, err := page("elb-policies", list, func(p state.TLSPolicy) string { return p.Name }, in.Marker, in.PageSize)
	out := &elasticloadbalancingv2.DescribeSSLPoliciesOutput{NextMarker: next, SslPolicies: []types.SslPolicy{}}
	for _, p := range cut {
		out.SslPolicies = append(out.SslPolicies, shownPolicy(p))
	}
	return out, err
}
