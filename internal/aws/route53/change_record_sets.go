package route53

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// changeResourceRecordSets makes all changes of a batch, or none and tells of
// each that cannot be made.
//
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
func (s *Service) changeResourceRecordSets(ctx context.Context, caller wire.Caller, in *route53.ChangeResourceRecordSetsInput) (*route53.ChangeResourceRecordSetsOutput, error) {
	if in.ChangeBatch == nil || len(in.ChangeBatch.Changes) == 0 {
		return nil, invalid("1 validation error detected: Value '[]' at 'changeBatch.changes' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	if err := checkSize(in.ChangeBatch.Changes); err != nil {
		return nil, err
	}
	var sets []state.RecordSet
	var problems []string
	for _, c := range in.ChangeBatch.Changes {
		set, err := recordSet(c)
		if err != nil {
			return nil, err // of its form: nothing else is looked at
		}
		if err := checkValues(&set); err != nil {
			problems = append(problems, err.Error())
		}
		sets = append(sets, set)
	}
	if len(problems) > 0 {
		return nil, badBatch(problems)
	}
	change := s.newChange()
	out := &route53.ChangeResourceRecordSetsOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		key, z, err := owned(w, caller.Scope, in.HostedZoneId)
		if err != nil {
			return err
		}
		b := newBatch(w, caller.Scope, z)
		for i, c := range in.ChangeBatch.Changes {
			set := sets[i]
			set.Zone = z.ID
			b.apply(c.Action, set)
		}
		b.finish()
		if len(b.problems) > 0 {
			return badBatch(b.problems)
		}
		if len(b.sets) > maxRecords {
			return &types.InvalidChangeBatch{Message: aws.String("This request would exceed the number of records that the zone can have.")}
		}
		for id := range b.touched {
			if set, ok := b.sets[id]; ok {
				err = store.RecordSets.Put(w, key.Scope().Key(id), set)
			} else {
				store.RecordSets.Delete(w, key.Scope().Key(id))
			}
			if err != nil {
				return err
			}
		}
		out.ChangeInfo, err = s.changed(w, caller.Scope, change, in.ChangeBatch.Comment)
		return err
	})
}

func badBatch(problems []string) error {
	return &types.InvalidChangeBatch{Message: aws.String("[" + strings.Join(problems, ", ") + "]"), Messages: problems}
}

func checkSize(changes []types.Change) error {
	records, size := 0, 0
	for _, c := range changes {
		if c.ResourceRecordSet == nil {
			continue
		}
		n := 1
		if c.Action == types.ChangeActionUpsert {
			n = 2
		}
		records += n * max(1, len(c.ResourceRecordSet.ResourceRecords))
		for _, r := range c.ResourceRecordSet.ResourceRecords {
			size += n * len(aws.ToString(r.Value))
		}
	}
	switch {
	case records > maxChanges:
		return &types.InvalidChangeBatch{Message: aws.String("Number of records limit of 1000 exceeded.")}
	case size > maxText:
		return &types.InvalidChangeBatch{Message: aws.String("Maximum request size exceeded: the values have more than 32000 characters.")}
	}
	return nil
}

// batch is a zone's sets while changes are made to them.
type batch struct {
	zone     state.HostedZone
	sets     map[string]state.RecordSet // by store id
	touched  map[string]bool
	names    map[string]bool // balancers
	problems []string
}

func newBatch(r store.Reader, scope state.Scope, z state.HostedZone) *batch {
	b := &batch{zone: z, sets: map[string]state.RecordSet{}, touched: map[string]bool{}, names: balancerNames(r, scope)}
	for key, set := range store.RecordSets.List(r, state.ZoneScope(scope.Account), z.ID+"/") {
		b.sets[key.ID] = set
	}
	return b
}

func (b *batch) problem(format string, args ...any) {
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}

// named is how problems name a set.
func named(r state.RecordSet) string {
	out := "[name='" + r.Name + "', type='" + r.Type + "'"
	if r.Set != "" {
		out += ", set identifier='" + r.Set + "'"
	}
	return out + "]"
}

func (b *batch) apply(action types.ChangeAction, r state.RecordSet) {
	id := state.RecordSetID(r.Zone, r.Name, r.Type, r.Set)
	have, exists := b.sets[id]
	inside := r.Name == b.zone.Name || strings.HasSuffix(r.Name, "."+b.zone.Name)
	switch {
	case !inside:
		b.problem("RRSet with DNS name %s is not permitted in zone %s", r.Name, b.zone.Name)
	case action == types.ChangeActionDelete && !exists:
		b.problem("Tried to delete resource record set %s but it was not found", named(r))
	case action == types.ChangeActionDelete && !same(have, r):
		b.problem("Tried to delete resource record set %s but the values provided do not match the current values", named(r))
	case action == types.ChangeActionDelete:
		delete(b.sets, id)
		b.touched[id] = true
	case action == types.ChangeActionCreate && exists:
		b.problem("Tried to create resource record set %s but it already exists", named(r))
	default:
		b.sets[id] = r
		b.touched[id] = true
	}
}

