package zone

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
	"pgregory.net/rapid"
)

func set(t testing.TB, name, kind string, values ...string) Set {
	t.Helper()
	s := Set{Name: name, Type: Types[kind]}
	for _, v := range values {
		rr, err := Value(name, s.Type, 30, v)
		if err != nil {
			t.Fatal(err)
		}
		s.Records = append(s.Records, rr)
	}
	return s
}

const soaText = "ns. mail. 1 7200 900 1209600 86400"

func table(t testing.TB, zones []Zone, sets map[string][]Set) *Table {
	e := (&Table{}).Edit()
	for _, z := range zones {
		e.PutZone(z)
		e.Put(z.ID, set(t, z.Name, "SOA", soaText))
		for _, s := range sets[z.ID] {
			e.Put(z.ID, s)
		}
	}
	return e.Done()
}

func ask(t *Table, v Viewer, name string, kind uint16, seed uint64) string {
	a, ok := t.Answer(v, dns.Question{Name: name, Qtype: kind, Qclass: dns.ClassINET}, seed)
	if !ok {
		return "nobody's"
	}
	var out []string
	for _, rr := range a.Records {
		out = append(out, strings.TrimPrefix(rr.String(), rr.Header().String()))
	}
	slices.Sort(out)
	if a.Next != "" {
		out = append(out, "-> "+a.Next)
	}
	if len(out) == 0 {
		return fmt.Sprint(dns.RcodeToString[a.Code], " ", len(a.Authority))
	}
	return strings.Join(out, ",")
}

func TestAnswers(t *testing.T) {
	lb := Host{Addresses: []netip.Addr{netip.MustParseAddr("172.31.15.1")}}
	tab := table(t, []Zone{
		{ID: "pub", Name: "example.com."}, {ID: "priv", Name: "example.com.", Private: true, VPCs: []string{"v1"}},
		{ID: "sub", Name: "deep.example.com."},
	}, map[string][]Set{
		"pub": {
			set(t, "www.example.com.", "A", "192.0.2.1", "192.0.2.2"), set(t, "*.wild.example.com.", "TXT", `"any"`), set(t, "here.wild.example.com.", "A", "192.0.2.3"),
			set(t, "a.b.c.example.com.", "A", "192.0.2.4"), set(t, "alias.example.com.", "CNAME", "WWW.example.com"), set(t, "away.example.com.", "CNAME", "elsewhere.org."),
			set(t, "loop.example.com.", "CNAME", "loop.example.com."), set(t, "example.com.", "MX", "10 mail.example.com"),
			{Name: "example.com.", Type: dns.TypeA, Alias: "lb.elb.localhost."}, {Name: "same.example.com.", Type: dns.TypeA, Alias: "www.example.com."},
			{Name: "round.example.com.", Type: dns.TypeA, Alias: "round.example.com."},
		},
		"priv": {set(t, "only.example.com.", "A", "10.0.0.1")},
		"sub":  {set(t, "x.deep.example.com.", "A", "192.0.2.9")},
	})
	e := tab.Edit()
	e.Hosts(map[string]Host{"lb.elb.localhost.": lb})
	tab = e.Done()
	everybody, inside := Viewer{VPC: "v2"}, Viewer{VPC: "v1"}
	for _, tc := range []struct {
		who  Viewer
		name string
		kind uint16
		want string
	}{
		{everybody, "www.example.com.", dns.TypeA, "192.0.2.1,192.0.2.2"},
		{everybody, "WWW.Example.com.", dns.TypeA, "192.0.2.1,192.0.2.2"},
		{everybody, "www.example.com.", dns.TypeAAAA, "NOERROR 1"},
		{everybody, "none.example.com.", dns.TypeA, "NXDOMAIN 1"},
		{everybody, "b.c.example.com.", dns.TypeA, "NOERROR 1"},
		{everybody, "x.wild.example.com.", dns.TypeTXT, `"any"`},
		{everybody, "x.y.wild.example.com.", dns.TypeTXT, `"any"`},
		{everybody, "here.wild.example.com.", dns.TypeTXT, "NOERROR 1"},
		{everybody, "below.here.wild.example.com.", dns.TypeTXT, "NXDOMAIN 1"},
		{everybody, "alias.example.com.", dns.TypeA, "192.0.2.1,192.0.2.2,www.example.com."},
		{everybody, "alias.example.com.", dns.TypeCNAME, "www.example.com."},
		{everybody, "away.example.com.", dns.TypeA, "elsewhere.org.,-> elsewhere.org."},
		{everybody, "example.com.", dns.TypeMX, "10 mail.example.com."},
		{everybody, "example.com.", dns.TypeA, "172.31.15.1"},
		{everybody, "example.com.", dns.TypeAAAA, "NOERROR 1"},
		{everybody, "same.example.com.", dns.TypeA, "192.0.2.1,192.0.2.2"},
		{everybody, "round.example.com.", dns.TypeA, "NOERROR 1"},
		{everybody, "x.deep.example.com.", dns.TypeA, "192.0.2.9"},
		{everybody, "only.example.com.", dns.TypeA, "NXDOMAIN 1"},
		{inside, "only.example.com.", dns.TypeA, "10.0.0.1"},
		{inside, "www.example.com.", dns.TypeA, "NXDOMAIN 1"},
		{Viewer{Everything: true}, "only.example.com.", dns.TypeA, "NXDOMAIN 1"},
		{everybody, "example.org.", dns.TypeA, "nobody's"},
		{everybody, ".", dns.TypeA, "nobody's"},
	} {
		if got := ask(tab, tc.who, tc.name, tc.kind, 1); got != tc.want {
			t.Errorf("%s %s of %+v: %s, want %s", tc.name, dns.TypeToString[tc.kind], tc.who, got, tc.want)
		}
	}
	if a, ok := tab.Answer(everybody, dns.Question{Name: "loop.example.com.", Qtype: dns.TypeA, Qclass: dns.ClassINET}, 1); !ok || len(a.Records) != steps {
		t.Errorf("a CNAME to itself: %d records", len(a.Records))
	}
}

