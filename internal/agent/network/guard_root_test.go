package network

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

func tcp(port int32, from string) state.SecurityGroupRule {
	r := state.SecurityGroupRule{Protocol: "tcp", From: port, To: port}
	if strings.HasPrefix(from, "sg-") {
		r.Group = from
	} else {
		r.CIDR = netip.MustParsePrefix(from)
	}
	return r
}

func outward(r state.SecurityGroupRule) state.SecurityGroupRule {
	r.Egress = true
	return r
}

var everywhere = netip.MustParsePrefix("0.0.0.0/0")

func allOut() state.SecurityGroupRule {
	return state.SecurityGroupRule{Egress: true, Protocol: "-1", From: -1, To: -1, CIDR: everywhere}
}

func group(rules ...state.SecurityGroupRule) *protocol.SecurityGroup {
	return &protocol.SecurityGroup{Rules: rules}
}

func enforce(t *testing.T, n *Network, complete bool, groups map[string]*protocol.SecurityGroup) {
	t.Helper()
	if err := n.Guard(complete, &protocol.Firewall{Groups: groups}); err != nil {
		t.Fatal(err)
	}
}

func attachIn(t *testing.T, n *Network, id, addr string, groups ...string) Attachment {
	t.Helper()
	req := request(n, id, addr)
	req.Groups = groups
	a, err := n.Attach(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustNotAsk(t *testing.T, netns, at string) {
	t.Helper()
	if got, err := ask(netns, at, 300*time.Millisecond); err == nil {
		t.Errorf("%s -> %s is let pass: %q", netns, at, got)
	}
}

// bridged runs a test where bridged packets pass the hooks of IP, and where
// they do not, as the machine has br_netfilter or not.
func bridged(t *testing.T, test func(t *testing.T, m machine)) {
	for _, seen := range []string{"0", "1"} {
		t.Run("br_netfilter="+seen, func(t *testing.T) {
			m := newMachine(t)
			const path = "/proc/sys/net/bridge/bridge-nf-call-iptables"
			if err := os.WriteFile(path, []byte(seen), 0o644); err != nil {
				t.Skip(err)
			}
			defer os.WriteFile(path, []byte("1"), 0o644)
			test(t, m)
		})
	}
}

func TestGroupsAreEnforced(t *testing.T) { bridged(t, groupsAreEnforced) }

func groupsAreEnforced(t *testing.T, m machine) {
	n := m.open(t, "t1", vpc)
	enforce(t, n, true, map[string]*protocol.SecurityGroup{"sg-web": group(allOut()), "sg-client": group(allOut())})
	web := attachIn(t, n, "web", "172.31.0.10", "sg-web")
	client := attachIn(t, n, "client", "172.31.0.11", "sg-client")
	open := attachIn(t, n, "open", "172.31.0.12", "sg-nobody-made")
	serve(t, web.NetNS, "172.31.0.10:80")
	serve(t, open.NetNS, "172.31.0.12:80")
	serve(t, m.outside, "192.0.2.2:80")

	mustNotAsk(t, client.NetNS, "172.31.0.10:80") // no ingress
	mustNotAsk(t, open.NetNS, "172.31.0.10:80")
	mustAsk(t, "", "172.31.0.10:80", "172.31.0.1") // the machine itself
	mustAsk(t, client.NetNS, "172.31.0.12:80", "172.31.0.11")
	mustAsk(t, web.NetNS, "172.31.0.12:80", "172.31.0.10")
	mustAsk(t, client.NetNS, "192.0.2.2:80", "192.0.2.1")

	// Authorized by group: those in it, also one that comes later.
	enforce(t, n, false, map[string]*protocol.SecurityGroup{"sg-web": group(allOut(), tcp(80, "sg-client"))})
	mustAsk(t, client.NetNS, "172.31.0.10:80", "172.31.0.11")
	mustNotAsk(t, open.NetNS, "172.31.0.10:80")
	later := attachIn(t, n, "later", "172.31.0.13", "sg-client")
	mustAsk(t, later.NetNS, "172.31.0.10:80", "172.31.0.13")

	// By range and port.
	enforce(t, n, false, map[string]*protocol.SecurityGroup{"sg-web": group(allOut(), tcp(80, "172.31.0.12/32"))})
	mustAsk(t, open.NetNS, "172.31.0.10:80", "172.31.0.12")
	mustNotAsk(t, client.NetNS, "172.31.0.10:80")
	enforce(t, n, false, map[string]*protocol.SecurityGroup{"sg-web": group(allOut(), tcp(81, "0.0.0.0/0"))})
	mustNotAsk(t, open.NetNS, "172.31.0.10:80")

	// Egress.
	enforce(t, n, false, map[string]*protocol.SecurityGroup{"sg-client": group(outward(tcp(80, "172.31.0.12/32")))})
	mustAsk(t, client.NetNS, "172.31.0.12:80", "172.31.0.11")
	mustNotAsk(t, client.NetNS, "192.0.2.2:80")

	// A table that somebody flushed comes back.
	shell(t, "nft flush ruleset")
	eventually(t, "the table comes back", func() bool { return strings.Contains(shell(t, "nft list ruleset"), "hatoba_t1_groups") })
	mustNotAsk(t, client.NetNS, "192.0.2.2:80")
	mustAsk(t, client.NetNS, "172.31.0.12:80", "172.31.0.11")
	removed(t, n)
}

// A connection that stands goes on when the rule that let it in is revoked.
func TestRevokedRuleLeavesConnections(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t1", vpc)
	rule := tcp(80, "0.0.0.0/0")
	enforce(t, n, true, map[string]*protocol.SecurityGroup{"sg-web": group(rule)})
	web, client := attachIn(t, n, "web", "172.31.0.10", "sg-web"), attachIn(t, n, "client", "172.31.0.11")
	ln, err := Listen(web.NetNS, netip.MustParseAddrPort("172.31.0.10:80"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var conn net.Conn
	if err := inNamespace(client.NetNS, func() (err error) { conn, err = net.Dial("tcp", "172.31.0.10:80"); return err }); err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	peer, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	enforce(t, n, false, map[string]*protocol.SecurityGroup{"sg-web": group()})
	mustNotAsk(t, client.NetNS, "172.31.0.10:80")
	fmt.Fprint(conn, "still here")
	b := make([]byte, 10)
	_ = peer.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := peer.Read(b); err != nil || string(b) != "still here" {
		t.Errorf("read %q: %v", b, err)
	}
	removed(t, n)
}

// A balancer's address is the machine's: what comes to it and goes from it is
// judged as well, and it is a member of its groups.
func TestBalancersAreJudged(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t1", vpc)
	shell(t, "ip addr add 172.31.15.1/32 dev hb-t1")
	lb := &protocol.Member{Address: netip.MustParseAddr("172.31.15.1"), Groups: []string{"sg-lb"}, Balancer: true}
	change := &protocol.Firewall{Members: map[string]*protocol.Member{"app/x/1": lb}, Groups: map[string]*protocol.SecurityGroup{
		"sg-lb": group(tcp(80, "172.31.0.11/32"), outward(tcp(8080, "sg-web"))), "sg-web": group(tcp(8080, "sg-lb"), tcp(8081, "sg-lb"), allOut()),
	}}
	if err := n.Guard(true, change); err != nil {
		t.Fatal(err)
	}
	web, client := attachIn(t, n, "web", "172.31.0.10", "sg-web"), attachIn(t, n, "client", "172.31.0.11")
	for _, port := range []string{"8080", "8081"} {
		serve(t, web.NetNS, "172.31.0.10:"+port)
	}
	ln, err := net.Listen("tcp", "172.31.15.1:80")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	mustAsk(t, client.NetNS, "172.31.15.1:80", "")
	mustNotAsk(t, web.NetNS, "172.31.15.1:80")
	mustAsk(t, "", "172.31.15.1:80", "")
	from := func(port string) error {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("172.31.15.1")}, Timeout: 300 * time.Millisecond}
		c, err := d.Dial("tcp", "172.31.0.10:"+port)
		if err == nil {
			c.Close()
		}
		return err
	}
	if err := from("8080"); err != nil {
		t.Errorf("the balancer does not reach its target: %v", err)
	}
	if from("8081") == nil {
		t.Error("the balancer's egress is not judged")
	}
	mustNotAsk(t, client.NetNS, "172.31.0.10:8080")
	removed(t, n)
}

// Rules hold while nobody looks after them, and are taken up.
func TestGroupsSurviveARestart(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t1", vpc)
	groups := map[string]*protocol.SecurityGroup{"sg-web": group(tcp(80, "172.31.0.11/32"))}
	enforce(t, n, true, groups)
	web, a, b := attachIn(t, n, "web", "172.31.0.10", "sg-web"), attachIn(t, n, "a", "172.31.0.11"), attachIn(t, n, "b", "172.31.0.12")
	serve(t, web.NetNS, "172.31.0.10:80")
	n.Close()
	holds := func() {
		t.Helper()
		mustAsk(t, a.NetNS, "172.31.0.10:80", "172.31.0.11")
		mustNotAsk(t, b.NetNS, "172.31.0.10:80")
	}
	holds()
	n = m.open(t, "t1", vpc)
	holds()
	req := request(n, "web", "172.31.0.10")
	req.Groups = []string{"sg-web"}
	if err := n.Resume(req); err != nil {
		t.Fatal(err)
	}
	holds()
	enforce(t, n, true, groups)
	holds()
	enforce(t, n, false, map[string]*protocol.SecurityGroup{"sg-web": nil}) // it stands open
	mustAsk(t, b.NetNS, "172.31.0.10:80", "172.31.0.12")
	removed(t, n)
}

// VPCs are on one bridge and know nothing of each other.
func TestVPCsAreApart(t *testing.T) { bridged(t, vpcsAreApart) }

func vpcsAreApart(t *testing.T, m machine) {
	n := m.open(t, "t1", vpc)
	enforce(t, n, true, nil)
	in := func(id, vpcID, cidr, addr string) Request {
		range_ := netip.MustParsePrefix(cidr)
		return Request{TaskID: id, Address: netip.MustParseAddr(addr), VPC: range_, VPCID: vpcID, Gateway: Gateway(range_)}
	}
	one := attach(t, n, "one", "172.31.0.10")
	two, err := n.Attach(t.Context(), in("two", "vpc-2", "10.2.0.0/16", "10.2.0.10"))
	if err != nil {
		t.Fatal(err)
	}
	three, err := n.Attach(t.Context(), in("three", "vpc-2", "10.2.0.0/16", "10.2.1.10"))
	if err != nil {
		t.Fatal(err)
	}
	serve(t, one.NetNS, "172.31.0.10:80")
	serve(t, two.NetNS, "10.2.0.10:80")
	serve(t, m.outside, "192.0.2.2:80")
	mustAsk(t, three.NetNS, "10.2.0.10:80", "10.2.1.10")
	mustAsk(t, two.NetNS, "192.0.2.2:80", "192.0.2.1")
	mustAsk(t, "", "10.2.0.10:80", "10.2.0.1")
	mustNotAsk(t, one.NetNS, "10.2.0.10:80")
	mustNotAsk(t, two.NetNS, "172.31.0.10:80")

	for cidr, words := range map[string]string{
		"10.2.128.0/20":  "overlaps with 10.2.0.0/16 of vpc-2",
		"172.31.0.0/16":  "the default VPC's, 172.31.0.0/16",
		"172.31.64.0/20": "the default VPC's, 172.31.0.0/16",
		"192.0.2.0/24":   "192.0.2.0/24, which this machine uses on up0",
	} {
		range_ := netip.MustParsePrefix(cidr)
		_, err := n.Attach(t.Context(), Request{TaskID: "bad", Address: range_.Addr().Next().Next(), VPC: range_, VPCID: "vpc-3", Gateway: Gateway(range_)})
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want …%s", cidr, err, words)
		}
	}
	if _, err := n.Attach(t.Context(), in("four", "vpc-4", "10.2.0.0/16", "10.2.0.11")); err == nil {
		t.Error("two VPCs have one range")
	}

	// A restart takes the place up; the last task takes it away.
	n.Close()
	n = m.open(t, "t1", vpc)
	mustAsk(t, two.NetNS, "192.0.2.2:80", "192.0.2.1")
	mustNotAsk(t, one.NetNS, "10.2.0.10:80")
	for _, req := range []Request{in("two", "vpc-2", "10.2.0.0/16", "10.2.0.10"), in("three", "vpc-2", "10.2.0.0/16", "10.2.1.10")} {
		if err := n.Resume(req); err != nil {
			t.Fatal(err)
		}
	}
	enforce(t, n, true, nil)
	mustNotAsk(t, two.NetNS, "172.31.0.10:80")
	for _, id := range []string{"two", "three"} {
		if err := n.Detach(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if out := shell(t, "ip addr show dev hb-t1; nft list ruleset"); strings.Contains(out, "10.2.") {
		t.Errorf("of a VPC without tasks there is left:\n%s", out)
	}
	removed(t, n)
}
