package state

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func TestStoreIDsOfBalancerARNs(t *testing.T) {
	const arn = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:"
	for _, c := range []struct{ got, want string }{
		{LoadBalancerID(arn + "loadbalancer/app/web/0123456789abcdef"), "app/web/0123456789abcdef"},
		{ListenerID(arn + "listener/net/web/0123456789abcdef/fedcba9876543210"), "net/web/0123456789abcdef/fedcba9876543210"},
		{RuleID(arn + "listener-rule/app/web/a/b/c"), "app/web/a/b/c"},
		{ListenerID(arn + "listener-rule/app/web/a/b/c"), ""},
		{TargetGroupID(arn + "targetgroup/web/0123456789abcdef"), "web/0123456789abcdef"},
		{TargetGroupID("web"), ""},
		{TargetGroupID("arn:aws:ecs:eu-west-1:000000000000:targetgroup/web/1"), ""},
		{BalancerOf("app/web/a/b/c"), "app/web/a"},
		{ListenerOf("app/web/a/b/c"), "app/web/a/b"},
		{CertificateID("arn:aws:acm:eu-west-1:000000000000:certificate/1-2"), "1-2"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestForwardsToNamesEachGroupOnce(t *testing.T) {
	got := ForwardsTo([]elbtypes.Action{{
		TargetGroupArn: aws.String("a"),
		ForwardConfig:  &elbtypes.ForwardActionConfig{TargetGroups: []elbtypes.TargetGroupTuple{{TargetGroupArn: aws.String("a")}, {TargetGroupArn: aws.String("b")}}},
	}})
	if !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v", got)
	}
}
