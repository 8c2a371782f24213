package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/agent/endpoint"
	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// Ports gives tasks ports of the machine; network.Network is the real one.
// They are let go, and their rules taken away, by Network.Detach.
type Ports interface {
	HoldPorts(taskID, protocol string, port uint16, count int, avoid func(uint16) bool) (uint16, error)
	Publish(ctx context.Context, taskID string, ports []network.Published) error
}

// The network modes besides awsvpc.
const (
	modeAwsvpc = "awsvpc"
	modeBridge = "bridge"
	modeHost   = "host"
)

func (w *worker) mode() string { return state.NetworkMode(w.rec.Assignment.Definition.Definition) }

// interfaceRecord is the network of one container, in the modes where each has
// its own. It is saved before it is used.
type interfaceRecord struct {
	Address  netip.Addr // invalid: it has no network
	NetNS    string
	Bindings []state.NetworkBinding
}

// begun tells whether anything of the task may exist on this node.
func (r *record) begun() bool { return r.Begun || r.Address.IsValid() }

// attached tells whether the task's network stands.
func (r *record) attached() bool { return r.Attached || r.NetNS != "" }

// reserveInterfaces chooses addresses and ports for each container, once.
func (w *worker) reserveInterfaces() error {
	if w.rec.Begun {
		return nil
	}
	if w.mode() == modeHost {
		var err error
		w.rec.Local, err = freePorts()
		return err
	}
	made := map[string]*interfaceRecord{}
	for _, p := range w.plans {
		r := &interfaceRecord{}
		made[p.Name] = r
		if w.mode() != modeBridge || p.Host.DisableNetworking {
			continue
		}
		id := containerID(w.key.ID, p.Name)
		addr, err := w.a.takeAddress(w.key.ID, id, w.rec.Assignment.Network)
		if err != nil {
			return err
		}
		r.Address = addr
		if r.Bindings, err = w.holdPorts(id, p); err != nil {
			return err
		}
	}
	w.rec.Interfaces = made
	return nil
}

// holdPorts takes the machine's ports for a container.
func (w *worker) holdPorts(id string, p state.ContainerPlan) (out []state.NetworkBinding, err error) {
	avoid := w.a.fixedPorts()
	for _, m := range p.Host.Ports {
		if w.a.cfg.Ports == nil {
			return nil, fmt.Errorf("this node publishes no ports")
		}
		count := int(m.Last-m.First) + 1
		first, err := w.a.cfg.Ports.HoldPorts(id, m.Protocol, uint16(m.Host), count, func(port uint16) bool {
			return avoid[state.HostPort{Port: int32(port), Protocol: m.Protocol}]
		})
		if err != nil {
			r := protocol.Refuse("CannotStartContainerError: driver failed programming external connectivity on endpoint %s: Bind for 0.0.0.0:%d failed: %s", p.Name, m.Host, err)
			r.Container = p.Name
			return nil, r
		}
		out = append(out, binding(m, first))
	}
	return out, nil
}

// binding is a port mapping as it is described.
func binding(m state.PortPlan, host uint16) state.NetworkBinding {
	out := state.NetworkBinding{BindIP: "0.0.0.0", ContainerPort: m.First, HostPort: int32(host), Protocol: m.Protocol}
	if m.Range != "" {
		out.ContainerPortRange = m.Range
		out.HostPortRange = fmt.Sprintf("%d-%d", host, int32(host)+m.Last-m.First)
	}
	return out
}

// fixedPorts are the ports that tasks of this node name: no dynamic port is
// one of them.
func (a *Agent) fixedPorts() map[state.HostPort]bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[state.HostPort]bool{}
	for _, w := range a.workers {
		for _, p := range w.fixed {
			out[p] = true
		}
	}
	return out
}

