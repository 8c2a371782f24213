package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sync/errgroup"

	"github.com/hatoba/hatoba/internal/agent/endpoint"
	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/control/records"
	"github.com/hatoba/hatoba/internal/control/zones"
	"github.com/hatoba/hatoba/internal/dns"
	"github.com/hatoba/hatoba/internal/dns/zone"
	"github.com/hatoba/hatoba/internal/state"
)

// resolverOf makes the resolvers of tasks: they see the zones of their VPC, and
// what the host resolves.
func (a *App) resolverOf() func(state.Scope, string) endpoint.Resolver {
	a.zones = dns.NewZones()
	base := dns.New(a.cfg.Region, network.Gateway(a.vpc), dns.Host{File: "/etc/resolv.conf"}, a.balancers.names)
	return func(scope state.Scope, vpc string) endpoint.Resolver {
		return base.With(a.zones, zone.Viewer{VPC: zones.VPC(scope, vpc)})
	}
}

// runNames keeps the zones as they are stored, and answers for them on the
// host where that is asked for.
func (a *App) runNames(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return (&zones.Loop{Store: a.store, Log: a.log, Apply: a.zones.Set}).Run(ctx)
	})
	group.Go(func() error {
		return (&records.Loop{Store: a.store, Log: a.log, Machine: a.machine}).Run(ctx)
	})
	if a.resolving != nil {
		// Who asks the host's resolver may be asked on by it: what is not ours is
		// refused, and not forwarded.
		resolver := dns.New(a.cfg.Region, network.Gateway(a.vpc), dns.Nobody{}, a.balancers.names).
			With(a.zones, zone.Viewer{VPC: zones.VPC(a.scope, ""), Everything: true})
		group.Go(func() error { return resolver.Serve(ctx, a.resolving.packets, a.resolving.streams) })
	}
	return group.Wait()
}

// machine is where tasks reach this machine, by its instance id.
func (a *App) machine(instance string) (netip.Addr, bool) {
	return network.Gateway(a.vpc), instance == state.EC2InstanceID(a.inst.id)
}

// resolving are the sockets of the host's resolver.
type resolving struct {
	packets net.PacketConn
	streams net.Listener
}

// openDNS takes the address of --dns, by UDP and TCP.
func (a *App) openDNS(serve bool) error {
	if a.cfg.DNS == "" || !serve {
		return nil
	}
	packets, err := net.ListenPacket("udp", a.cfg.DNS)
	if err != nil {
		return fmt.Errorf("setting dns: %w", err)
	}
	streams, err := net.Listen("tcp", packets.LocalAddr().String())
	if err != nil {
		return errors.Join(fmt.Errorf("setting dns: %w", err), packets.Close())
	}
	a.resolving = &resolving{packets, streams}
	a.onClose(func() error {
		return errors.Join(ignoreClosed(packets.Close()), ignoreClosed(streams.Close()))
	})
	return nil
}
