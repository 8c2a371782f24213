package ec2

import (
	"net/netip"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// Address is an Elastic IP address as it is described.
type Address struct {
	AllocationId            string
	AssociationId           string
	Domain                  string
	NetworkBorderGroup      string
	NetworkInterfaceId      string
	NetworkInterfaceOwnerId string
	PrivateIpAddress        string
	PublicIp                string
	PublicIpv4Pool          string
	Tags                    []Tag `ec2:"tagSet"`
}

func (c *call) addressShape(r store.Reader, a addressRecord) Address {
	out := Address{
		AllocationId: a.ID, Domain: "vpc", NetworkBorderGroup: c.scope.Region, PublicIp: a.PublicIP.String(), PublicIpv4Pool: "amazon", Tags: listTags(a.Tags),
	}
	if n, ok := c.holder(r, a.ID); ok {
		eni, _ := store.NetworkInterfaces.Get(r, c.scope.Key(n.Interface))
		out.AssociationId, out.NetworkInterfaceId, out.NetworkInterfaceOwnerId, out.PrivateIpAddress = n.Association, n.Interface, c.scope.Account, eni.Address.String()
	}
	return out
}

// holder is the NAT gateway that has an address.
func (c *call) holder(r store.Reader, allocation string) (natRecord, bool) {
	for _, n := range nats.all(c, r, func(n natRecord) bool { return n.Allocation == allocation && n.DeletedAt == nil }) {
		return n, true
	}
	return natRecord{}, false
}

const maxAddresses = 5

// AllocateAddressInput is the SDK's, as far as it is served.
type AllocateAddressInput struct {
	Domain             string
	NetworkBorderGroup string
	PublicIpv4Pool     string
	TagSpecifications  []TagSpecification `ec2:"TagSpecification"`
	DryRun             bool
}

// AllocateAddressOutput is the SDK's.
type AllocateAddressOutput struct {
	AllocationId       string
	Domain             string
	NetworkBorderGroup string
	PublicIp           string
	PublicIpv4Pool     string
}

// allocateAddress gives an address of a range that is reserved for
// documentation: it stands for one, and nothing can be reached at it.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html
func allocateAddress(c *call, in *AllocateAddressInput) (*AllocateAddressOutput, error) {
	switch {
	case in.Domain != "" && in.Domain != "vpc":
		return nil, invalid("Invalid value '%s' for domain.", in.Domain)
	case in.PublicIpv4Pool != "" && in.PublicIpv4Pool != "amazon":
		return nil, wire.Errorf("InvalidPublicIpv4PoolID.NotFound", "The pool ID '%s' does not exist", in.PublicIpv4Pool)
	case in.NetworkBorderGroup != "" && in.NetworkBorderGroup != c.scope.Region:
		return nil, invalid("Invalid network border group: %s", in.NetworkBorderGroup)
	}
	tags, err := tagsOf(in.TagSpecifications, "elastic-ip")
	if err != nil {
		return nil, err
	}
	out := &AllocateAddressOutput{Domain: "vpc", NetworkBorderGroup: c.scope.Region, PublicIpv4Pool: "amazon"}
	return out, c.update(func(w store.Writer) error {
		taken := map[netip.Addr]bool{}
		for _, a := range addresses.all(c, w, nil) {
			taken[a.PublicIP] = true
		}
		if len(taken) >= maxAddresses {
			return wire.Errorf("AddressLimitExceeded", "The maximum number of addresses has been reached.")
		}
		a := addressRecord{ID: c.id("eipalloc"), PublicIP: netip.AddrFrom4([4]byte{203, 0, 113, 10}), Tags: tags}
		for taken[a.PublicIP] {
			a.PublicIP = a.PublicIP.Next()
		}
		out.AllocationId, out.PublicIp = a.ID, a.PublicIP.String()
		return store.Addresses.Put(w, c.scope.Key(a.ID), a)
	})
}

// DescribeAddressesInput is the SDK's.
type DescribeAddressesInput struct {
	Filters       []Filter `ec2:"Filter"`
	AllocationIds []string `ec2:"AllocationId"`
	PublicIps     []string `ec2:"PublicIp"`
	DryRun        bool
}

// DescribeAddressesOutput is the SDK's.
type DescribeAddressesOutput struct {
	Addresses []Address `ec2:"addressesSet"`
}

func addressListing() listing[Address] {
	return listing[Address]{
		name: "DescribeAddresses", idList: "allocationIds", id: func(a Address) string { return a.AllocationId }, notFound: addresses.notFound,
		tags: func(a Address) []Tag { return a.Tags },
		filters: map[string]func(Address) []string{
			"allocation-id":              one(func(a Address) string { return a.AllocationId }),
			"association-id":             one(func(a Address) string { return a.AssociationId }),
			"domain":                     one(func(a Address) string { return a.Domain }),
			"network-border-group":       one(func(a Address) string { return a.NetworkBorderGroup }),
			"network-interface-id":       one(func(a Address) string { return a.NetworkInterfaceId }),
			"network-interface-owner-id": one(func(a Address) string { return a.NetworkInterfaceOwnerId }),
			"private-ip-address":         one(func(a Address) string { return a.PrivateIpAddress }),
			"public-ip":                  one(func(a Address) string { return a.PublicIp }),
			"instance-id":                none[Address],
		},
	}
}

func describeAddresses(c *call, in *DescribeAddressesInput) (*DescribeAddressesOutput, error) {
	var all []Address
	ids := in.AllocationIds
	err := c.view(func(r store.Reader) error {
		named := map[string]string{}
		for _, a := range addresses.all(c, r, nil) {
			all = append(all, c.addressShape(r, a))
			named[a.PublicIP.String()] = a.ID
		}
		for _, ip := range in.PublicIps {
			if named[ip] == "" {
				return wire.Errorf("InvalidAddress.NotFound", "Address '%s' not found.", ip)
			}
			ids = append(ids, named[ip])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &DescribeAddressesOutput{}
	out.Addresses, _, err = addressListing().page(all, wanted{ids: ids, filters: in.Filters})
	return out, err
}

// AddressAttribute is an address's name, which is never set here.
type AddressAttribute struct {
	AllocationId string
	PublicIp     string
}

// DescribeAddressesAttributeInput is the SDK's.
type DescribeAddressesAttributeInput struct {
	AllocationIds []string `ec2:"AllocationId"`
	Attribute     string
	NextToken     string
	MaxResults    *int32
	DryRun        bool
}

// DescribeAddressesAttributeOutput is the SDK's.
type DescribeAddressesAttributeOutput struct {
	Addresses []AddressAttribute `ec2:"addressSet"`
	NextToken string
}

func describeAddressesAttribute(c *call, in *DescribeAddressesAttributeInput) (*DescribeAddressesAttributeOutput, error) {
	if in.Attribute != "" && in.Attribute != "domain-name" {
		return nil, invalid("Value (%s) for parameter attribute is invalid.", in.Attribute)
	}
	var all []Address
	err := c.view(func(r store.Reader) error {
		for _, a := range addresses.all(c, r, nil) {
			all = append(all, c.addressShape(r, a))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	l := addressListing()
	l.name, l.least = "DescribeAddressesAttribute", 1
	page, next, err := l.page(all, wanted{in.AllocationIds, nil, in.MaxResults, in.NextToken})
	out := &DescribeAddressesAttributeOutput{Addresses: []AddressAttribute{}, NextToken: next}
	for _, a := range page {
		out.Addresses = append(out.Addresses, AddressAttribute{a.AllocationId, a.PublicIp})
	}
	return out, err
}

// ReleaseAddressInput is the SDK's, as far as it is served.
type ReleaseAddressInput struct {
	AllocationId       string
	NetworkBorderGroup string
	DryRun             bool
}

// ReleaseAddressOutput is the SDK's.
type ReleaseAddressOutput struct{}

func releaseAddress(c *call, in *ReleaseAddressInput) (*ReleaseAddressOutput, error) {
	return &ReleaseAddressOutput{}, c.update(func(w store.Writer) error {
		a, err := addresses.get(c, w, "allocationId", in.AllocationId)
		if err != nil {
			return err
		}
		if in.NetworkBorderGroup != "" && in.NetworkBorderGroup != c.scope.Region {
			return invalid("Invalid network border group: %s", in.NetworkBorderGroup)
		}
		if _, held := c.holder(w, a.ID); held {
			return wire.Errorf("InvalidIPAddress.InUse", "Address %s is in use.", a.PublicIP)
		}
		store.Addresses.Delete(w, c.scope.Key(a.ID))
		return nil
	})
}
