package ec2

import (
	"strconv"

	"github.com/hatoba/hatoba/internal/store"
)

// DescribeNetworkInterfacesInput is the SDK's.
type DescribeNetworkInterfacesInput struct {
	Filters                 []Filter `ec2:"filter"`
	NetworkInterfaceIds     []string `ec2:"NetworkInterfaceId"`
	IncludeManagedResources bool
	NextToken               string
	MaxResults              *int32
	DryRun                  bool
}

// DescribeNetworkInterfacesOutput is the SDK's.
type DescribeNetworkInterfacesOutput struct {
	NetworkInterfaces []NetworkInterface `ec2:"networkInterfaceSet"`
	NextToken         string
}

func interfaceListing() listing[NetworkInterface] {
	owned := func(n NetworkInterface) []GroupIdentifier { return n.Groups }
	ips := func(n NetworkInterface) []NetworkInterfacePrivateIpAddress { return n.PrivateIpAddresses }
	attached := func(n NetworkInterface) (out []NetworkInterfaceAttachment) {
		if n.Attachment != nil {
			out = append(out, *n.Attachment)
		}
		return out
	}
	return listing[NetworkInterface]{
		name: "DescribeNetworkInterfaces", idList: "networkInterfaceIds", least: 5, notFound: interfaces.notFound,
		id: func(n NetworkInterface) string { return n.NetworkInterfaceId }, tags: func(n NetworkInterface) []Tag { return n.TagSet },
		filters: map[string]func(NetworkInterface) []string{
			"addresses.private-ip-address": each(ips, func(a NetworkInterfacePrivateIpAddress) string { return a.PrivateIpAddress }),
			"addresses.primary":            each(ips, func(a NetworkInterfacePrivateIpAddress) string { return strconv.FormatBool(a.Primary) }),
			"attachment.attachment-id":     each(attached, func(a NetworkInterfaceAttachment) string { return a.AttachmentId }),
			"attachment.device-index":      each(attached, func(a NetworkInterfaceAttachment) string { return number(*a.DeviceIndex) }),
			"attachment.instance-owner-id": each(attached, func(a NetworkInterfaceAttachment) string { return a.InstanceOwnerId }),
			"attachment.status":            each(attached, func(a NetworkInterfaceAttachment) string { return a.Status }),
			"availability-zone":            one(func(n NetworkInterface) string { return n.AvailabilityZone }),
			"description":                  one(func(n NetworkInterface) string { return n.Description }),
			"group-id":                     each(owned, func(g GroupIdentifier) string { return g.GroupId }),
			"group-name":                   each(owned, func(g GroupIdentifier) string { return g.GroupName }),
			"interface-type":               one(func(n NetworkInterface) string { return n.InterfaceType }),
			"mac-address":                  one(func(n NetworkInterface) string { return n.MacAddress }),
			"network-interface-id":         one(func(n NetworkInterface) string { return n.NetworkInterfaceId }),
			"owner-id":                     one(func(n NetworkInterface) string { return n.OwnerId }),
			"private-dns-name":             one(func(n NetworkInterface) string { return n.PrivateDnsName }),
			"private-ip-address":           one(func(n NetworkInterface) string { return n.PrivateIpAddress }),
			"requester-id":                 one(func(n NetworkInterface) string { return n.RequesterId }),
			"requester-managed":            yesNo(func(n NetworkInterface) bool { return n.RequesterManaged }),
			"source-dest-check":            yesNo(func(n NetworkInterface) bool { return n.SourceDestCheck }),
			"status":                       one(func(n NetworkInterface) string { return n.Status }),
			"subnet-id":                    one(func(n NetworkInterface) string { return n.SubnetId }),
			"vpc-id":                       one(func(n NetworkInterface) string { return n.VpcId }),
			"association.allocation-id":    none[NetworkInterface], "association.association-id": none[NetworkInterface], "association.ip-owner-id": none[NetworkInterface],
			"association.public-ip": none[NetworkInterface], "association.public-dns-name": none[NetworkInterface],
			"addresses.association.public-ip": none[NetworkInterface], "addresses.association.owner-id": none[NetworkInterface],
			"attachment.instance-id": none[NetworkInterface], "attachment.attach-time": none[NetworkInterface], "attachment.delete-on-termination": none[NetworkInterface],
			"ipv6-addresses.ipv6-address": none[NetworkInterface], "private-dns-name-options.hostname-type": none[NetworkInterface],
		},
	}
}

func describeNetworkInterfaces(c *call, in *DescribeNetworkInterfacesInput) (*DescribeNetworkInterfacesOutput, error) {
	var all []NetworkInterface
	err := c.view(func(r store.Reader) error {
		all = c.networkInterfaces(r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &DescribeNetworkInterfacesOutput{}
	out.NetworkInterfaces, out.NextToken, err = interfaceListing().page(all, wanted{in.NetworkInterfaceIds, in.Filters, in.MaxResults, in.NextToken})
	return out, err
}
