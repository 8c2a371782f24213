package taskdef

import (
	"net/netip"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// searchDomain is a domain name as a resolver's file takes it.
var searchDomain = regexp.MustCompile(`^[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,252})$`)

// checkNetworking checks the fields that depend on the network mode, and what
// goes into a container's resolv.conf.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
func checkNetworking(def types.TaskDefinition) error {
	for _, c := range def.ContainerDefinitions {
		for _, r := range []struct {
			field string
			set   bool
		}{
			{"links", len(c.Links) > 0},
			{"hostname", aws.ToString(c.Hostname) != ""},
			{"extraHosts", len(c.ExtraHosts) > 0},
			{"disableNetworking", aws.ToBool(c.DisableNetworking)},
		} {
			if r.set && def.NetworkMode == types.NetworkModeAwsvpc {
				return refuseContainer(c, "The '%s' parameter is not supported when networkMode=awsvpc.", r.field)
			}
		}
		for _, server := range c.DnsServers {
			if _, err := netip.ParseAddr(server); err != nil {
				return refuseContainer(c, "The DNS server '%s' is not an IP address.", server)
			}
		}
		for _, domain := range c.DnsSearchDomains {
			if !searchDomain.MatchString(domain) {
				return refuseContainer(c, "The DNS search domain '%s' is not a domain name.", domain)
			}
		}
	}
	return nil
}
