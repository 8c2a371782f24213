package network

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

// needRoot runs the test in a network namespace of its own: a machine of its
// own, as far as links, routes and rules go.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 || os.Getenv("HATOBA_ROOT_TESTS") != "1" {
		t.Skip("makes network namespaces: needs root and HATOBA_ROOT_TESTS=1")
	}
}

// inMachine runs f on a thread inside a fresh network namespace, with a second
// namespace behind it as the outside world at 192.0.2.2.
func inMachine(t *testing.T, f func(dir string)) {
	t.Helper()
	needRoot(t)
	dir := t.TempDir()
	machine, outside := dir+"/machine", dir+"/outside"
	for _, p := range []string{machine, outside} {
		if err := makeNamespace(p); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = dropNamespace(p) })
	}
	run := func(ns string, commands ...string) {
		for _, c := range commands {
			out, err := exec.Command("nsenter", append([]string{"--net=" + ns}, strings.Fields(c)...)...).CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v\n%s", c, err, out)
			}
		}
	}
	run(machine, "ip link set lo up", "ip link add up0 type veth peer name up1", "ip addr add 192.0.2.1/24 dev up0", "ip link set up0 up", "ip route add default via 192.0.2.2")
	err := inNamespace(machine, func() error {
		peer, err := netlink.LinkByName("up1")
		if err != nil {
			return err
		}
		ns, err := os.Open(outside)
		if err != nil {
			return err
		}
		defer ns.Close()
		return netlink.LinkSetNsFd(peer, int(ns.Fd()))
	})
	if err != nil {
		t.Fatal(err)
	}
	run(outside, "ip link set lo up", "ip addr add 192.0.2.2/24 dev up1", "ip link set up1 up")
	err = inNamespace(machine, func() error { f(dir); return nil })
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, instance, dir string) *Network {
	t.Helper()
	n, err := Open(context.Background(), Config{
		Instance: instance, RunDir: dir + "/" + instance,
		VPC: netip.MustParsePrefix("172.31.0.0/16"), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func attach(t *testing.T, n *Network, id, addr string) Attachment {
	t.Helper()
	a, err := n.Attach(context.Background(), Request{TaskID: id, Address: netip.MustParseAddr(addr), VPC: n.cfg.VPC, Gateway: Gateway(n.cfg.VPC)})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// serve answers every connection inside a namespace with the peer's address.
func serve(t *testing.T, netns, at string) {
	t.Helper()
	ln, err := Listen(netns, netip.MustParseAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
			fmt.Fprint(c, host)
			c.Close()
		}
	}()
}

// ask connects from inside a namespace ("" : the caller's) and reads.
func ask(netns, at string) (string, error) {
	var conn net.Conn
	dial := func() (err error) {
		conn, err = net.DialTimeout("tcp", at, 3*time.Second)
		return err
	}
	var err error
	if netns == "" {
		err = dial()
	} else {
		err = inNamespace(netns, dial)
	}
	if err != nil {
		return "", err
	}
	defer conn.Close()
	b, err := io.ReadAll(conn)
	return string(b), err
}

func mustAsk(t *testing.T, netns, at, want string) {
	t.Helper()
	if got, err := ask(netns, at); err != nil || got != want {
		t.Errorf("%s -> %s: peer seen as %q (%v), want %q", netns, at, got, err, want)
	}
}

func TestTasksReachEachOtherTheHostAndTheOutside(t *testing.T) {
	inMachine(t, func(dir string) {
		n := open(t, "t1", dir)
		a, b := attach(t, n, "a", "172.31.0.10"), attach(t, n, "b", "172.31.16.20")
		serve(t, a.NetNS, "172.31.0.10:80")
		serve(t, dir+"/outside", "192.0.2.2:80")
		mustAsk(t, "", "172.31.0.10:80", "172.31.0.1")
		mustAsk(t, b.NetNS, "172.31.0.10:80", "172.31.16.20")
		mustAsk(t, b.NetNS, "192.0.2.2:80", "192.0.2.1")
		serve(t, a.NetNS, "169.254.170.2:80")
		mustAsk(t, a.NetNS, "169.254.170.2:80", "169.254.170.2")
		if got, err := ask(b.NetNS, "169.254.170.2:80"); err == nil {
			t.Errorf("a neighbour reached a task's local address: %q", got)
		}
		removed(t, n)
	})
}

func removed(t *testing.T, n *Network) {
	t.Helper()
	if err := n.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	links, err := netlink.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if strings.HasPrefix(l.Attrs().Name, "hb-") || strings.HasPrefix(l.Attrs().Name, "hv") {
			t.Errorf("link %s is left", l.Attrs().Name)
		}
	}
	out, _ := exec.Command("nft", "list", "ruleset").CombinedOutput()
	if strings.Contains(string(out), "hatoba") || strings.Contains(string(out), "hb-") {
		t.Errorf("rules are left:\n%s", out)
	}
}

func TestReopenAdoptsAndSweepRemovesOrphans(t *testing.T) {
	inMachine(t, func(dir string) {
		n := open(t, "t2", dir)
		a := attach(t, n, "a", "172.31.0.10")
		attach(t, n, "b", "172.31.0.11")
		serve(t, a.NetNS, "172.31.0.10:80")
		again := open(t, "t2", dir)
		mustAsk(t, "", "172.31.0.10:80", "172.31.0.1")
		if got := attach(t, again, "a", "172.31.0.10"); got != a {
			t.Errorf("adopted as %+v, was %+v", got, a)
		}
		if err := again.Sweep(context.Background(), func(id string) bool { return id == "a" }); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(n.cfg.netnsPath("b")); !os.IsNotExist(err) {
			t.Errorf("the orphan's namespace is left: %v", err)
		}
		mustAsk(t, "", "172.31.0.10:80", "172.31.0.1")
		removed(t, again)
	})
}

func TestBesideAFirewallThatDropsForwarding(t *testing.T) {
	for _, rules := range []string{
		"add table ip filter\nadd chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }\n",
		"add table inet firewalld\nadd chain inet firewalld filter_FORWARD { type filter hook forward priority 10; policy accept; }\nadd rule inet firewalld filter_FORWARD reject with icmpx type admin-prohibited\n",
	} {
		inMachine(t, func(dir string) {
			cmd := exec.Command("nft", "-f", "-")
			cmd.Stdin = strings.NewReader(rules)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			_ = os.WriteFile("/proc/sys/net/bridge/bridge-nf-call-iptables", []byte("1"), 0o644)
			n := open(t, "t3", dir)
			a, b := attach(t, n, "a", "172.31.0.10"), attach(t, n, "b", "172.31.0.11")
			serve(t, a.NetNS, "172.31.0.10:80")
			serve(t, dir+"/outside", "192.0.2.2:80")
			mustAsk(t, b.NetNS, "172.31.0.10:80", "172.31.0.11")
			mustAsk(t, b.NetNS, "192.0.2.2:80", "192.0.2.1")
			removed(t, n)
		})
	}
}

func TestFiftyAtOnceAndDetachLeavesNothing(t *testing.T) {
	inMachine(t, func(dir string) {
		n := open(t, "t4", dir)
		machine := dir + "/machine"
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				err := inNamespace(machine, func() error {
					id := fmt.Sprint("task", i)
					_, err := n.Attach(context.Background(), Request{TaskID: id, Address: netip.AddrFrom4([4]byte{172, 31, 1, byte(i + 4)}), VPC: n.cfg.VPC, Gateway: Gateway(n.cfg.VPC)})
					if err != nil {
						return err
					}
					return n.Detach(context.Background(), id)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		removed(t, n)
	})
}

func BenchmarkAttach(b *testing.B) {
	if os.Geteuid() != 0 || os.Getenv("HATOBA_ROOT_TESTS") != "1" {
		b.Skip("makes network namespaces: needs root and HATOBA_ROOT_TESTS=1")
	}
	n, err := Open(context.Background(), Config{Instance: "bench", RunDir: b.TempDir(), VPC: netip.MustParsePrefix("10.211.0.0/16"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	defer n.Remove(context.Background())
	for b.Loop() {
		if _, err := n.Attach(context.Background(), Request{TaskID: "x", Address: netip.MustParseAddr("10.211.0.9"), VPC: n.cfg.VPC, Gateway: Gateway(n.cfg.VPC)}); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := n.Detach(context.Background(), "x"); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
