package network

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
)

const vpc = "172.31.0.0/16"

func TestTasksReachEachOtherTheHostAndTheOutside(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t1", vpc)
	a, b := attach(t, n, "a", "172.31.0.10"), attach(t, n, "b", "172.31.16.20")
	serve(t, a.NetNS, "172.31.0.10:80")
	serve(t, m.outside, "192.0.2.2:80")
	mustAsk(t, "", "172.31.0.10:80", "172.31.0.1")
	mustAsk(t, b.NetNS, "172.31.0.10:80", "172.31.16.20")
	mustAsk(t, b.NetNS, "192.0.2.2:80", "192.0.2.1")
	serve(t, a.NetNS, "169.254.170.2:80")
	mustAsk(t, a.NetNS, "169.254.170.2:80", "169.254.170.2")

	if v6 := shell(t, "nsenter --net="+a.NetNS+" cat /proc/self/net/if_inet6"); strings.Contains(v6, taskIf) || !strings.Contains(v6, " lo") {
		t.Errorf("IPv6 addresses of a task:\n%s", v6)
	}

	want := []Attachment{a, b}
	if a.MAC != "0a:58:ac:1f:00:0a" {
		t.Errorf("MAC %s", a.MAC)
	}
	got, err := n.List(t.Context())
	if diff := cmp.Diff(want, got, cmp.Comparer(func(x, y netip.Addr) bool { return x == y })); err != nil || diff != "" {
		t.Errorf("listed otherwise (%v):\n%s", err, diff)
	}
	if problems := n.Check(t.Context()); len(problems) > 0 {
		t.Errorf("problems where there are none: %v", problems)
	}
	removed(t, n)
}

// A neighbour, or the host, that sends packets for 169.254.170.2 to a task's
// hardware address must not reach what is served there for the task alone.
func TestLocalAddressIsReachedFromInsideOnly(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t1", vpc)
	a := attach(t, n, "a", "172.31.0.10")
	serve(t, a.NetNS, "169.254.170.2:80")
	serve(t, a.NetNS, "0.0.0.0:81")
	shell(t, "ip route add 169.254.170.2/32 via 172.31.0.10")
	mustAsk(t, "", "169.254.170.2:81", "172.31.0.1") // the packets do arrive
	if got, err := ask("", "169.254.170.2:80", time.Second); err == nil {
		t.Errorf("the task's local address was reached from outside: %q", got)
	}
	removed(t, n)
}

// A bridge takes the least address of its ports for its own, unless it is set.
func TestBridgeKeepsItsHardwareAddress(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t1", vpc)
	address := func() string {
		link, err := netlink.LinkByName("hb-t1")
		if err != nil {
			t.Fatal(err)
		}
		return link.Attrs().HardwareAddr.String()
	}
	before := address()
	for i := range 4 {
		a := attach(t, n, fmt.Sprint("task", i), fmt.Sprint("172.31.0.", 10+i))
		shell(t, "ip link set "+a.HostIf+" address 02:00:00:00:00:0"+fmt.Sprint(i))
		if got := address(); got != before {
			t.Fatalf("with task %d it is %s, was %s", i, got, before)
		}
	}
	removed(t, n)
}

func TestReopenAdoptsAndSweepRemovesOrphansOfThisInstance(t *testing.T) {
	m := newMachine(t)
	n, other := m.open(t, "t2", vpc), m.open(t, "t3", "172.30.0.0/16")
	a := attach(t, n, "a", "172.31.0.10")
	b := attach(t, n, "b", "172.31.0.11")
	c := attach(t, n, "c", "172.31.0.12")
	attach(t, other, "b", "172.30.0.11")
	serve(t, a.NetNS, "172.31.0.10:80")
	serve(t, other.cfg.netnsPath("b"), "172.30.0.11:80")
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	mustAsk(t, "", "172.31.0.10:80", "172.31.0.1")
	again := m.open(t, "t2", vpc)
	mustAsk(t, "", "172.31.0.10:80", "172.31.0.1")
	if got := attach(t, again, "a", "172.31.0.10"); got != a {
		t.Errorf("adopted as %+v, was %+v", got, a)
	}
	mustAsk(t, "", "172.31.0.10:80", "172.31.0.1") // adopted, not made again

	// Of c only the link is left, its file is lost.
	holder, err := Listen(c.NetNS, netip.MustParseAddrPort("172.31.0.12:80"))
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	if err := dropNamespace(c.NetNS); err != nil {
		t.Fatal(err)
	}
	if err := again.Sweep(t.Context(), func(id string) bool { return id == "a" }); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(b.NetNS); !os.IsNotExist(err) {
		t.Errorf("the orphan's namespace is left: %v", err)
	}
	for _, orphan := range []Attachment{b, c} {
		if _, err := netlink.LinkByName(orphan.HostIf); err == nil {
			t.Errorf("the link of orphan %s is left", orphan.TaskID)
		}
	}
	mustAsk(t, "", "172.31.0.10:80", "172.31.0.1")
	mustAsk(t, "", "172.30.0.11:80", "172.30.0.1")
	removed(t, again)
	mustAsk(t, "", "172.30.0.11:80", "172.30.0.1") // the other instance goes on
	removed(t, other)
}