// same tells whether two sets say the same, in whatever order.
func same(a, b state.RecordSet) bool {
	weight := func(r state.RecordSet) int64 { return aws.ToInt64(r.Weight) }
	alike := a.TTL == b.TTL && weight(a) == weight(b) && a.MultiValue == b.MultiValue && a.Failover == b.Failover && (a.Alias == nil) == (b.Alias == nil)
	if !alike || a.Alias != nil && (a.Alias.Name != b.Alias.Name || a.Alias.Zone != b.Alias.Zone || a.Alias.Evaluate != b.Alias.Evaluate) {
		return false
	}
	return slices.Equal(slices.Sorted(slices.Values(a.Values)), slices.Sorted(slices.Values(b.Values)))
}

// finish checks what the sets that were put are beside others.
func (b *batch) finish() {
	byName := map[string][]state.RecordSet{}
	for _, id := range slices.Sorted(maps.Keys(b.sets)) {
		r := b.sets[id]
		byName[r.Name] = append(byName[r.Name], r)
	}
	for _, id := range slices.Sorted(maps.Keys(b.touched)) {
		r, ok := b.sets[id]
		if !ok {
			continue
		}
		if r.Type == "CNAME" && r.Name == b.zone.Name {
			b.problem("RRSet of type CNAME with DNS name %s is not permitted at apex in zone %s", r.Name, b.zone.Name)
		}
		for _, other := range byName[r.Name] {
			switch {
			case (r.Type == "CNAME") != (other.Type == "CNAME"):
				b.problem("RRSet of type %s with DNS name %s is not permitted because a conflicting RRSet of type %s with the same DNS name already exists in zone %s", r.Type, r.Name, other.Type, b.zone.Name)
			case r.Type == other.Type && policy(r) != policy(other):
				b.problem("RRSet with DNS name %s, type %s%s cannot be created because a %s RRSet exists with the same name and type", r.Name, r.Type, identified(r), policy(other))
			case r.Type == other.Type && r.Failover != "" && r.Failover == other.Failover && r.Set != other.Set:
				b.problem("Failover record sets with the same name and type must not have the same failover value: %s", named(r))
			}
		}
		b.target(r, byName)
	}
	for _, kind := range []string{"SOA", "NS"} {
		if _, ok := b.sets[state.RecordSetID(b.zone.ID, b.zone.Name, kind, "")]; !ok {
			b.problem("A HostedZone must contain exactly one %s record for the zone itself.", kind)
		}
	}
}

func identified(r state.RecordSet) string {
	if r.Set == "" {
		return ""
	}
	return ", SetIdentifier " + r.Set
}

// policy is a set's, in words.
func policy(r state.RecordSet) string {
	switch {
	case r.Weight != nil:
		return "weighted"
	case r.MultiValue:
		return "multivalue answer"
	case r.Failover != "":
		return "failover"
	}
	return "simple"
}

// target checks where an alias leads to.
func (b *batch) target(r state.RecordSet, byName map[string][]state.RecordSet) {
	if r.Alias == nil {
		return
	}
	of := "Tried to create an alias that targets " + r.Alias.Name + ", type " + r.Type + " in zone " + r.Alias.Zone
	switch {
	case r.Alias.Zone != b.zone.ID && b.names[r.Alias.Name]:
	case r.Alias.Zone != b.zone.ID:
		b.problem("%s, but that target was not found: Hatoba has aliases to its own load balancers, and to records of the same zone", of)
	case r.Alias.Name != b.zone.Name && !strings.HasSuffix(r.Alias.Name, "."+b.zone.Name):
		b.problem("%s, but the alias target name does not lie within the target zone", of)
	case !slices.ContainsFunc(byName[r.Alias.Name], func(o state.RecordSet) bool { return o.Type == r.Type && o.Name != r.Name }):
		b.problem("%s, but that target was not found", of)
	}
}

// balancerNames are those that aliases may lead to.
func balancerNames(r store.Reader, scope state.Scope) map[string]bool {
	out := map[string]bool{}
	for key, l := range store.LoadBalancers.List(r, state.Scope{}, "") {
		if key.Account != scope.Account {
			continue
		}
		for _, name := range l.Names() {
			out[name], out["dualstack."+name] = true, true
		}
	}
	return out
}
