package network

import (
	"net/netip"
	"testing"
	"time"
)

func none(uint16) bool { return false }

func TestPublishedPortsLeadToTheTask(t *testing.T) { bridged(t, publishedPortsLeadToTheTask) }

func publishedPortsLeadToTheTask(t *testing.T, m machine) {
	n := m.open(t, "t1", vpc)
	a, b := attach(t, n, "a", "172.31.0.10"), attach(t, n, "b", "172.31.16.20")
	serve(t, a.NetNS, "172.31.0.10:80")
	serve(t, "/proc/self/ns/net", "127.0.0.1:4000") // what only this machine may reach
	port, err := n.HoldPorts("a", "tcp", 0, 1, none)
	if err != nil || port < firstDynamic || port > lastDynamic {
		t.Fatalf("port %d, %v", port, err)
	}
	if _, err := n.HoldPorts("b", "tcp", port, 1, none); err == nil {
		t.Error("one port is given to two tasks")
	}
	if err := n.Publish(t.Context(), "a", []Published{{Protocol: "tcp", HostPort: port, Address: a.Address, Port: 80}}); err != nil {
		t.Fatal(err)
	}
	on := func(host string) string { return netip.AddrPortFrom(netip.MustParseAddr(host), port).String() }
	mustAsk(t, "", on("127.0.0.1"), "172.31.0.1")       // loopback
	mustAsk(t, "", on("192.0.2.1"), "192.0.2.1")        // an address of the machine, from itself
	mustAsk(t, m.outside, on("192.0.2.1"), "192.0.2.2") // from another machine
	mustAsk(t, b.NetNS, on("172.31.0.1"), "172.31.0.1") // from a neighbour
	mustAsk(t, a.NetNS, on("172.31.0.1"), "172.31.0.1") // from itself

	// The rules go on without us, and a later life knows them.
	n.Close()
	mustAsk(t, "", on("127.0.0.1"), "172.31.0.1")
	n = m.open(t, "t1", vpc)
	mustAsk(t, "", on("127.0.0.1"), "172.31.0.1")
	if got, err := n.HoldPorts("a", "tcp", port, 1, none); err != nil || got != port {
		t.Errorf("taken up again: %d, %v", got, err)
	}
	shell(t, "nft delete table ip hatoba_t1_ports")
	eventually(t, "the table of ports is put back", func() bool { return n.portsStand() })
	mustAsk(t, "", on("127.0.0.1"), "172.31.0.1")

	if err := n.Detach(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got, err := ask("", on("127.0.0.1"), time.Second); err == nil {
		t.Errorf("the port outlives its task: %q", got)
	}
	if _, err := n.HoldPorts("b", "tcp", port, 1, none); err != nil {
		t.Errorf("the port is not free again: %v", err)
	}
	removed(t, n)
}

// route_localnet must not open this machine's loopback to tasks.
func TestTasksDoNotReachLoopbackOfTheMachine(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t1", vpc)
	a := attach(t, n, "a", "172.31.0.10")
	serve(t, "/proc/self/ns/net", "0.0.0.0:4000")
	mustAsk(t, a.NetNS, "172.31.0.1:4000", "172.31.0.10")
	// 127.0.0.1 is sent out to the gateway instead of to the task's own.
	shell(t, "nsenter --net="+a.NetNS+` sh -c '
		sysctl -qw net.ipv4.conf.all.route_localnet=1
		ip rule add pref 1 to 127.0.0.2 lookup 99 && ip rule del pref 0 && ip rule add pref 2 lookup local
		ip route add 127.0.0.2/32 via 172.31.0.1 src 172.31.0.10 dev eth0 table 99'`)
	for _, published := range []bool{false, true} {
		if published {
			if err := n.Publish(t.Context(), "a", []Published{{Protocol: "tcp", HostPort: 40000, Address: a.Address, Port: 80}}); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := ask(a.NetNS, "127.0.0.2:4000", 300*time.Millisecond); err == nil {
			t.Errorf("published %v: the machine's loopback answers a task: %q", published, got)
		}
	}
	// With the guard away it would: the test can fail.
	n.Close()
	shell(t, "nft delete chain ip hatoba_t1_ports guard")
	if _, err := ask(a.NetNS, "127.0.0.2:4000", 300*time.Millisecond); err != nil {
		t.Errorf("without the guard: %v", err)
	}
	n = m.open(t, "t1", vpc)
	removed(t, n)
}

func TestHeldPortsAreNobodyElses(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t1", vpc)
	serve(t, "/proc/self/ns/net", "0.0.0.0:40010")
	if _, err := n.HoldPorts("a", "tcp", 40010, 1, none); err == nil {
		t.Error("a port the machine listens on was given away")
	}
	if _, err := n.HoldPorts("a", "tcp", 40008, 5, none); err == nil {
		t.Error("a range over a port the machine listens on was given away")
	}
	if _, err := n.HoldPorts("b", "tcp", 40008, 2, none); err != nil {
		t.Errorf("a refused range holds a part: %v", err)
	}
	if first, err := n.HoldPorts("c", "udp", 0, 10, func(p uint16) bool { return p < 50000 }); err != nil || first < 50000 {
		t.Errorf("%d, %v", first, err)
	}
	removed(t, n)
}

func FuzzParsePublished(f *testing.F) {
	f.Add("a tcp 32768 172.31.0.10 80")
	f.Fuzz(func(t *testing.T, comment string) {
		if p, ok := parsePublished(comment); ok {
			if again, ok := parsePublished(p.comment()); !ok || again != p {
				t.Errorf("%+v is read as %+v", p, again)
			}
		}
	})
}

// A task may listen on any port, on all its addresses, beside what is served
// on its local one.
func TestLocalPortsAreNotTakenFromTheTask(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t1", vpc)
	a, b := attach(t, n, "a", "172.31.0.10"), attach(t, n, "b", "172.31.0.11")
	for range 2 { // again after a restart of ours
		if err := LeadLocal(a.NetNS, []Lead{{"tcp", 80, 61080}, {"udp", 53, 61053}}); err != nil {
			t.Fatal(err)
		}
	}
	serve(t, a.NetNS, "169.254.170.2:61080")
	mustAsk(t, a.NetNS, "169.254.170.2:80", "169.254.170.2")
	serve(t, a.NetNS, "0.0.0.0:80")
	mustAsk(t, a.NetNS, "169.254.170.2:80", "169.254.170.2")
	mustAsk(t, b.NetNS, "172.31.0.10:80", "172.31.0.11")
	shell(t, "ip route add 169.254.170.2/32 via 172.31.0.10")
	for _, port := range []string{"61080"} {
		if got, err := ask("", "169.254.170.2:"+port, time.Second); err == nil {
			t.Errorf("the task's local address was reached from outside: %q", got)
		}
	}
	removed(t, n)
}
