package connect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// What a proxy sees of a service is what the changes come to, however they
// come.
func TestTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := NewTable()
		dial := func(context.Context, netip.AddrPort) (net.Conn, error) { return nil, errors.New("nobody") }
		var ups []*upstream
		for _, s := range []string{"a", "b"} {
			ups = append(ups, newUpstream(Route{Service: s, Protocol: HTTP}, table, dial))
		}
		model := map[string]Place{}
		for range rapid.IntRange(1, 20).Draw(t, "changes") {
			complete := rapid.IntRange(0, 4).Draw(t, "kind") == 0
			changes := map[string]*Place{}
			for range rapid.IntRange(0, 5).Draw(t, "endpoints") {
				id := fmt.Sprint("t", rapid.IntRange(0, 5).Draw(t, "id"))
				changes[id] = nil
				if rapid.Bool().Draw(t, "there") {
					changes[id] = &Place{rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "service"), netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1}), uint16(rapid.IntRange(1, 3).Draw(t, "port")))}
				}
			}
			table.Apply(complete, changes)
			if complete {
				model = map[string]Place{}
			}
			for id, p := range changes {
				if delete(model, id); p != nil {
					model[id] = *p
				}
			}
			for _, u := range ups {
				want, got := map[string]string{}, map[string]string{}
				for id, p := range model {
					if p.Service == u.route.Service {
						want[id] = p.Address.String()
					}
				}
				for _, h := range *u.hosts.Load() {
					got[h.id] = h.address.String()
					if h.ctx.Err() != nil {
						t.Fatalf("%s is in the table and has left it", h.id)
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("of %s:\n%s", u.route.Service, diff)
				}
			}
		}
		for _, u := range ups {
			u.close()
		}
		for name, s := range table.services {
			if len(s.watchers) > 0 || len(s.endpoints) == 0 {
				t.Fatalf("%s is kept for nobody", name)
			}
		}
	})
}

// Who asks before the table is whole waits for it.
func TestAskedBeforeTheTableIsWhole(t *testing.T) {
	table := NewTable()
	u := newUpstream(Route{Service: "a"}, table, nil)
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := u.whole(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a table nobody filled: %v", err)
	}
	table.Apply(true, nil)
	if err := u.whole(t.Context()); err != nil {
		t.Error(err)
	}
}