func TestTheHostSeesPrivateZonesOfItsVPCFirst(t *testing.T) {
	tab := table(t, []Zone{{ID: "a", Name: "x.", Private: true, VPCs: []string{"v1"}}, {ID: "b", Name: "x.", Private: true, VPCs: []string{"v2"}}}, map[string][]Set{
		"a": {set(t, "w.x.", "A", "10.0.0.1")}, "b": {set(t, "w.x.", "A", "10.0.0.2")},
	})
	for v, want := range map[string]string{"v1": "10.0.0.1", "v2": "10.0.0.2", "": "10.0.0.1", "v3": "10.0.0.1"} {
		if got := ask(tab, Viewer{VPC: v, Everything: true}, "w.x.", dns.TypeA, 1); got != want {
			t.Errorf("%q: %s", v, got)
		}
	}
}

// members draws the instances of a name, with their health.
func members(t *rapid.T, policy Policy) (sets []Set, healthy map[string]bool, all map[string]bool) {
	healthy, all = map[string]bool{}, map[string]bool{}
	for i := range rapid.IntRange(1, 30).Draw(t, "instances") {
		address := fmt.Sprintf("10.0.0.%d", i)
		rr, err := Value("w.x.", dns.TypeA, 10, address)
		if err != nil {
			t.Fatal(err)
		}
		s := Set{Name: "w.x.", Type: dns.TypeA, ID: fmt.Sprint(i), Policy: policy, Weight: 1, Unhealthy: rapid.Bool().Draw(t, "unhealthy"), Records: []dns.RR{rr}}
		sets = append(sets, s)
		all[address] = true
		if !s.Unhealthy {
			healthy[address] = true
		}
	}
	return sets, healthy, all
}

// Of a multivalue answer: at most eight values, each once, all of healthy
// instances, or of any when none is; as many as there are.
func TestMultiValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sets, healthy, all := members(t, MultiValue)
		e := (&Table{}).Edit()
		e.PutZone(Zone{ID: "z", Name: "x."})
		for _, s := range sets {
			e.Put("z", s)
		}
		seed := rapid.Uint64().Draw(t, "seed")
		q := dns.Question{Name: "w.x.", Qtype: dns.TypeA, Qclass: dns.ClassINET}
		tab := e.Done()
		a, _ := tab.Answer(Viewer{}, q, seed)
		again, _ := tab.Answer(Viewer{}, q, seed)
		from := healthy
		if len(healthy) == 0 {
			from = all
		}
		seen := map[string]bool{}
		for i, rr := range a.Records {
			address := rr.(*dns.A).A.String()
			if !from[address] || seen[address] {
				t.Fatalf("%s does not belong there", address)
			}
			seen[address] = true
			if again.Records[i].String() != rr.String() {
				t.Fatal("the same seed gives another answer")
			}
		}
		if len(seen) != min(most, len(from)) {
			t.Fatalf("%d values of %d", len(seen), len(from))
		}
	})
}

