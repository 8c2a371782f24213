package ec2

import (
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// zones are the names of the region's availability zones.
func (c *call) zones() (out []string) {
	for i := range state.DefaultZones {
		out = append(out, c.scope.Region+string(rune('a'+i)))
	}
	return out
}

// zone is the availability zone that a request names, else the first.
func (c *call) zone(name, id string) (string, error) {
	zones := c.zones()
	switch {
	case name != "" && id != "":
		return "", badCombination("AvailabilityZone and AvailabilityZoneId cannot both be specified.")
	case name == "" && id == "":
		return zones[0], nil
	}
	for _, z := range zones {
		if z == name || zoneID(z) == id {
			return z, nil
		}
	}
	return "", invalid("Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.", name+id, strings.Join(zones, ", "))
}

// zoneID is a zone's id: its region's short name and a number.
func zoneID(zone string) string {
	if len(zone) < 2 {
		return zone
	}
	return shortRegion(zone[:len(zone)-1]) + "-az" + string('1'+rune(zone[len(zone)-1]-'a'))
}

// shortRegion shortens as AWS does: us-east-1 is use1, ap-northeast-1 apne1.
func shortRegion(region string) string {
	short := map[string]string{
		"north": "n", "south": "s", "east": "e", "west": "w", "central": "c",
		"northeast": "ne", "southeast": "se", "northwest": "nw", "southwest": "sw",
	}
	words := strings.Split(region, "-")
	for i, w := range words {
		if s, ok := short[w]; ok {
			words[i] = s
		}
	}
	return strings.Join(words, "")
}

// AvailabilityZone is a zone as it is described.
type AvailabilityZone struct {
	ZoneName           string
	ZoneId             string
	RegionName         string
	GroupName          string
	GroupLongName      string
	NetworkBorderGroup string
	OptInStatus        string
	State              string `ec2:"zoneState"`
	ZoneType           string
}

// DescribeAvailabilityZonesInput is the SDK's.
type DescribeAvailabilityZonesInput struct {
	Filters              []Filter `ec2:"Filter"`
	ZoneNames            []string `ec2:"ZoneName"`
	ZoneIds              []string `ec2:"ZoneId"`
	AllAvailabilityZones bool
	DryRun               bool
}

// DescribeAvailabilityZonesOutput is the SDK's.
type DescribeAvailabilityZonesOutput struct {
	AvailabilityZones []AvailabilityZone `ec2:"availabilityZoneInfo"`
}

func zoneListing() listing[AvailabilityZone] {
	return listing[AvailabilityZone]{
		name: "DescribeAvailabilityZones", id: func(z AvailabilityZone) string { return z.ZoneName },
		notFound: func(id string) error { return invalid("Invalid availability zone: [%s]", id) },
		filters: map[string]func(AvailabilityZone) []string{
			"group-name":    one(func(z AvailabilityZone) string { return z.GroupName }),
			"opt-in-status": one(func(z AvailabilityZone) string { return z.OptInStatus }),
			"region-name":   one(func(z AvailabilityZone) string { return z.RegionName }),
			"state":         one(func(z AvailabilityZone) string { return z.State }),
			"zone-id":       one(func(z AvailabilityZone) string { return z.ZoneId }),
			"zone-name":     one(func(z AvailabilityZone) string { return z.ZoneName }),
			"zone-type":     one(func(z AvailabilityZone) string { return z.ZoneType }),

			"group-long-name": one(func(z AvailabilityZone) string { return z.GroupLongName }),
			"message":         none[AvailabilityZone], "parent-zone-id": none[AvailabilityZone], "parent-zone-name": none[AvailabilityZone],
		},
	}
}

func describeAvailabilityZones(c *call, in *DescribeAvailabilityZonesInput) (*DescribeAvailabilityZonesOutput, error) {
	var all []AvailabilityZone
	names := in.ZoneNames
	for _, z := range c.zones() {
		all = append(all, AvailabilityZone{
			ZoneName: z, ZoneId: zoneID(z), RegionName: c.scope.Region, GroupName: c.scope.Region + "-zg-1", GroupLongName: c.scope.Region + " 1",
			NetworkBorderGroup: c.scope.Region, OptInStatus: "opt-in-not-required", State: "available", ZoneType: "availability-zone",
		})
		if slices.Contains(in.ZoneIds, zoneID(z)) {
			names = append(names, z)
		}
	}
	for _, id := range in.ZoneIds {
		if !slices.ContainsFunc(all, func(z AvailabilityZone) bool { return z.ZoneId == id }) {
			return nil, invalid("Invalid availability zone-id: [%s]", id)
		}
	}
	out := &DescribeAvailabilityZonesOutput{}
	var err error
	out.AvailabilityZones, _, err = zoneListing().page(all, wanted{ids: names, filters: in.Filters})
	return out, err
}

// Region is a region as it is described.
type Region struct {
	RegionName  string
	Endpoint    string `ec2:"regionEndpoint"`
	OptInStatus string
}

// DescribeRegionsInput is the SDK's.
type DescribeRegionsInput struct {
	Filters     []Filter `ec2:"Filter"`
	RegionNames []string `ec2:"RegionName"`
	AllRegions  bool
	DryRun      bool
}

// DescribeRegionsOutput is the SDK's.
type DescribeRegionsOutput struct {
	Regions []Region `ec2:"regionInfo"`
}

// describeRegions lists AWS's regions that are on by default, and the one of
// the request: any name is a region here.
func describeRegions(c *call, in *DescribeRegionsInput) (*DescribeRegionsOutput, error) {
	names := []string{
		"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
		"eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
	}
	if !slices.Contains(names, c.scope.Region) {
		names = append(names, c.scope.Region)
	}
	var all []Region
	for _, name := range names {
		all = append(all, Region{RegionName: name, Endpoint: "ec2." + name + ".amazonaws.com", OptInStatus: "opt-in-not-required"})
	}
	l := listing[Region]{
		name: "DescribeRegions", id: func(r Region) string { return r.RegionName },
		notFound: func(id string) error { return invalid("Invalid region provided: %s", id) },
		filters: map[string]func(Region) []string{
			"endpoint":      one(func(r Region) string { return r.Endpoint }),
			"opt-in-status": one(func(r Region) string { return r.OptInStatus }),
			"region-name":   one(func(r Region) string { return r.RegionName }),
		},
	}
	out := &DescribeRegionsOutput{}
	var err error
	out.Regions, _, err = l.page(all, wanted{ids: in.RegionNames, filters: in.Filters})
	return out, err
}

// AccountAttribute is a fact about an account.
type AccountAttribute struct {
	AttributeName   string
	AttributeValues []AccountAttributeValue `ec2:"attributeValueSet"`
}

// AccountAttributeValue is one of its values.
type AccountAttributeValue struct{ AttributeValue string }

// DescribeAccountAttributesInput is the SDK's.
type DescribeAccountAttributesInput struct {
	AttributeNames []string `ec2:"attributeName"`
	DryRun         bool
}

// DescribeAccountAttributesOutput is the SDK's.
type DescribeAccountAttributesOutput struct {
	AccountAttributes []AccountAttribute `ec2:"accountAttributeSet"`
}

func describeAccountAttributes(c *call, in *DescribeAccountAttributesInput) (*DescribeAccountAttributesOutput, error) {
	var vpc string
	err := c.view(func(r store.Reader) error {
		for _, v := range vpcs.all(c, r, func(v vpcRecord) bool { return v.IsDefault }) {
			vpc = v.ID
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	facts := []AccountAttribute{
		{"default-vpc", []AccountAttributeValue{{vpc}}},
		{"max-elastic-ips", []AccountAttributeValue{{"5"}}},
		{"max-instances", []AccountAttributeValue{{"0"}}},
		{"supported-platforms", []AccountAttributeValue{{"VPC"}}},
		{"vpc-max-elastic-ips", []AccountAttributeValue{{"5"}}},
		{"vpc-max-security-groups-per-interface", []AccountAttributeValue{{"5"}}},
	}
	out := &DescribeAccountAttributesOutput{AccountAttributes: []AccountAttribute{}}
	for _, name := range in.AttributeNames {
		if !slices.ContainsFunc(facts, func(a AccountAttribute) bool { return a.AttributeName == name }) {
			return nil, invalid("Value (%s) for parameter attributeName is invalid. Unknown attribute.", name)
		}
	}
	for _, a := range facts {
		if len(in.AttributeNames) == 0 || slices.Contains(in.AttributeNames, a.AttributeName) {
			out.AccountAttributes = append(out.AccountAttributes, a)
		}
	}
	return out, nil
}
