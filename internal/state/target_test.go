package state

import (
	"net/netip"
	"testing"
)

func TestBalancerRange(t *testing.T) {
	for subnet, want := range map[string]string{
		"172.31.16.0/20": "172.31.31.0/24",
		"10.0.1.0/24":    "10.0.1.240/28",
		"10.0.1.16/28":   "10.0.1.31/32",
	} {
		if got := BalancerRange(netip.MustParsePrefix(subnet)).String(); got != want {
			t.Errorf("of %s: %s, want %s", subnet, got, want)
		}
	}
}
