// Package zone answers questions for names in hosted zones, as Route 53 does:
// a pure function of a table, who asks, the question and a seed. Tables are
// immutable; an edit shares with the one before what it does not touch.
//
// Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy.html
package zone

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"
	"github.com/tidwall/btree"
)

// Policy is how Route 53 chooses among record sets of the same name and type.
type Policy uint8

// The policies.
const (
	Simple Policy = iota
	Weighted
	MultiValue
	Failover
)

// Set is a record set.
type Set struct {
	Name    string // in lower case, with a dot at the end; "*." begins a wildcard
	Type    uint16
	ID      string // SetIdentifier, "" with Simple
	Policy  Policy
	Weight  int64
	Primary bool // of Failover
	// Unhealthy sets are left out as long as there are healthy ones.
	Unhealthy bool
	Records   []dns.RR // named as the set is
	// Alias is another name whose records of the type are the answer, "" for
	// none: a host of the table, or a name of the same zone.
	Alias    string
	Evaluate bool // an alias is as healthy as what it names
}

// Host is a name outside zones that aliases may lead to: a load balancer.
type Host struct {
	Addresses []netip.Addr
	Unhealthy bool
}

// Zone is a hosted zone. Its SOA and NS records are among its sets.
type Zone struct {
	ID      string
	Name    string // in lower case, with a dot at the end
	Private bool
	VPCs    []string // whose tasks see a private zone, by Viewer's names
}

// Viewer is who asks. A private zone is seen by those in its VPCs, a public one
// by everybody whom no private zone of the name is shown.
type Viewer struct {
	VPC string // as a Zone names it
	// Everything shows zones of other VPCs, too, where VPC has none of the name:
	// the host's view.
	Everything bool
}

// Table is hosted zones with their records. The zero value is empty. It may be
// used concurrently.
type Table struct {
	zones  map[string]*zoned // by id
	byName map[string][]*zoned
	hosts  map[string]Host // by name in lower case, with a dot at the end
}

// zoned is a zone with its sets, by key.
type zoned struct {
	Zone
	sets *btree.Map[string, *Set]
}

// reversed is a name's labels from the last to the first, each with a zero byte
// behind it: names below others follow them.
func reversed(name string) string {
	labels := dns.SplitDomainName(name)
	slices.Reverse(labels)
	var b strings.Builder
	for _, l := range labels {
		b.WriteString(l)
		b.WriteByte(0)
	}
	return b.String()
}

// key is where a set is: a name's own sets come before those of names below,
// for no label is empty.
func key(name string, kind uint16, id string) string {
	return reversed(name) + "\x00" + strconv.Itoa(int(kind)) + "\x00" + id
}

// Edit is a change of a table in the making. It is not for concurrent use.
type Edit struct {
	table  *Table
	copied map[string]bool // zones whose sets are ours already
}

// Edit begins a change.
func (t *Table) Edit() *Edit {
	return &Edit{table: &Table{zones: maps.Clone(t.zones), byName: t.byName, hosts: t.hosts}, copied: map[string]bool{}}
}

// Done is the changed table. The edit must not be used afterwards.
func (e *Edit) Done() *Table {
	byName := make(map[string][]*zoned, len(e.table.zones))
	for _, id := range slices.Sorted(maps.Keys(e.table.zones)) {
		z := e.table.zones[id]
		byName[z.Name] = append(byName[z.Name], z)
	}
	e.table.byName = byName
	return e.table
}

// PutZone adds a zone, or changes who sees it; its sets stay.
func (e *Edit) PutZone(z Zone) {
	if e.table.zones == nil {
		e.table.zones = map[string]*zoned{}
	}
	sets := &btree.Map[string, *Set]{}
	if old := e.table.zones[z.ID]; old != nil {
		sets = old.sets
	} else {
		e.copied[z.ID] = true
	}
	e.table.zones[z.ID] = &zoned{Zone: z, sets: sets}
}

// DropZone removes a zone with its sets.
func (e *Edit) DropZone(id string) { delete(e.table.zones, id) }

// sets are a zone's, to be changed; nil when there is no such zone.
func (e *Edit) sets(zone string) *btree.Map[string, *Set] {
	z := e.table.zones[zone]
	if z == nil {
		return nil
	}
	if !e.copied[zone] {
		z = &zoned{Zone: z.Zone, sets: z.sets.Copy()}
		e.table.zones[zone], e.copied[zone] = z, true
	}
	return z.sets
}

// Put adds a set to a zone, or replaces the one of its name, type and id. A zone
// that is not there takes none.
func (e *Edit) Put(zone string, s Set) {
	if sets := e.sets(zone); sets != nil {
		sets.Set(key(s.Name, s.Type, s.ID), &s)
	}
}

// Drop removes a set of a zone.
func (e *Edit) Drop(zone, name string, kind uint16, id string) {
	if sets := e.sets(zone); sets != nil {
		sets.Delete(key(name, kind, id))
	}
}

// Hosts replaces what aliases outside zones lead to.
func (e *Edit) Hosts(hosts map[string]Host) { e.table.hosts = hosts }

// zone is the one that a name belongs to for who asks: the longest of those
// that its end names; nil for none.
func (t *Table) zone(v Viewer, name string) *zoned {
	for at, end := 0, false; !end; at, end = dns.NextLabel(name, at) {
		if found := visible(v, t.byName[name[at:]]); found != nil {
			return found
		}
	}
	return nil
}

// visible chooses among zones of one name.
func visible(v Viewer, zones []*zoned) (out *zoned) {
	for _, z := range zones {
		switch {
		case z.Private && v.VPC != "" && slices.Contains(z.VPCs, v.VPC):
			return z
		case !z.Private && (out == nil || out.Private), z.Private && v.Everything && out == nil:
			out = z
		}
	}
	return out
}

// own are a name's sets of a zone, by type.
func (z *zoned) own(name string) (out map[uint16][]*Set) {
	prefix := reversed(name) + "\x00"
	z.sets.Ascend(prefix, func(k string, s *Set) bool {
		if !strings.HasPrefix(k, prefix) {
			return false
		}
		if out == nil {
			out = map[uint16][]*Set{}
		}
		out[s.Type] = append(out[s.Type], s)
		return true
	})
	return out
}

// exists tells whether a name has sets, or names below it have.
func (z *zoned) exists(name string) (found bool) {
	prefix := reversed(name)
	z.sets.Ascend(prefix, func(k string, _ *Set) bool {
		found = strings.HasPrefix(k, prefix)
		return false
	})
	return found
}

// at are the sets that answer for a name: its own, or those of the wildcard
// below the closest name there is. ok is false for a name that does not exist.
//
// Source: https://datatracker.ietf.org/doc/html/rfc4592
func (z *zoned) at(name string) (sets map[uint16][]*Set, ok bool) {
	if sets = z.own(name); sets != nil || name == z.Name || z.exists(name) {
		return sets, true
	}
	for at, end := dns.NextLabel(name, 0); !end; at, end = dns.NextLabel(name, at) {
		above := name[at:]
		if above == z.Name || z.exists(above) {
			sets = z.own("*." + above)
			return sets, sets != nil
		}
	}
	return nil, false
}
