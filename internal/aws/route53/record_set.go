package route53

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/hatoba/hatoba/internal/dns/zone"
	"github.com/hatoba/hatoba/internal/state"
)

const maxTTL = 1<<31 - 1

// recordSet reads a change; an error is of its form.
//
// Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html
func recordSet(c types.Change) (r state.RecordSet, err error) {
	in := c.ResourceRecordSet
	switch {
	case !slices.Contains(c.Action.Values(), c.Action):
		return r, invalid("Invalid XML ; the value '%s' of Action is not one of %v", c.Action, c.Action.Values())
	case in == nil:
		return r, invalid("Invalid request: a change has no ResourceRecordSet")
	}
	where := fmt.Sprintf("in Change with [Action=%s, Name=%s, Type=%s, SetIdentifier=%s]", c.Action, aws.ToString(in.Name), in.Type, orNull(in.SetIdentifier))
	if _, known := zone.Types[string(in.Type)]; !known {
		return r, invalid("Invalid request: records of the type '%s' are not supported by Hatoba %s", in.Type, where)
	}
	if name := refused(in); name != "" {
		return r, invalid("Invalid request: %s is not supported by Hatoba %s", name, where)
	}
	r = state.RecordSet{Type: string(in.Type), TTL: aws.ToInt64(in.TTL), Set: aws.ToString(in.SetIdentifier), Weight: in.Weight, MultiValue: aws.ToBool(in.MultiValueAnswer), Failover: string(in.Failover)}
	if r.Name, err = zone.Name(aws.ToString(in.Name)); err != nil {
		return r, &types.InvalidChangeBatch{Message: aws.String(fmt.Sprintf("[Invalid Resource Record: 'FATAL problem: %v encountered with '%s'']", err, aws.ToString(in.Name)))}
	}
	plain := in.TTL != nil && len(in.ResourceRecords) > 0
	switch {
	case in.AliasTarget == nil && !plain:
		return r, invalid("Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none %s", where)
	case in.AliasTarget != nil && (in.TTL != nil || len(in.ResourceRecords) > 0):
		return r, invalid("Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found more than one %s", where)
	case in.TTL != nil && (*in.TTL < 0 || *in.TTL > maxTTL):
		return r, invalid("Invalid request: TTL must be between 0 and 2147483647 %s", where)
	}
	if in.AliasTarget != nil {
		if r.Alias, err = alias(in.AliasTarget, where); err != nil {
			return r, err
		}
	}
	for _, v := range in.ResourceRecords {
		r.Values = append(r.Values, aws.ToString(v.Value))
	}
	return r, routing(r, where)
}

func orNull(text *string) string {
	if text == nil {
		return "null"
	}
	return *text
}

// refused is a member that is given and not supported.
func refused(in *types.ResourceRecordSet) string {
	switch {
	case in.HealthCheckId != nil:
		return "HealthCheckId (there are no Route 53 health checks; an alias to a load balancer evaluates its targets' health)"
	case in.Region != "":
		return "Region (latency-based routing)"
	case in.GeoLocation != nil:
		return "GeoLocation"
	case in.GeoProximityLocation != nil:
		return "GeoProximityLocation"
	case in.CidrRoutingConfig != nil:
		return "CidrRoutingConfig"
	case in.TrafficPolicyInstanceId != nil:
		return "TrafficPolicyInstanceId"
	}
	return ""
}

func alias(in *types.AliasTarget, where string) (*state.RecordAlias, error) {
	name, err := zone.Name(aws.ToString(in.DNSName))
	if err != nil || aws.ToString(in.HostedZoneId) == "" {
		return nil, invalid("Invalid request: AliasTarget needs a HostedZoneId and a DNSName %s", where)
	}
	return &state.RecordAlias{Zone: bare(in.HostedZoneId, "/hostedzone/"), Name: name, Evaluate: in.EvaluateTargetHealth}, nil
}

// routing checks what the routing policies ask for.
func routing(r state.RecordSet, where string) error {
	policies := 0
	for _, given := range []bool{r.Weight != nil, r.MultiValue, r.Failover != ""} {
		if given {
			policies++
		}
	}
	switch {
	case policies > 1:
		return invalid("Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer], but found more than one %s", where)
	case policies == 0 && r.Set != "":
		return invalid("Invalid request: Missing field 'Weight, Region, Failover, GeoLocation, or MultiValueAnswer' %s", where)
	case policies == 1 && (r.Set == "" || utf8.RuneCountInString(r.Set) > 128):
		return invalid("Invalid request: Missing field 'SetIdentifier', of 1 to 128 characters, %s", where)
	case r.Weight != nil && (*r.Weight < 0 || *r.Weight > 255):
		return invalid("Invalid request: Weight must be between 0 and 255 %s", where)
	case r.MultiValue && r.Alias != nil:
		return invalid("Invalid request: an alias cannot have MultiValueAnswer %s", where)
	case r.MultiValue && len(r.Values) > 1:
		return invalid("Invalid request: a record set with MultiValueAnswer must have one ResourceRecord %s", where)
	case r.MultiValue && (r.Type == "NS" || r.Type == "CNAME" || r.Type == "SOA"), policies == 1 && (r.Type == "NS" || r.Type == "SOA"):
		return invalid("Invalid request: records of the type %s have no such routing policy %s", r.Type, where)
	case r.Failover != "" && r.Failover != "PRIMARY" && r.Failover != "SECONDARY":
		return invalid("Invalid request: Failover must be PRIMARY or SECONDARY %s", where)
	case r.Failover == "PRIMARY" && (r.Alias == nil || !r.Alias.Evaluate):
		return invalid("Invalid request: a PRIMARY failover record needs a health check, which is not supported by Hatoba, or an AliasTarget with EvaluateTargetHealth %s", where)
	}
	return nil
}

// checkValues checks the values of a set.
func checkValues(r *state.RecordSet) error {
	if n := len(r.Values); n > 400 || n > 1 && (r.Type == "CNAME" || r.Type == "SOA") {
		return fmt.Errorf("Invalid Resource Record: '%s' has more values than a record set of the type %s can have", r.Name, r.Type) //nolint:staticcheck,revive // Route 53's text
	}
	seen := map[string]bool{}
	for _, v := range r.Values {
		if len(v) > 4000 {
			return fmt.Errorf("Invalid Resource Record: 'FATAL problem: ValueTooLong (Value is too long) encountered with '%.40s''", v) //nolint:staticcheck,revive // Route 53's text
		}
		rr, err := zone.Value(r.Name, zone.Types[r.Type], 0, v)
		if err != nil {
			return fmt.Errorf("Invalid Resource Record: 'FATAL problem: %w encountered with '%s''", err, v) //nolint:staticcheck,revive // Route 53's text
		}
		if seen[rr.String()] {
			return fmt.Errorf("Duplicate Resource Record: '%s'", v) //nolint:staticcheck,revive // Route 53's text
		}
		seen[rr.String()] = true
	}
	return nil
}
