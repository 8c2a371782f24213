package ec2

import (
	"maps"
	"strconv"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// RouteTable is a route table as it is described.
type RouteTable struct {
	RouteTableId    string
	VpcId           string
	OwnerId         string
	Routes          []Route                 `ec2:"routeSet"`
	Associations    []RouteTableAssociation `ec2:"associationSet"`
	PropagatingVgws []PropagatingVgw        `ec2:"propagatingVgwSet"`
	Tags            []Tag                   `ec2:"tagSet"`
}

// PropagatingVgw is a gateway that adds routes; there are none.
type PropagatingVgw struct{ GatewayId string }

// Route is a route as it is described.
type Route struct {
	DestinationCidrBlock string
	GatewayId            string
	NatGatewayId         string
	NetworkInterfaceId   string
	Origin               string
	State                string
}

// RouteTableAssociation tells whose table it is.
type RouteTableAssociation struct {
	Main                    bool
	RouteTableAssociationId string
	RouteTableId            string
	SubnetId                string
	AssociationState        *RouteTableAssociationState
}

// RouteTableAssociationState is how far an association is.
type RouteTableAssociationState struct{ State string }

func (c *call) tableShape(r store.Reader, t tableRecord) RouteTable {
	v, _ := store.VPCs.Get(r, c.scope.Key(t.VPCID))
	out := RouteTable{
		RouteTableId: t.ID, VpcId: t.VPCID, OwnerId: c.scope.Account, Tags: listTags(t.Tags), PropagatingVgws: []PropagatingVgw{},
		Routes: []Route{{DestinationCidrBlock: v.CIDR.String(), GatewayId: "local", Origin: "CreateRouteTable", State: "active"}}, Associations: []RouteTableAssociation{},
	}
	for _, route := range t.Routes {
		shape := Route{DestinationCidrBlock: route.Destination.String(), Origin: "CreateRoute", State: "active"}
		switch kindOf(route.Target) {
		case "nat":
			shape.NatGatewayId = route.Target
			if n, ok := store.NATGateways.Get(r, c.scope.Key(route.Target)); !ok || n.DeletedAt != nil {
				shape.State = "blackhole"
			}
		case "eni":
			shape.NetworkInterfaceId = route.Target
			if _, ok := store.NetworkInterfaces.Get(r, c.scope.Key(route.Target)); !ok {
				shape.State = "blackhole"
			}
		default:
			shape.GatewayId = route.Target
			if g, ok := store.InternetGateways.Get(r, c.scope.Key(route.Target)); !ok || g.VPCID != t.VPCID {
				shape.State = "blackhole"
			}
		}
		out.Routes = append(out.Routes, shape)
	}
	for _, a := range t.Associations {
		out.Associations = append(out.Associations, RouteTableAssociation{
			Main: a.Main, RouteTableAssociationId: a.ID, RouteTableId: t.ID, SubnetId: a.SubnetID, AssociationState: associated(),
		})
	}
	return out
}

func associated() *RouteTableAssociationState { return &RouteTableAssociationState{"associated"} }

// kindOf is what stands before an id's dash.
func kindOf(id string) string {
	kind, _, found := strings.Cut(id, "-")
	if !found {
		return ""
	}
	return kind
}

const maxTables = 200 // of a VPC

// CreateRouteTableInput is the SDK's.
type CreateRouteTableInput struct {
	VpcId             string
	ClientToken       string
	TagSpecifications []TagSpecification `ec2:"TagSpecification"`
	DryRun            bool
}

// CreateRouteTableOutput is the SDK's.
type CreateRouteTableOutput struct {
	RouteTable  *RouteTable
	ClientToken string
}

// createRouteTable makes a table with the local route. Routes are kept and
// described; on one machine every subnet reaches the outside, whatever they
// say, and no other VPC.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRouteTable.html
func createRouteTable(c *call, in *CreateRouteTableInput) (*CreateRouteTableOutput, error) {
	tags, err := tagsOf(in.TagSpecifications, "route-table")
	if err != nil {
		return nil, err
	}
	out := &CreateRouteTableOutput{ClientToken: in.ClientToken}
	return out, c.update(func(w store.Writer) error {
		v, err := vpcs.get(c, w, "vpcId", in.VpcId)
		if err != nil {
			return err
		}
		t, made, err := tables.made(c, w, in.ClientToken, func(o tableRecord) (string, bool) {
			return o.ClientToken, o.VPCID == v.ID && maps.Equal(o.Tags, tags)
		})
		if err != nil {
			return err
		}
		if !made {
			if len(tables.all(c, w, func(o tableRecord) bool { return o.VPCID == v.ID })) >= maxTables {
				return wire.Errorf("RouteTableLimitExceeded", "The maximum number of route tables has been reached.")
			}
			t = tableRecord{ID: c.id("rtb"), VPCID: v.ID, Tags: tags, ClientToken: in.ClientToken}
			if err := store.RouteTables.Put(w, c.scope.Key(t.ID), t); err != nil {
				return err
			}
		}
		shape := c.tableShape(w, t)
		out.RouteTable = &shape
		return nil
	})
}

// DescribeRouteTablesInput is the SDK's.
type DescribeRouteTablesInput struct {
	Filters       []Filter `ec2:"Filter"`
	RouteTableIds []string `ec2:"RouteTableId"`
	NextToken     string
	MaxResults    *int32
	DryRun        bool
}

// DescribeRouteTablesOutput is the SDK's.
type DescribeRouteTablesOutput struct {
	RouteTables []RouteTable `ec2:"routeTableSet"`
	NextToken   string
}

func tableListing() listing[RouteTable] {
	routes := func(t RouteTable) []Route { return t.Routes }
	owned := func(t RouteTable) []RouteTableAssociation { return t.Associations }
	return listing[RouteTable]{
		name: "DescribeRouteTables", idList: "routeTableIds", least: 5, id: func(t RouteTable) string { return t.RouteTableId }, notFound: tables.notFound,
		tags: func(t RouteTable) []Tag { return t.Tags },
		filters: map[string]func(RouteTable) []string{
			"route-table-id":                         one(func(t RouteTable) string { return t.RouteTableId }),
			"vpc-id":                                 one(func(t RouteTable) string { return t.VpcId }),
			"owner-id":                               one(func(t RouteTable) string { return t.OwnerId }),
			"association.main":                       each(owned, func(a RouteTableAssociation) string { return strconv.FormatBool(a.Main) }),
			"association.route-table-association-id": each(owned, func(a RouteTableAssociation) string { return a.RouteTableAssociationId }),
			"association.route-table-id":             each(owned, func(a RouteTableAssociation) string { return a.RouteTableId }),
			"association.subnet-id":                  each(owned, func(a RouteTableAssociation) string { return a.SubnetId }),
			"association.gateway-id":                 none[RouteTable],
			"route.destination-cidr-block":           each(routes, func(r Route) string { return r.DestinationCidrBlock }),
			"route.gateway-id":                       each(routes, func(r Route) string { return r.GatewayId }),
			"route.nat-gateway-id":                   each(routes, func(r Route) string { return r.NatGatewayId }),
			"route.origin":                           each(routes, func(r Route) string { return r.Origin }),
			"route.state":                            each(routes, func(r Route) string { return r.State }),
			"route.instance-id":                      none[RouteTable], "route.transit-gateway-id": none[RouteTable], "route.vpc-peering-connection-id": none[RouteTable],
			"route.destination-ipv6-cidr-block": none[RouteTable], "route.destination-prefix-list-id": none[RouteTable], "route.egress-only-internet-gateway-id": none[RouteTable],
		},
	}
}

func describeRouteTables(c *call, in *DescribeRouteTablesInput) (*DescribeRouteTablesOutput, error) {
	var all []RouteTable
	err := c.view(func(r store.Reader) error {
		for _, t := range tables.all(c, r, nil) {
			all = append(all, c.tableShape(r, t))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &DescribeRouteTablesOutput{}
	out.RouteTables, out.NextToken, err = tableListing().page(all, wanted{in.RouteTableIds, in.Filters, in.MaxResults, in.NextToken})
	return out, err
}

// DeleteRouteTableInput is the SDK's.
type DeleteRouteTableInput struct {
	RouteTableId string
	DryRun       bool
}

// DeleteRouteTableOutput is the SDK's.
type DeleteRouteTableOutput struct{}

func deleteRouteTable(c *call, in *DeleteRouteTableInput) (*DeleteRouteTableOutput, error) {
	return &DeleteRouteTableOutput{}, c.update(func(w store.Writer) error {
		t, err := tables.get(c, w, "routeTableId", in.RouteTableId)
		if err != nil {
			return err
		}
		if len(t.Associations) > 0 {
			return dependency("routeTable", t.ID)
		}
		store.RouteTables.Delete(w, c.scope.Key(t.ID))
		return nil
	})
}

// AssociateRouteTableInput is the SDK's, as far as it is served.
type AssociateRouteTableInput struct {
	RouteTableId string
	SubnetId     string
	DryRun       bool
}

// AssociateRouteTableOutput is the SDK's.
type AssociateRouteTableOutput struct {
	AssociationId    string
	AssociationState *RouteTableAssociationState
}

// associateRouteTable gives a subnet a table of its own.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateRouteTable.html
func associateRouteTable(c *call, in *AssociateRouteTableInput) (*AssociateRouteTableOutput, error) {
	out := &AssociateRouteTableOutput{AssociationState: associated()}
	return out, c.update(func(w store.Writer) error {
		t, err := tables.get(c, w, "routeTableId", in.RouteTableId)
		if err != nil {
			return err
		}
		s, err := subnets.get(c, w, "subnetId", in.SubnetId)
		switch {
		case err != nil:
			return err
		case s.VPCID != t.VPCID:
			return invalid("Route table %s and subnet %s belong to different networks", t.ID, s.ID)
		}
		for _, o := range tables.all(c, w, nil) {
			for _, a := range o.Associations {
				if a.SubnetID == s.ID && o.ID == t.ID {
					out.AssociationId = a.ID
					return nil
				}
				if a.SubnetID == s.ID {
					return wire.Errorf("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association", t.ID)
				}
			}
		}
		out.AssociationId = c.id("rtbassoc")
		t.Associations = append(t.Associations, state.RouteTableAssociation{ID: out.AssociationId, SubnetID: s.ID})
		return store.RouteTables.Put(w, c.scope.Key(t.ID), t)
	})
}