func TestWeighted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sets, healthy, _ := members(t, Weighted)
		e := (&Table{}).Edit()
		e.PutZone(Zone{ID: "z", Name: "x."})
		for _, s := range sets {
			e.Put("z", s)
		}
		a, _ := e.Done().Answer(Viewer{}, dns.Question{Name: "w.x.", Qtype: dns.TypeA, Qclass: dns.ClassINET}, rapid.Uint64().Draw(t, "seed"))
		if len(a.Records) != 1 || len(healthy) > 0 && !healthy[a.Records[0].(*dns.A).A.String()] {
			t.Fatalf("%v of %v", a.Records, healthy)
		}
	})
	tab := func(weights ...int64) *Table {
		e := (&Table{}).Edit()
		e.PutZone(Zone{ID: "z", Name: "x."})
		for i, w := range weights {
			s := set(t, "w.x.", "A", fmt.Sprintf("10.0.0.%d", i))
			s.Policy, s.Weight, s.ID = Weighted, w, fmt.Sprint(i)
			e.Put("z", s)
		}
		return e.Done()
	}
	counts := map[string]int{}
	three := tab(3, 1, 0)
	for seed := range uint64(4000) {
		counts[ask(three, Viewer{}, "w.x.", dns.TypeA, seed)]++
	}
	if counts["10.0.0.2"] != 0 || counts["10.0.0.0"] < 2800 || counts["10.0.0.0"] > 3200 {
		t.Error("by weight:", counts)
	}
	if got := ask(tab(0, 0), Viewer{}, "w.x.", dns.TypeA, 7); got == "NOERROR 0" {
		t.Error("weights that are all zero give nothing")
	}
}

func TestFailoverFollowsTheHealthOfAnAliasedBalancer(t *testing.T) {
	e := (&Table{}).Edit()
	e.PutZone(Zone{ID: "z", Name: "x."})
	primary := Set{Name: "w.x.", Type: dns.TypeA, ID: "1", Policy: Failover, Primary: true, Alias: "lb.", Evaluate: true}
	second := set(t, "w.x.", "A", "10.0.0.2")
	second.Policy, second.ID = Failover, "2"
	e.Put("z", primary)
	e.Put("z", second)
	tab := e.Done()
	for sick, want := range map[bool]string{false: "10.0.0.1", true: "10.0.0.2"} {
		e := tab.Edit()
		e.Hosts(map[string]Host{"lb.": {Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.1")}, Unhealthy: sick}})
		if got := ask(e.Done(), Viewer{}, "w.x.", dns.TypeA, 1); got != want {
			t.Errorf("unhealthy %v: %s", sick, got)
		}
	}
}

// Tables do not change when others are made of them, and what is put and dropped
// again is as if it had never been.
func TestEditsAreIsolated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a.x.", "b.x.", "a.b.x.", "*.x."}
		e := (&Table{}).Edit()
		e.PutZone(Zone{ID: "z", Name: "x."})
		tab := e.Done()
		model := map[string]string{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			name := rapid.SampledFrom(names).Draw(t, "name")
			before := ask(tab, Viewer{}, name, dns.TypeA, 1)
			e := tab.Edit()
			if rapid.Bool().Draw(t, "put") {
				address := fmt.Sprintf("10.0.0.%d", rapid.IntRange(0, 9).Draw(t, "address"))
				rr, _ := Value(name, dns.TypeA, 1, address)
				e.Put("z", Set{Name: name, Type: dns.TypeA, Records: []dns.RR{rr}})
				model[name] = address
			} else {
				e.Drop("z", name, dns.TypeA, "")
				delete(model, name)
			}
			next := e.Done()
			if ask(tab, Viewer{}, name, dns.TypeA, 1) != before {
				t.Fatal("the table before has changed")
			}
			tab = next
			for _, n := range names[:3] {
				got := ask(tab, Viewer{}, n, dns.TypeA, 1)
				if want, ok := model[n]; ok && got != want || !ok && strings.HasPrefix(got, "10.") && model["*.x."] == "" {
					t.Fatalf("%s: %s, want %s", n, got, want)
				}
			}
		}
	})
}

