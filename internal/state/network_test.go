package state

import (
	"net/netip"
	"testing"
)

func TestDefaultNetwork(t *testing.T) {
	scope := Scope{Account: "123456789012", Region: "ap-northeast-1"}
	vpc, subnets, group, err := DefaultNetwork(scope, netip.MustParsePrefix("172.31.0.0/16"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"172.31.0.0/20 ap-northeast-1a", "172.31.16.0/20 ap-northeast-1b", "172.31.32.0/20 ap-northeast-1c"}
	ids := map[string]bool{vpc.ID: true, group.ID: true}
	for i, s := range subnets {
		if got := s.CIDR.String() + " " + s.AvailabilityZone; got != want[i] {
			t.Errorf("subnet %d: %s, want %s", i, got, want[i])
		}
		if !vpc.CIDR.Contains(s.CIDR.Addr()) || s.VPCID != vpc.ID {
			t.Errorf("subnet %d is not in its VPC", i)
		}
		ids[s.ID] = true
	}
	if len(ids) != 5 || len(vpc.ID) != len("vpc-")+17 {
		t.Errorf("ids %v are not 5 of 17 digits", ids)
	}
	again, _, _, _ := DefaultNetwork(scope, netip.MustParsePrefix("172.31.0.0/16"))
	if again.ID != vpc.ID {
		t.Error("ids change between starts")
	}
	if _, _, _, err := DefaultNetwork(scope, netip.MustParsePrefix("10.0.0.0/28")); err == nil {
		t.Error("a range too small is taken")
	}
}

func TestAdoptSubnetIsSteady(t *testing.T) {
	_, subnets, _, _ := DefaultNetwork(Scope{"1", "r"}, netip.MustParsePrefix("10.0.0.0/16"))
	seen := map[string]bool{}
	for _, id := range []string{"subnet-0a", "subnet-0b", "subnet-0c", "subnet-0d", "subnet-0e", "subnet-0f"} {
		first, again := AdoptSubnet(id, subnets), AdoptSubnet(id, subnets)
		if first.ID != again.ID {
			t.Error("two answers for one id")
		}
		seen[first.ID] = true
	}
	if len(seen) < 2 {
		t.Error("all ids fall into one subnet")
	}
}
