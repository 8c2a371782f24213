package zones

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/dns/zone"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// mirror is what is known of the store, with what refers to what.
type mirror struct {
	log   *slog.Logger
	table *zone.Table
	edit  *zone.Edit // of the changes being taken, nil before the first that matters

	vpcs       map[state.Key]bool // the default ones
	zones      map[state.Key]state.HostedZone
	records    map[state.Key]map[state.Key]state.RecordSet // by zone
	namespaces map[state.Key]state.Namespace
	services   map[state.Key]state.DiscoveryService
	instances  map[state.Key]map[state.Key]state.DiscoveryInstance // by service
	balancers  balancers
}

func newMirror(log *slog.Logger) *mirror {
	return &mirror{
		log: log, table: &zone.Table{}, vpcs: map[state.Key]bool{}, zones: map[state.Key]state.HostedZone{}, records: map[state.Key]map[state.Key]state.RecordSet{},
		namespaces: map[state.Key]state.Namespace{}, services: map[state.Key]state.DiscoveryService{},
		instances: map[state.Key]map[state.Key]state.DiscoveryInstance{}, balancers: newBalancers(),
	}
}

// take takes changes, in any order; nil when they change nothing of the table,
// but for the first ones.
func (m *mirror) take(changes []store.Change) *zone.Table {
	first := len(m.zones)+len(m.vpcs) == 0 && m.edit == nil
	hosts := false
	for _, c := range changes {
		switch c.Table {
		case store.VPCs.Name:
			m.vpc(c)
		case store.HostedZones.Name:
			m.zone(c)
		case store.RecordSets.Name:
			m.record(c)
		case store.Namespaces.Name:
			m.namespace(c)
		case store.DiscoveryServices.Name:
			m.service(c)
		case store.DiscoveryInstances.Name:
			m.instance(c)
		default:
			hosts = m.balancers.take(c) || hosts
		}
	}
	if hosts {
		m.begin().Hosts(m.balancers.hosts())
	}
	if m.edit == nil && !first {
		return nil
	}
	m.table, m.edit = m.begin().Done(), nil
	return m.table
}

// begin is the edit of the changes being taken.
func (m *mirror) begin() *zone.Edit {
	if m.edit == nil {
		m.edit = m.table.Edit()
	}
	return m.edit
}

// VPC is how a zone names a VPC, and a task the one it is in: "" is the id of
// a default VPC.
func VPC(scope state.Scope, id string) string { return scope.Account + "/" + scope.Region + "/" + id }

func (m *mirror) vpc(c store.Change) {
	_, _, after, has := store.VPCs.Of(c)
	if was := m.vpcs[c.Key]; was == (has && after.IsDefault) {
		return
	}
	delete(m.vpcs, c.Key)
	if has && after.IsDefault {
		m.vpcs[c.Key] = true
	}
	for key, z := range m.zones {
		m.putZone(key, z)
	}
}

func (m *mirror) putZone(key state.Key, z state.HostedZone) {
	out := zone.Zone{ID: key.Account + "/" + z.ID, Name: z.Name, Private: z.Private}
	for _, v := range z.VPCs {
		scope := state.Scope{Account: key.Account, Region: v.Region}
		id := v.ID
		if m.vpcs[scope.Key(id)] {
			id = ""
		}
		out.VPCs = append(out.VPCs, VPC(scope, id))
	}
	m.begin().PutZone(out)
}

func (m *mirror) zone(c store.Change) {
	_, _, z, has := store.HostedZones.Of(c)
	_, had := m.zones[c.Key]
	if !has {
		delete(m.zones, c.Key)
		m.begin().DropZone(c.Key.Account + "/" + c.Key.ID)
		return
	}
	m.zones[c.Key] = z
	m.putZone(c.Key, z)
	if had {
		return
	}
	for _, r := range m.records[c.Key] {
		m.put(c.Key.Account, r, false)
	}
	if key := (state.Key{Account: c.Key.Account, Region: z.Region, ID: z.Namespace}); z.Namespace != "" {
		m.whole(key)
	}
}

func (m *mirror) record(c store.Change) {
	before, had, after, has := store.RecordSets.Of(c)
	set := after
	if !has {
		set = before
	}
	of := c.Key.Scope().Key(set.Zone)
	if had {
		delete(m.records[of], c.Key)
		m.drop(c.Key.Account, before)
	}
	if has {
		if m.records[of] == nil {
			m.records[of] = map[state.Key]state.RecordSet{}
		}
		m.records[of][c.Key] = after
		m.put(c.Key.Account, after, false)
	}
	if len(m.records[of]) == 0 {
		delete(m.records, of)
	}
}