// attachMode makes the network of a task without awsvpc, and returns how to
// close its endpoints.
func (w *worker) attachMode(ctx context.Context) (stop func(), err error) {
	var stops []func()
	all := func() {
		for _, s := range stops {
			s()
		}
	}
	defer func() {
		if err != nil {
			all()
		}
	}()
	if w.mode() == modeHost {
		for _, p := range w.plans {
			if err := w.writeHostFiles(p); err != nil {
				return nil, err
			}
		}
		stop, err := w.a.cfg.Endpoints.Serve(w.a.ctx, w.inside(""))
		if err != nil {
			return nil, fmt.Errorf("open the task's endpoints: %w", err)
		}
		return stop, nil
	}
	for _, p := range w.plans {
		s, err := w.attachContainer(ctx, p)
		if err != nil {
			return nil, err
		}
		stops = append(stops, s)
	}
	return all, nil
}

// attachContainer makes the namespace of one container, leads its ports there
// and writes its files.
func (w *worker) attachContainer(ctx context.Context, p state.ContainerPlan) (stop func(), err error) {
	r, net := w.rec.Interfaces[p.Name], w.rec.Assignment.Network
	id := containerID(w.key.ID, p.Name)
	req := network.Request{TaskID: id, Address: r.Address, VPC: net.VPCRange, Gateway: net.Gateway, Lonely: !r.Address.IsValid()}
	attachment, err := w.a.cfg.Network.Attach(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("attach the network of container %s: %w", p.Name, err)
	}
	if err := w.writeBridgeFiles(p, r); err != nil {
		return nil, err
	}
	stop = func() {}
	if r.Address.IsValid() {
		if stop, err = w.serveInside(attachment.NetNS); err != nil {
			return nil, fmt.Errorf("container %s: %w", p.Name, err)
		}
		if err := w.publishPorts(ctx, id, r); err != nil {
			stop()
			return nil, err
		}
	}
	w.post(func() { r.NetNS = attachment.NetNS; w.dirty = true })
	return stop, nil
}

func (w *worker) publishPorts(ctx context.Context, id string, r *interfaceRecord) error {
	var list []network.Published
	for _, b := range r.Bindings {
		for i, p := range b.HostPorts() {
			list = append(list, network.Published{Protocol: b.Protocol, HostPort: uint16(p.Port), Address: r.Address, Port: uint16(b.ContainerPort) + uint16(i)})
		}
	}
	if len(list) == 0 {
		return nil
	}
	return w.a.cfg.Ports.Publish(ctx, id, list)
}

// takeUpPorts holds again what containers that went on without us have. The
// kernel's rules never went away.
func (w *worker) takeUpPorts() {
	for _, p := range w.plans {
		r := w.rec.Interfaces[p.Name]
		if r == nil || w.a.cfg.Ports == nil {
			continue
		}
		for _, b := range r.Bindings {
			_, err := w.a.cfg.Ports.HoldPorts(containerID(w.key.ID, p.Name), b.Protocol, uint16(b.HostPort), len(b.HostPorts()), nil)
			if err != nil {
				w.log.Warn("a published port is not held any more", "container", p.Name, "error", err)
			}
		}
	}
}

// serveAgain opens the endpoints of a task that went on without us.
func (w *worker) serveAgain() (stop func(), err error) {
	if w.mode() == modeAwsvpc {
		return w.serveInside(w.rec.NetNS)
	}
	if w.rec.Local != (endpoint.Local{}) {
		return w.a.cfg.Endpoints.Serve(w.a.ctx, w.inside(""))
	}
	var stops []func()
	for _, p := range w.plans {
		r := w.rec.Interfaces[p.Name]
		if r == nil || !r.Address.IsValid() {
			continue
		}
		s, err := w.serveInside(r.NetNS)
		if err != nil {
			for _, s := range stops {
				s()
			}
			return nil, err
		}
		stops = append(stops, s)
	}
	return func() {
		for _, s := range stops {
			s()
		}
	}, nil
}

// detach takes the task's network away, or those of its containers.
func (w *worker) detach(ctx context.Context) error {
	switch w.mode() {
	case modeAwsvpc:
		return w.a.cfg.Network.Detach(ctx, w.key.ID)
	case modeHost:
		return nil
	}
	for _, p := range w.plans {
		if err := w.a.cfg.Network.Detach(ctx, containerID(w.key.ID, p.Name)); err != nil {
			return err
		}
	}
	return nil
}

// taskOf is the task that a namespace belongs to: it is named by the task, or
// by one of its containers.
func taskOf(id string) string {
	task, _, _ := strings.Cut(id, "-")
	return task
}

