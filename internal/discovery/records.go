package discovery

import (
	"iter"
	"slices"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// RecordSets are the record sets that an instance of a service has in the zone
// of its namespace. A record whose attribute the instance lacks is not there.
//
// Source: https://docs.aws.amazon.com/cloud-map/latest/api/API_DnsRecord.html
func RecordSets(ns state.Namespace, s state.DiscoveryService, i state.DiscoveryInstance) (out []state.RecordSet) {
	name := s.Name + "." + ns.Name + "."
	host := i.ID + "." + name
	for _, r := range s.Records {
		set := state.RecordSet{Zone: ns.HostedZone, Name: lower(name), Type: r.Type, TTL: r.TTL, Set: i.ID}
		if s.Routing == "WEIGHTED" {
			one := int64(1)
			set.Weight = &one
		} else {
			set.MultiValue = true
		}
		value := i.Attributes[map[string]string{"A": state.InstanceIPv4, "AAAA": state.InstanceIPv6, "CNAME": state.InstanceCNAME}[r.Type]]
		switch port := i.Attributes[state.InstancePort]; {
		case r.Type == "SRV" && port != "":
			set.Values = []string{"1 1 " + port + " " + lower(host)}
			out = append(out, set)
			out = append(out, hosts(ns, r.TTL, lower(host), i)...)
		case r.Type == "SRV":
		case i.Attributes[state.InstanceAlias] != "" && r.Type != "CNAME":
			set.TTL, set.Alias = 0, &state.RecordAlias{Name: lower(i.Attributes[state.InstanceAlias])}
			out = append(out, set)
		case value != "":
			set.Values = []string{value}
			out = append(out, set)
		}
	}
	return out
}

// hosts are the records of the name that an SRV record leads to.
func hosts(ns state.Namespace, ttl int64, host string, i state.DiscoveryInstance) (out []state.RecordSet) {
	for _, of := range [][2]string{{"A", state.InstanceIPv4}, {"AAAA", state.InstanceIPv6}} {
		if value := i.Attributes[of[1]]; value != "" {
			out = append(out, state.RecordSet{Zone: ns.HostedZone, Name: host, Type: of[0], TTL: ttl, Values: []string{value}})
		}
	}
	return out
}

// NameServers are those that hosted zones have. Nobody delegates to them.
//
// Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html
func NameServers() []string {
	return []string{"ns-1536.awsdns-00.co.uk.", "ns-0.awsdns-00.com.", "ns-1024.awsdns-00.org.", "ns-512.awsdns-00.net."}
}

// Apex are the record sets that each zone begins with.
func Apex(zone, name string, soaTTL int64) []state.RecordSet {
	return []state.RecordSet{
		{Zone: zone, Name: name, Type: "NS", TTL: 172800, Values: NameServers()},
		{Zone: zone, Name: name, Type: "SOA", TTL: soaTTL, Values: []string{NameServers()[0] + " awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"}},
	}
}

// ZoneRecords are the record sets of a namespace's zone.
func ZoneRecords(r store.Reader, scope state.Scope, namespace string) iter.Seq[state.RecordSet] {
	return func(yield func(state.RecordSet) bool) {
		ns, ok := Namespace(r, scope, namespace)
		if !ok {
			return
		}
		for _, set := range Apex(ns.HostedZone, ns.Name+".", ns.SOATTL) {
			if !yield(set) {
				return
			}
		}
		for s := range Services(r, scope, ns.ID) {
			if len(s.Records) == 0 {
				continue
			}
			for i := range Instances(r, scope, s.ID) {
				for _, set := range RecordSets(ns, s, i) {
					if !yield(set) {
						return
					}
				}
			}
		}
	}
}

// Conflicting finds the private zone of a name that a VPC sees already: it
// cannot see two.
func Conflicting(r store.Reader, account, name string, v state.ZoneVPC) (state.HostedZone, bool) {
	for _, z := range store.HostedZones.List(r, state.ZoneScope(account), "") {
		if z.Private && z.Name == name && slices.Contains(z.VPCs, v) {
			return z, true
		}
	}
	return state.HostedZone{}, false
}
