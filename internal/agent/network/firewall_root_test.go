package network

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// As dockerd, ufw and firewalld leave the forward hook.
var firewalls = map[string]string{
	"dockerd": `table ip filter {
		chain DOCKER-USER { counter return; }
		chain DOCKER-FORWARD { iifname "docker0" counter accept; }
		chain FORWARD { type filter hook forward priority filter; policy drop;
			counter jump DOCKER-USER
			counter jump DOCKER-FORWARD
		}
	}`,
	"ufw": `table ip filter {
		chain ufw-reject-forward { }
		chain ufw-before-forward { ct state related,established counter accept; }
		chain FORWARD { type filter hook forward priority filter; policy drop;
			counter jump ufw-before-forward
			counter jump ufw-reject-forward
		}
	}`,
	"firewalld": `table inet firewalld {
		chain filter_FORWARD { type filter hook forward priority filter + 10; policy accept;
			ct state { established, related } accept
			iifname "lo" accept
			ct state invalid drop
			reject with icmpx type admin-prohibited
		}
	}`,
}

func load(t *testing.T, rules string) {
	t.Helper()
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// bridgedPacketsPassIPRules is what dockerd switches on.
func bridgedPacketsPassIPRules(t *testing.T) {
	t.Helper()
	if err := os.WriteFile("/proc/sys/net/bridge/bridge-nf-call-iptables", []byte("1"), 0o644); err != nil {
		t.Log("bridge-nf-call-iptables:", err)
	}
}

func TestBesideAFirewallThatStopsForwarding(t *testing.T) {
	for name, rules := range firewalls {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			load(t, rules)
			bridgedPacketsPassIPRules(t)
			if problems := Check(); len(problems) > 0 {
				t.Errorf("problems that Open mends by itself: %v", problems)
			}
			n := m.open(t, "t7", vpc)
			a, b := attach(t, n, "a", "172.31.0.10"), attach(t, n, "b", "172.31.0.11")
			serve(t, a.NetNS, "172.31.0.10:80")
			serve(t, m.outside, "192.0.2.2:80")
			mustAsk(t, b.NetNS, "172.31.0.10:80", "172.31.0.11")
			mustAsk(t, b.NetNS, "192.0.2.2:80", "192.0.2.1")

			// Opening again puts nothing in twice.
			before := shell(t, "nft -s list ruleset")
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
			n = m.open(t, "t7", vpc)
			if after := shell(t, "nft -s list ruleset"); strings.Count(after, "hatoba t7") != strings.Count(before, "hatoba t7") {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
			removed(t, n)
		})
	}
}

func TestAFirewallThatIsRestartedIsOpenedAgain(t *testing.T) {
	m := newMachine(t)
	load(t, firewalls["dockerd"])
	bridgedPacketsPassIPRules(t)
	n := m.open(t, "t8", vpc)
	a := attach(t, n, "a", "172.31.0.10")
	serve(t, m.outside, "192.0.2.2:80")
	mustAsk(t, a.NetNS, "192.0.2.2:80", "192.0.2.1")
	load(t, "flush ruleset\n"+firewalls["ufw"])
	load(t, firewalls["firewalld"])
	eventually(t, "the accepts are back", func() bool { return len(n.Check(t.Context())) == 0 })
	mustAsk(t, a.NetNS, "192.0.2.2:80", "192.0.2.1")
	removed(t, n)
}

