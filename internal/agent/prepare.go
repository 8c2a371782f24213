package agent

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// prepare brings everything a container needs: address and namespace, files,
// log streams, secrets and images, all at the same time. The address is saved
// before it is used, so that a crash leaks nothing.
func (w *worker) prepare(ctx context.Context) {
	ctx, w.cancelPrepare = context.WithCancel(ctx)
	if err := w.reserve(); err != nil {
		w.cancelPrepare = nil
		w.refuse(err)
		return
	}
	w.rec.Observed.PullStartedAt = nil
	w.spawn(func() func() {
		if err := w.room(ctx); err != nil {
			return func() { w.prepared(err) }
		}
		group, ctx := errgroup.WithContext(ctx)
		group.Go(func() error { return w.attach(ctx) })
		group.Go(func() error { return w.openDisk(ctx) })
		group.Go(func() error { return w.openLogs(ctx) })
		group.Go(func() error { return w.fetchMaterial(ctx) })
		group.Go(func() error { return w.pullAll(ctx) })
		err := group.Wait()
		if w.a.ctx.Err() != nil {
			return nil // the agent ends, the task does not
		}
		return func() { w.prepared(err) }
	})
}

// room refuses the task on a full disk.
func (w *worker) room(ctx context.Context) error {
	if w.a.cfg.Room == nil {
		return nil
	}
	return w.a.cfg.Room(ctx)
}

// prepared ends the stage: the containers may start, or the task ends.
func (w *worker) prepared(err error) {
	w.cancelPrepare = nil
	if w.stopping {
		return
	}
	if err != nil {
		w.refuse(err)
		return
	}
	w.stage = living
	for _, rec := range w.rec.Containers {
		rec.Created = true
	}
	w.dirty = true
}

// refuse ends the task for what stood in the way of its start.
func (w *worker) refuse(err error) {
	var r *protocol.Refusal
	if !errors.As(err, &r) {
		r = protocol.Refuse("ResourceInitializationError: %s", err)
	}
	for i := range w.views {
		if w.views[i].plan.Name == r.Container {
			w.fail(i, r.Reason)
		}
	}
	w.stop(&cause{Code: r.StopCode, Reason: r.Reason})
}

// reserve chooses the task's address and interface id, once.
func (w *worker) reserve() error {
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return err
	}
	if w.mode() != modeAwsvpc {
		if err := w.reserveInterfaces(); err != nil {
			return err
		}
	} else if !w.rec.Address.IsValid() {
		net := w.rec.Assignment.Network
		addr, err := w.a.takeAddress(w.key.ID, w.key.ID, net)
		if err != nil {
			return err
		}
		w.rec.Address = addr
		w.rec.ENI = state.ENI{
			Status: "ATTACHING", ID: "eni-" + randomHex(17), MAC: network.MAC(addr),
			PrivateIPv4: addr.String(), PrivateDNS: network.PrivateDNSName(addr, w.key.Region), SubnetID: net.SubnetID,
		}
	}
	w.nameCredentials()
	w.rec.Begun = true
	return w.rec.save(w.dir)
}

// attach makes the task's network and the files that describe it.
func (w *worker) attach(ctx context.Context) error {
	if w.mode() != modeAwsvpc {
		stop, err := w.attachMode(ctx)
		if err != nil {
			return err
		}
		w.post(func() {
			w.stopEndpoints, w.rec.Attached = stop, true
			w.note(state.EventNetwork, "", "its network, "+string(w.mode())+", stands")
			w.rec.Observed.Connectivity, w.rec.Observed.ConnectivityAt = "CONNECTED", now()
		})
		return nil
	}
	attachment, err := w.a.cfg.Network.Attach(ctx, w.rec.request())
	if err != nil {
		return fmt.Errorf("attach the task's network: %w", err)
	}
	host := network.PrivateDNSName(w.rec.Address, w.key.Region)
	files := map[string][]byte{
		"resolv.conf": network.ResolvConf(w.key.Region),
		"hosts":       append(network.Hosts(host, w.rec.Address), w.aliasHosts()...),
		"hostname":    []byte(host + "\n"),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(w.dir, name), content, 0o644); err != nil {
			return err
		}
	}
	stop, err := w.serveInside(attachment.NetNS)
	if err != nil {
		return err
	}
	w.post(func() {
		w.stopEndpoints = stop
		w.rec.NetNS = attachment.NetNS
		w.rec.ENI.Status = "ATTACHED"
		w.note(state.EventNetwork, "", fmt.Sprintf("network interface %s has the address %s", w.rec.ENI.ID, w.rec.ENI.PrivateIPv4), "address", w.rec.ENI.PrivateIPv4, "interface", w.rec.ENI.ID)
		w.rec.Observed.Connectivity = "CONNECTED"
		w.rec.Observed.ConnectivityAt = now()
	})
	return nil
}

// request is what the task's network is made of.
func (r *record) request() network.Request {
	net := r.Assignment.Network
	return network.Request{
		TaskID: r.Assignment.Key.ID, Address: r.Address, MAC: r.ENI.MAC, VPC: net.VPCRange, Gateway: net.Gateway, VPCID: net.VPCID, Groups: net.Groups,
	}
}

// fetchMaterial asks for the task's secrets. They stay in memory.
func (w *worker) fetchMaterial(ctx context.Context) error {
	needed := false
	for _, p := range w.plans {
		needed = needed || len(p.Secrets)+len(p.EnvironmentFiles) > 0
	}
	if !needed {
		return nil
	}
	began := time.Now()
	return w.a.link.call(ctx, func(s protocol.Session) error {
		material, err := s.Material(ctx, w.key)
		if err == nil {
			took := time.Since(began).Round(time.Millisecond).String()
			w.post(func() {
				w.material = material
				w.note(state.EventSecrets, "", "secrets were fetched in "+took, "took", took)
			})
		}
		return err
	})
}

func randomHex(n int) string {
	b := make([]byte, (n+1)/2)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)[:n]
}