func TestValues(t *testing.T) {
	for _, tc := range []struct{ kind, value, want string }{
		{"A", "192.0.2.1", "192.0.2.1"}, {"A", "192.0.2", "ARRDATAIllegalIPv4Address"}, {"AAAA", "2001:db8::1", "2001:db8::1"}, {"AAAA", "1.2.3.4", "AAAARRDATAIllegalIPv6Address"},
		{"TXT", `"a b" "c\"d"`, `"a b" "c\"d"`}, {"TXT", "plain", "InvalidCharacterString"}, {"TXT", `"open`, "InvalidCharacterString"}, {"TXT", `"\141;\012"`, `"a;\010"`},
		{"TXT", `"` + strings.Repeat("x", 256) + `"`, "CharacterStringTooLong"}, {"TXT", `"a""b"`, "InvalidCharacterString"}, {"TXT", `"a\`, "InvalidEscape"},
		{"CNAME", "Www.Example.com", "www.example.com."}, {"CNAME", "a..b", "DomainLabelEmpty"}, {"CNAME", "a b", "UnsupportedCharacter"},
		{"MX", "10 mail.example.com.", "10 mail.example.com."}, {"MX", "mail", "MissingFields"}, {"MX", "70000 m.x", "NumberOutOfRange"}, {"MX", "0 .", "0 ."},
		{"SRV", "1 2 80 a.b", "1 2 80 a.b."}, {"CAA", `0 issue "ca.example.net; x"`, `0 issue "ca.example.net; x"`}, {"CAA", `0 issue ca`, "InvalidCharacterString"},
		{"SOA", soaText, "ns. mail. 1 7200 900 1209600 86400"}, {"PTR", "host.x", "host.x."}, {"NS", "ns.x", "ns.x."},
	} {
		rr, err := Value("w.x.", Types[tc.kind], 1, tc.value)
		got := ""
		if err != nil {
			got, _, _ = strings.Cut(err.Error(), " ")
		} else {
			got = strings.TrimPrefix(rr.String(), rr.Header().String())
		}
		if got != tc.want {
			t.Errorf("%s %s: %s, want %s", tc.kind, tc.value, got, tc.want)
		}
	}
}

// FuzzValue holds that what is taken can be sent, and comes back as it was.
func FuzzValue(f *testing.F) {
	for _, s := range []string{"192.0.2.1", `"a\"b" "c"`, `"\377"`, "10 a.b", "1 2 3 a.b", soaText, `0 issue "x"`, "*.a", "a.b:c/e"} {
		for kind := range Types {
			f.Add(kind, s)
		}
	}
	f.Fuzz(func(t *testing.T, kind, value string) {
		rr, err := Value("w.x.", Types[kind], 1, value)
		if err != nil {
			return
		}
		m := new(dns.Msg)
		m.SetQuestion("w.x.", Types[kind])
		m.Answer = append(m.Answer, rr)
		b, err := m.Pack()
		if err != nil {
			t.Fatalf("%s %q cannot be sent: %v", kind, value, err)
		}
		back := new(dns.Msg)
		if err := back.Unpack(b); err != nil || len(back.Answer) != 1 || !dns.IsDuplicate(rr, back.Answer[0]) {
			t.Fatalf("%s %q comes back as %v (%v)", kind, value, back.Answer, err)
		}
	})
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"a.b", "*.x.", `\052.x`, "..", "a_b-c.d", strings.Repeat("a.", 130)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := Name(text)
		if err != nil {
			return
		}
		if again, err := Name(Shown(name)); err != nil || again != name {
			t.Fatalf("%q is read as %q, and that as %q (%v)", text, name, again, err)
		}
		if _, ok := dns.IsDomainName(name); !ok {
			t.Fatalf("%q is no domain name", name)
		}
	})
}