// put puts a set into its zone, where that is there.
func (m *mirror) put(account string, r state.RecordSet, unhealthy bool) {
	set, err := setOf(r)
	if err != nil {
		m.log.Warn("a record cannot be answered with", "zone", r.Zone, "name", r.Name, "type", r.Type, "error", err)
		return
	}
	set.Unhealthy = unhealthy
	m.begin().Put(account+"/"+r.Zone, set)
}

func (m *mirror) drop(account string, r state.RecordSet) {
	m.begin().Drop(account+"/"+r.Zone, r.Name, zone.Types[r.Type], r.Set)
}

// setOf is a record set as the table has it.
func setOf(r state.RecordSet) (zone.Set, error) {
	out := zone.Set{Name: r.Name, Type: zone.Types[r.Type], ID: r.Set}
	switch {
	case r.Weight != nil:
		out.Policy, out.Weight = zone.Weighted, *r.Weight
	case r.MultiValue:
		out.Policy = zone.MultiValue
	case r.Failover != "":
		out.Policy, out.Primary = zone.Failover, r.Failover == "PRIMARY"
	}
	if r.Alias != nil {
		out.Alias, out.Evaluate = r.Alias.Name, r.Alias.Evaluate
	}
	for _, v := range r.Values {
		rr, err := zone.Value(r.Name, out.Type, uint32(r.TTL), v) //nolint:gosec // at most 2³¹-1
		if err != nil {
			return out, err
		}
		out.Records = append(out.Records, rr)
	}
	return out, nil
}

func (m *mirror) namespace(c store.Change) {
	before, had, after, has := store.Namespaces.Of(c)
	if had && has && before.SOATTL == after.SOATTL {
		m.namespaces[c.Key] = after
		return
	}
	if !has {
		delete(m.namespaces, c.Key) // its zone goes with it
		return
	}
	m.namespaces[c.Key] = after
	m.whole(c.Key)
}

// whole puts all that a namespace has, where its zone is there.
func (m *mirror) whole(key state.Key) {
	ns, ok := m.namespaces[key]
	if !ok || ns.HostedZone == "" {
		return
	}
	for _, r := range discovery.Apex(ns.HostedZone, ns.Name+".", ns.SOATTL) {
		m.put(key.Account, r, false)
	}
	for of, s := range m.services {
		if s.Namespace == ns.ID && of.Scope() == key.Scope() {
			for _, i := range m.instances[of] {
				m.change(of.Scope(), s, nil, &i)
			}
		}
	}
}

func (m *mirror) service(c store.Change) {
	before, had, after, has := store.DiscoveryServices.Of(c)
	if !has {
		delete(m.services, c.Key)
		for _, i := range m.instances[c.Key] {
			m.change(c.Key.Scope(), before, &i, nil)
		}
		return
	}
	m.services[c.Key] = after
	if had && slices.Equal(before.Records, after.Records) {
		return
	}
	for _, i := range m.instances[c.Key] {
		if had {
			m.change(c.Key.Scope(), before, &i, nil)
		}
		m.change(c.Key.Scope(), after, nil, &i)
	}
}

func (m *mirror) instance(c store.Change) {
	before, had, after, has := store.DiscoveryInstances.Of(c)
	id, _, _ := strings.Cut(c.Key.ID, "/")
	of := c.Key.Scope().Key(id)
	var was, is *state.DiscoveryInstance
	if had {
		was = &before
		delete(m.instances[of], c.Key)
	}
	if has {
		is = &after
		if m.instances[of] == nil {
			m.instances[of] = map[state.Key]state.DiscoveryInstance{}
		}
		m.instances[of][c.Key] = after
	}
	if len(m.instances[of]) == 0 {
		delete(m.instances, of)
	}
	if s, ok := m.services[of]; ok {
		m.change(c.Key.Scope(), s, was, is)
	}
}

// change puts the records of an instance in the place of those it had.
func (m *mirror) change(scope state.Scope, s state.DiscoveryService, was, is *state.DiscoveryInstance) {
	ns, ok := m.namespaces[scope.Key(s.Namespace)]
	if !ok || ns.HostedZone == "" || len(s.Records) == 0 {
		return
	}
	if was != nil {
		for _, r := range discovery.RecordSets(ns, s, *was) {
			m.drop(scope.Account, r)
		}
	}
	if is != nil {
		for _, r := range discovery.RecordSets(ns, s, *is) {
			m.put(scope.Account, r, is.Health == state.InstanceUnhealthy)
		}
	}
}