// iptables goes on reading the chain in which we stand.
func TestIptablesReadsOurRules(t *testing.T) {
	if _, err := exec.LookPath("iptables-nft"); err != nil {
		t.Skip("iptables-nft is not installed")
	}
	m := newMachine(t)
	shell(t, "iptables-nft -P FORWARD DROP")
	n := m.open(t, "t9", vpc)
	got := shell(t, "iptables-nft -S FORWARD")
	for _, want := range []string{`-A FORWARD -i hb-t9 -m comment --comment "hatoba t9 from tasks" -j ACCEPT`, `-A FORWARD -o hb-t9 -m comment --comment "hatoba t9 to tasks" -j ACCEPT`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	shell(t, "iptables-nft -D FORWARD 1")
	eventually(t, "the accept is back", func() bool { return len(n.Check(t.Context())) == 0 })
	shell(t, "iptables-nft -P FORWARD ACCEPT") // our rules are taken away all the same
	removed(t, n)
}

func TestCheckNamesTheChainAndTheCommandThatMends(t *testing.T) {
	m := newMachine(t)
	n := m.open(t, "t10", vpc)
	n.stopWatching()
	load(t, firewalls["dockerd"]+"\n"+firewalls["firewalld"]+"\ntable bridge guard {\nchain forward {\ntype filter hook forward priority filter; policy drop;\n}\n}\n")
	problems := n.Check(t.Context())
	for _, want := range []Problem{
		{"chain FORWARD of nftables table ip filter stops traffic of tasks: its policy is drop", `nft insert rule ip filter FORWARD iifname '"hb-t10"' accept; nft insert rule ip filter FORWARD oifname '"hb-t10"' accept`},
		{"chain filter_FORWARD of nftables table inet firewalld stops traffic of tasks: its rule 4 refuses all that is left", "firewall-cmd --permanent --zone=trusted --add-interface=hb-t10 && firewall-cmd --reload"},
		{"chain forward of nftables table bridge guard stops traffic of tasks: its policy is drop", `nft insert rule bridge guard forward meta ibrname '"hb-t10"' accept; nft insert rule bridge guard forward meta obrname '"hb-t10"' accept`},
	} {
		found := false
		for _, p := range problems {
			found = found || p == want
		}
		if !found {
			t.Errorf("not told: %+v\nof %+v", want, problems)
		}
	}
	if before := Check(); len(before) != 1 || !strings.Contains(before[0].What, "bridge guard") {
		t.Errorf("told before anything is open: %+v", before)
	}
	removed(t, n)
}

func TestCheckReadsIptablesLegacy(t *testing.T) {
	if _, err := exec.LookPath("iptables-legacy"); err != nil {
		t.Skip("iptables-legacy is not installed")
	}
	m := newMachine(t)
	n := m.open(t, "t11", vpc)
	t.Cleanup(func() { shell(t, "iptables-legacy -F FORWARD; iptables-legacy -P FORWARD ACCEPT") })
	for _, tc := range []struct{ script, want string }{
		{"iptables-legacy -L -n", ""},
		{"iptables-legacy -P FORWARD DROP", "chain FORWARD of the iptables-legacy table filter stops traffic of tasks: its policy is DROP"},
		{"iptables-legacy -I FORWARD -i hb-t11 -j ACCEPT; iptables-legacy -I FORWARD -o hb-t11 -p tcp -j ACCEPT", "chain FORWARD of the iptables-legacy table filter stops traffic of tasks: its policy is DROP"},
		{"iptables-legacy -I FORWARD -o hb-t11 -j ACCEPT", ""},
		{"iptables-legacy -F FORWARD; iptables-legacy -P FORWARD ACCEPT; iptables-legacy -A FORWARD -j REJECT", "chain FORWARD of the iptables-legacy table filter has 1 rules that may stop traffic of tasks"},
	} {
		shell(t, tc.script)
		got := ""
		for _, p := range n.Check(t.Context()) {
			got = p.What
		}
		if got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.script, got, tc.want)
		}
	}
	shell(t, "iptables-legacy -F FORWARD")
	removed(t, n)
}

// `hatoba stop` removes what a process that has just ended, or has not yet,
// watches over.
func TestWatcherDoesNotBringBackWhatAnotherRemoved(t *testing.T) {
	m := newMachine(t)
	load(t, firewalls["dockerd"])
	watcher, remover := m.open(t, "t12", vpc), m.open(t, "t12", vpc)
	if err := remover.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := watcher.keepOpen(); err != nil { // as after an event
		t.Error(err)
	}
	nothingLeft(t, remover)
	if err := watcher.Close(); err != nil {
		t.Fatal(err)
	}
}
