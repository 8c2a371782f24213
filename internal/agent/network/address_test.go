package network

import (
	"errors"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestAllocateGivesEveryAddressOnceAndNoneThatIsReserved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(20, 30).Draw(t, "bits")
		subnet := netip.PrefixFrom(address(rapid.Uint32().Draw(t, "base")), bits).Masked()
		want := max(0, 1<<(32-bits)-5)
		used := map[netip.Addr]bool{}
		for range want {
			a, ok := Allocate(subnet, func(a netip.Addr) bool { return used[a] }, rapid.Uint64().Draw(t, "seed"))
			if !ok || used[a] || !subnet.Contains(a) {
				t.Fatalf("%v, %v after %d of %d", a, ok, len(used), want)
			}
			if host := number(a) - number(subnet.Addr()); host < 4 || host == 1<<(32-bits)-1 {
				t.Fatalf("%v of %v is reserved", a, subnet)
			}
			used[a] = true
			if len(used) == 64 { // enough to see, and quick
				return
			}
		}
		if a, ok := Allocate(subnet, func(a netip.Addr) bool { return used[a] }, 7); ok {
			t.Fatalf("%v of a full range", a)
		}
	})
}

func TestAllocateKnowsIPv4Only(t *testing.T) {
	if a, ok := Allocate(netip.MustParsePrefix("fd00::/64"), func(netip.Addr) bool { return false }, 1); ok {
		t.Errorf("got %v", a)
	}
}

func TestChooseVPC(t *testing.T) {
	prefixes := func(texts ...string) (out []netip.Prefix) {
		for _, s := range texts {
			out = append(out, netip.MustParsePrefix(s))
		}
		return out
	}
	for _, tc := range []struct {
		name        string
		host, taken []netip.Prefix
		want        string
	}{
		{"nothing in use", nil, nil, "172.31.0.0/16"},
		{"home network", prefixes("192.168.1.0/24"), nil, "172.31.0.0/16"},
		{"dockerd", prefixes("172.17.0.0/16"), nil, "172.31.0.0/16"},
		{"an EC2 host of the default VPC", prefixes("172.31.16.0/20"), nil, "172.30.0.0/16"},
		{"a second instance", prefixes("192.168.1.0/24"), prefixes("172.31.0.0/16"), "172.30.0.0/16"},
		{"all of 172.16/12", prefixes("172.16.0.0/12"), nil, "10.255.0.0/16"},
		{"all of 172.16/12, some of 10/8", prefixes("172.16.0.0/12", "10.255.3.0/24"), prefixes("10.254.0.0/16"), "10.253.0.0/16"},
	} {
		got, err := ChooseVPC(tc.host, tc.taken)
		if err != nil || got.String() != tc.want {
			t.Errorf("%s: %v (%v), want %s", tc.name, got, err, tc.want)
		}
	}
	if _, err := ChooseVPC(prefixes("172.16.0.0/12", "10.0.0.0/8")); !errors.Is(err, ErrNoRange) {
		t.Errorf("all in use: %v", err)
	}
}

func TestNamesAndFiles(t *testing.T) {
	a := netip.MustParseAddr("172.31.1.2")
	for got, want := range map[string]string{
		HostName(a):                    "ip-172-31-1-2",
		PrivateDNSName(a, "us-east-1"): "ip-172-31-1-2.ec2.internal",
		PrivateDNSName(a, "eu-west-1"): "ip-172-31-1-2.eu-west-1.compute.internal",
		MAC(a):                         "0a:58:ac:1f:01:02",
		Gateway(netip.MustParsePrefix(vpc)).String():   "172.31.0.1",
		string(ResolvConf("us-east-1")):                "search ec2.internal\nnameserver 169.254.170.2\n",
		string(Hosts("ip-172-31-1-2.ec2.internal", a)): "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n172.31.1.2 ip-172-31-1-2.ec2.internal\n",
		Config{Instance: "abcdefgh"}.BridgeName():      "hb-abcdefgh",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := Config{Instance: "a1", VPC: netip.MustParsePrefix(vpc), Gateway: netip.MustParseAddr("172.31.0.1")}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Config){
		"no instance":        func(c *Config) { c.Instance = "" },
		"a long instance":    func(c *Config) { c.Instance = "abcdefghi" },
		"capitals":           func(c *Config) { c.Instance = "A" },
		"a space":            func(c *Config) { c.Instance = "a b" },
		"no range":           func(c *Config) { c.VPC = netip.Prefix{} },
		"an IPv6 range":      func(c *Config) { c.VPC = netip.MustParsePrefix("fd00::/64") },
		"a gateway outside":  func(c *Config) { c.Gateway = netip.MustParseAddr("172.30.0.1") },
		"a range too little": func(c *Config) { c.VPC = netip.MustParsePrefix("172.31.0.0/29") },
	} {
		c := good
		spoil(&c)
		if err := c.check(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
