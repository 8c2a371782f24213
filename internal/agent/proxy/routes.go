package proxy

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/connect"
	"github.com/hatoba/hatoba/internal/state"
)

// addresses gives each name of a plan an address of the loopback: the first
// one 127.255.0.1. They follow from the plan, so that they are the same after a
// restart.
func addresses(plan *state.ConnectPlan) (names []string, at map[string]netip.Addr) {
	at = map[string]netip.Addr{}
	next := network.Aliases.Addr()
	for _, a := range plan.Reaches {
		if _, ok := at[a.DNSName]; ok {
			continue
		}
		next = next.Next()
		at[a.DNSName] = next
		names = append(names, a.DNSName)
	}
	return names, at
}

// Routes are a plan's aliases as the data path knows them.
func Routes(plan *state.ConnectPlan) (out []connect.Route) {
	_, at := addresses(plan)
	for _, a := range plan.Reaches {
		out = append(out, connect.Route{
			Service: a.Service, Alias: netip.AddrPortFrom(at[a.DNSName], uint16(a.Port)), Protocol: protocolNamed(a.Protocol),
			Idle: time.Duration(a.Idle) * time.Second, PerRequest: time.Duration(a.PerRequest) * time.Second,
		})
	}
	return out
}

func protocolNamed(name string) connect.Protocol {
	switch name {
	case "http":
		return connect.HTTP
	case "http2":
		return connect.HTTP2
	case "grpc":
		return connect.GRPC
	}
	return connect.TCP
}

// Hosts are the lines of a task's hosts file that lead its names to the proxy.
func Hosts(plan *state.ConnectPlan) (out []byte) {
	names, at := addresses(plan)
	for _, name := range names {
		out = fmt.Appendf(out, "%s %s\n", at[name], name)
	}
	return out
}