// fileDir is where the files are that describe a container's network.
func (w *worker) fileDir(name string) string {
	if w.mode() == modeAwsvpc {
		return w.dir
	}
	return filepath.Join(w.dir, "network", name)
}

// hostname is what a container calls itself: what its definition says, else as
// the mode has it.
func (w *worker) hostname(p state.ContainerPlan) string {
	switch {
	case w.mode() == modeAwsvpc:
		return network.PrivateDNSName(w.rec.Address, w.key.Region)
	case p.Host.Hostname != "":
		return p.Host.Hostname
	case w.mode() == modeHost:
		name, _ := os.Hostname()
		return name
	}
	sum := sha256.Sum256([]byte(containerID(w.key.ID, p.Name)))
	return hex.EncodeToString(sum[:6])
}

// writeBridgeFiles writes resolv.conf, hosts and hostname of a container in a
// namespace of its own. Linked containers are found by name.
func (w *worker) writeBridgeFiles(p state.ContainerPlan, r *interfaceRecord) error {
	host := w.hostname(p)
	hosts := []byte("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n")
	if r.Address.IsValid() {
		hosts = append(network.Hosts(host, r.Address), w.aliasHosts()...)
	}
	for _, l := range p.Host.Links {
		if to := w.rec.Interfaces[l.Container]; to != nil && to.Address.IsValid() {
			names := slices.Compact([]string{l.Alias, l.Container})
			hosts = fmt.Appendf(hosts, "%s %s\n", to.Address, strings.Join(names, " "))
		}
	}
	return w.writeFiles(p, host, hosts, network.ResolvConf(w.key.Region))
}

// writeHostFiles are the machine's own.
func (w *worker) writeHostFiles(p state.ContainerPlan) error {
	hosts, err := os.ReadFile("/etc/hosts")
	if err != nil {
		return err
	}
	resolv, err := os.ReadFile("/etc/resolv.conf")
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if len(hosts) > 0 && hosts[len(hosts)-1] != '\n' {
		hosts = append(hosts, '\n')
	}
	return w.writeFiles(p, w.hostname(p), hosts, resolv)
}

func (w *worker) writeFiles(p state.ContainerPlan, host string, hosts, resolv []byte) error {
	for _, e := range p.Host.ExtraHosts {
		hosts = fmt.Appendf(hosts, "%s %s\n", e.Address, e.Name)
	}
	if len(p.DNSServers)+len(p.DNSSearchDomains) > 0 {
		resolv = network.ResolvConfWith(w.key.Region, p.DNSServers, p.DNSSearchDomains)
	}
	dir := w.fileDir(p.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, content := range map[string][]byte{"resolv.conf": resolv, "hosts": hosts, "hostname": []byte(host + "\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// freePorts chooses ports of the machine's loopback. They are saved before the
// task is told of them, for it keeps them through our restarts.
func freePorts() (out endpoint.Local, err error) {
	for _, port := range []*uint16{&out.Metadata, &out.API} {
		ln, err := net.Listen("tcp4", endpoint.Host+":0")
		if err != nil {
			return out, err
		}
		defer ln.Close()
		*port = ln.Addr().(*net.TCPAddr).AddrPort().Port()
	}
	return out, nil
}

// served tells whether a container finds the task's endpoints: not without a
// network.
func (w *worker) served(name string) bool {
	if w.mode() == modeAwsvpc || w.rec.Local != (endpoint.Local{}) {
		return true
	}
	r := w.rec.Interfaces[name]
	return r != nil && r.Address.IsValid()
}

// netns is the namespace a container runs in; "" is the machine's.
func (w *worker) netns(name string) string {
	if r := w.rec.Interfaces[name]; r != nil {
		return r.NetNS
	}
	return w.rec.NetNS
}

// bindings are the machine's ports that lead to a container.
func (w *worker) bindings(p state.ContainerPlan) (out []state.NetworkBinding) {
	if w.mode() == modeHost && w.rec.attached() {
		for _, m := range p.Host.Ports {
			out = append(out, binding(m, uint16(m.First)))
		}
		return out
	}
	if r := w.rec.Interfaces[p.Name]; r != nil {
		return r.Bindings
	}
	return nil
}
