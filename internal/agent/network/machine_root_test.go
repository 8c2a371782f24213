package network

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const inNamespaces = "HATOBA_TEST_IN_NAMESPACE"

func rootTests() bool { return os.Geteuid() == 0 && os.Getenv("HATOBA_ROOT_TESTS") == "1" }

// TestMain runs root tests in a process with network and mount namespaces of
// its own: a machine of its own, as far as links, routes, rules and mounts go.
func TestMain(m *testing.M) {
	if !rootTests() || os.Getenv(inNamespaces) == "1" {
		os.Exit(m.Run())
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), inNamespaces+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// machine is this process's network with the outside world, a namespace that
// has 192.0.2.2, behind its uplink 192.0.2.1.
type machine struct{ dir, outside string }

func newMachine(t testing.TB) machine {
	t.Helper()
	if !rootTests() {
		t.Skip("makes network namespaces: needs root and HATOBA_ROOT_TESTS=1")
	}
	m := machine{dir: t.TempDir()}
	m.outside = m.dir + "/outside"
	err := makeNamespace(m.outside, func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		shell(t, "nft flush ruleset")
		shell(t, "ip link del up0")
		if err := dropNamespace(m.outside); err != nil {
			t.Error(err)
		}
	})
	shell(t, "ip link set lo up && ip link add up0 type veth peer name up1 && ip addr add 192.0.2.1/24 dev up0 && ip link set up0 up && ip route add default via 192.0.2.2")
	peer, err := netlink.LinkByName("up1")
	if err != nil {
		t.Fatal(err)
	}
	ns, err := os.Open(m.outside)
	if err != nil {
		t.Fatal(err)
	}
	defer ns.Close()
	if err := netlink.LinkSetNsFd(peer, int(ns.Fd())); err != nil {
		t.Fatal(err)
	}
	shell(t, "nsenter --net="+m.outside+" sh -c 'ip link set lo up && ip addr add 192.0.2.2/24 dev up1 && ip link set up1 up'")
	return m
}

func shell(t testing.TB, script string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}

func (m machine) open(t testing.TB, instance, vpc string) *Network {
	t.Helper()
	n, err := Open(context.Background(), Config{
		Instance: instance, RunDir: m.dir + "/" + instance,
		VPC: netip.MustParsePrefix(vpc), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		n.Close()
		if t.Failed() { // do not let the next test stumble
			n.links, _ = netlink.NewHandle(unix.NETLINK_ROUTE)
			_ = n.Remove(context.Background())
			n.links.Close()
		}
	})
	return n
}

func request(n *Network, id, addr string) Request {
	return Request{TaskID: id, Address: netip.MustParseAddr(addr), VPC: n.cfg.VPC, Gateway: n.cfg.Gateway}
}

func attach(t testing.TB, n *Network, id, addr string) Attachment {
	t.Helper()
	a, err := n.Attach(context.Background(), request(n, id, addr))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// serve answers every connection inside a namespace with the peer's address.
func serve(t testing.TB, netns, at string) {
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

// ask connects from inside a namespace ("": the machine's) and reads.
func ask(netns, at string, patience time.Duration) (string, error) {
	var conn net.Conn
	dial := func() (err error) {
		conn, err = net.DialTimeout("tcp", at, patience)
		return err
	}
	err := error(nil)
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

func mustAsk(t testing.TB, netns, at, want string) {
	t.Helper()
	if got, err := ask(netns, at, 5*time.Second); err != nil || got != want {
		t.Errorf("%s -> %s: peer seen as %q (%v), want %q", netns, at, got, err, want)
	}
}

// removed takes an instance away and looks for what is left of it.
func removed(t testing.TB, n *Network) {
	t.Helper()
	if err := n.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	nothingLeft(t, n)
}

func nothingLeft(t testing.TB, n *Network) {
	t.Helper()
	links, err := netlink.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if a := l.Attrs(); a.Name == n.cfg.BridgeName() || strings.HasPrefix(a.Alias, n.cfg.aliasPrefix()) {
			t.Errorf("link %s is left", a.Name)
		}
	}
	rules := shell(t, "nft list ruleset")
	for _, trace := range []string{n.cfg.tableName(), n.cfg.BridgeName(), "hatoba " + n.cfg.Instance} {
		if strings.Contains(rules, trace) {
			t.Errorf("rules are left:\n%s", rules)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil || strings.Contains(string(mounts), n.cfg.RunDir) {
		t.Errorf("mounts are left (%v):\n%s", err, mounts)
	}
	if _, err := os.Stat(n.cfg.netnsDir()); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", n.cfg.netnsDir(), err)
	}
}

// eventually waits for what another goroutine or the kernel does.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		_ = unix.Nanosleep(&unix.Timespec{Nsec: 2e6}, nil)
	}
}
