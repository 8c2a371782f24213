package route53

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/dns/zone"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// recordSets are a zone's: those stored, or those that the instances of its
// namespace have.
func recordSets(r store.Reader, scope state.Scope, z state.HostedZone) iter.Seq[state.RecordSet] {
	if z.Namespace != "" {
		return discovery.ZoneRecords(r, state.Scope{Account: scope.Account, Region: z.Region}, z.Namespace)
	}
	return func(yield func(state.RecordSet) bool) {
		for _, set := range store.RecordSets.List(r, state.ZoneScope(scope.Account), z.ID+"/") {
			if !yield(set) {
				return
			}
		}
	}
}

func put(w store.Writer, zones state.Scope, r state.RecordSet) error {
	return store.RecordSets.Put(w, zones.Key(state.RecordSetID(r.Zone, r.Name, r.Type, r.Set)), r)
}

// setPlace is where a set stands in a listing.
func setPlace(name, kind, set string) string { return order(name) + "\x00\x00" + kind + "\x00" + set }

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
func (s *Service) listResourceRecordSets(ctx context.Context, caller wire.Caller, in *route53.ListResourceRecordSetsInput) (*route53.ListResourceRecordSetsOutput, error) {
	size, err := page(in.MaxItems, 300)
	if err != nil {
		return nil, err
	}
	from := ""
	switch {
	case in.StartRecordName == nil && in.StartRecordType != "":
		return nil, invalid("The value of type needs one of name.")
	case in.StartRecordIdentifier != nil && in.StartRecordType == "":
		return nil, invalid("The value of identifier needs one of type.")
	case in.StartRecordName != nil:
		name, err := zone.Name(*in.StartRecordName)
		if err != nil {
			return nil, invalid("Invalid value %s for name: %v", *in.StartRecordName, err)
		}
		from = setPlace(name, string(in.StartRecordType), aws.ToString(in.StartRecordIdentifier))
	}
	out := &route53.ListResourceRecordSetsOutput{ResourceRecordSets: []types.ResourceRecordSet{}, MaxItems: aws.Int32(int32(size))}
	return out, s.view(ctx, func(r store.Reader) error {
		_, z, err := find(r, caller.Scope, in.HostedZoneId)
		if err != nil {
			return err
		}
		all := slices.SortedFunc(recordSets(r, caller.Scope, z), func(a, b state.RecordSet) int {
			return strings.Compare(setPlace(a.Name, a.Type, a.Set), setPlace(b.Name, b.Type, b.Set))
		})
		all = slices.DeleteFunc(all, func(r state.RecordSet) bool { return setPlace(r.Name, r.Type, r.Set) < from })
		for i, r := range all {
			if i == size {
				out.IsTruncated, out.NextRecordName, out.NextRecordType, out.NextRecordIdentifier = true, aws.String(zone.Shown(r.Name)), types.RRType(r.Type), said(r.Set)
				break
			}
			out.ResourceRecordSets = append(out.ResourceRecordSets, setShape(r))
		}
		return nil
	})
}

func setShape(r state.RecordSet) types.ResourceRecordSet {
	out := types.ResourceRecordSet{
		Name: aws.String(zone.Shown(r.Name)), Type: types.RRType(r.Type), SetIdentifier: said(r.Set), Weight: r.Weight, Failover: types.ResourceRecordSetFailover(r.Failover),
	}
	if r.MultiValue {
		out.MultiValueAnswer = aws.Bool(true)
	}
	if a := r.Alias; a != nil {
		out.AliasTarget = &types.AliasTarget{HostedZoneId: &a.Zone, DNSName: &a.Name, EvaluateTargetHealth: a.Evaluate}
		return out
	}
	out.TTL = &r.TTL
	for _, v := range r.Values {
		out.ResourceRecords = append(out.ResourceRecords, types.ResourceRecord{Value: &v})
	}
	return out
}