func TestHalfMadeAttachmentsAreMadeAgain(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t4", vpc)
	// Ended between the file and the mount.
	if err := os.WriteFile(n.cfg.netnsPath("a"), nil, 0o444); err != nil {
		t.Fatal(err)
	}
	// Ended before the veth pair.
	if err := makeNamespace(n.cfg.netnsPath("b"), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	// The file was lost, a process holds the namespace with its link.
	c := attach(t, n, "c", "172.31.0.12")
	holder, err := Listen(c.NetNS, netip.MustParseAddrPort("172.31.0.12:80"))
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	if err := dropNamespace(c.NetNS); err != nil {
		t.Fatal(err)
	}
	for i, id := range []string{"a", "b", "c"} {
		at := fmt.Sprint("172.31.0.", 10+i)
		a := attach(t, n, id, at)
		serve(t, a.NetNS, at+":81")
		mustAsk(t, "", at+":81", "172.31.0.1")
	}
	removed(t, n)
}

func TestAttachThatFailsLeavesNothing(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t5", vpc)
	req := request(n, "a", "172.31.0.10")
	req.MAC = "01:00:5e:00:00:01" // a group's address: the kernel refuses it
	if _, err := n.Attach(t.Context(), req); err == nil {
		t.Error("no error")
	}
	if left, err := n.traces(); err != nil || len(left) > 0 {
		t.Errorf("left: %v (%v)", left, err)
	}
	for _, bad := range []Request{request(n, "../a", "172.31.0.10"), request(n, "", "172.31.0.10"), request(n, "a", "192.0.2.9"), request(n, "a", "172.31.0.1")} {
		if _, err := n.Attach(t.Context(), bad); err == nil {
			t.Errorf("accepted %+v", bad)
		}
	}
	if err := n.Detach(t.Context(), "nobody"); err != nil {
		t.Errorf("detach of nobody: %v", err)
	}
	removed(t, n)
}

func TestFiftyAtOnceAndDetachLeavesNothing(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t6", vpc)
	failed := make(chan error, 50)
	for i := range cap(failed) {
		go func() {
			id := fmt.Sprint("task", i)
			_, err := n.Attach(context.Background(), request(n, id, fmt.Sprint("172.31.1.", i+4)))
			if err == nil && i%2 == 0 {
				err = n.Detach(context.Background(), id)
			}
			failed <- err
		}()
	}
	for range cap(failed) {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if list, err := n.List(t.Context()); err != nil || len(list) != 25 {
		t.Errorf("%d tasks are listed, want 25 (%v)", len(list), err)
	}
	removed(t, n)
}

func TestDatagramsOnTheLocalAddress(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t7", vpc)
	a := attach(t, n, "a", "172.31.0.10")
	pc, err := ListenPacket(a.NetNS, netip.AddrPortFrom(Local, 53))
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	var conn net.Conn
	err = inNamespace(a.NetNS, func() (err error) {
		conn, err = net.Dial("udp", "169.254.170.2:53")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	deadline := time.Now().Add(5 * time.Second)
	_, sent := conn.Write([]byte("question"))
	_ = pc.SetReadDeadline(deadline)
	b := make([]byte, 64)
	k, from, err := pc.ReadFrom(b)
	if sent != nil || err != nil || string(b[:k]) != "question" {
		t.Fatalf("%q (%v, %v)", b[:k], sent, err)
	}
	_, sent = pc.WriteTo([]byte("answer"), from)
	_ = conn.SetReadDeadline(deadline)
	if k, err = conn.Read(b); sent != nil || err != nil || string(b[:k]) != "answer" {
		t.Fatalf("%q (%v, %v)", b[:k], sent, err)
	}
	removed(t, n)
}

func TestInUseLeavesOutOwnBridgeAndDefaultRoutesByAnotherName(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t13", vpc)
	shell(t, "ip route add 0.0.0.0/1 via 192.0.2.2; ip route add 128.0.0.0/1 via 192.0.2.2; ip route add 10.8.0.0/24 via 192.0.2.2")
	got, err := InUse(n.cfg.BridgeName())
	if err != nil {
		t.Fatal(err)
	}
	has := func(s string) bool { return slices.Contains(got, netip.MustParsePrefix(s)) }
	if !has("192.0.2.0/24") || !has("10.8.0.0/24") || has(vpc) || has("0.0.0.0/1") || has("128.0.0.0/1") {
		t.Errorf("got %v", got)
	}
	all, err := InUse("")
	if err != nil || !slices.Contains(all, n.cfg.VPC) {
		t.Errorf("another instance does not see the range of this one: %v (%v)", all, err)
	}
	removed(t, n)
}
