package measure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/hatoba/hatoba/internal/lb"
	"github.com/hatoba/hatoba/internal/measure"
	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
)

// unsaid is what load balancers did and no metric tells yet. It is kept so that
// a kill of Hatoba does not lose it. The metrics of a closed minute are put under
// its number: they count once, whether the kill came before or after.
type unsaid struct {
	Run    string // names the numbers
	Open   minute
	Closed []minute // the oldest first
}

// minute is what was counted in one.
type minute struct {
	Number int64
	Begin  time.Time
	Parts  []*part

	of map[string]*part // by ARN
}

// part is what one load balancer did.
type part struct {
	Scope state.Scope
	ARN   string
	measure.Balancer
}

// maxUnsaid is how many minutes are kept while metrics cannot be stored.
const maxUnsaid = 60

// add counts what a balancer did.
func (m *minute) add(s sight) {
	if m.of == nil {
		m.of = map[string]*part{}
		for _, p := range m.Parts {
			m.of[p.ARN] = p
		}
	}
	p := m.of[s.record.ARN]
	if p == nil {
		p = &part{Scope: s.scope, ARN: s.record.ARN}
		m.of[p.ARN] = p
		m.Parts = append(m.Parts, p)
	}
	p.Name, p.Network, p.Zones = s.record.ID(), s.record.Type == "network", nil
	if len(s.kinds) > 0 {
		p.Kinds = s.kinds
	}
	for _, z := range s.record.Zones {
		if z.Zone != "" && !slices.Contains(p.Zones, z.Zone) {
			p.Zones = append(p.Zones, z.Zone)
		}
	}
	p.Reading = measure.Sum(p.Reading, s.did)
	if s.gauged {
		p.Active = append(p.Active, float64(max(0, s.now.ActiveConnections)))
	}
	for _, g := range s.groups {
		p.add(g)
	}
}

// add counts what a group did for the balancer.
func (p *part) add(s *groupSight) {
	name := "targetgroup/" + s.record.ID()
	i := slices.IndexFunc(p.Groups, func(g measure.Group) bool { return g.Name == name })
	if i < 0 {
		i = len(p.Groups)
		p.Groups = append(p.Groups, measure.Group{Name: name, Zones: map[string]measure.Target{}})
	}
	g := &p.Groups[i]
	g.Shared = len(s.record.Balancers) > 1
	g.Reading = measure.Sum(g.Reading, s.did)
	for zone, did := range s.zones {
		g.Zones[zone] = measure.Target{Reading: measure.Sum(g.Zones[zone].Reading, did)}
	}
	if s.health != nil {
		g.Active = append(g.Active, float64(max(0, s.now.ActiveConnections)))
		g.Health = append(g.Health, *s.health)
	}
}

// load goes on from where the process before was.
func (d *dials) load() {
	if d.unsaid = d.file.Load(); d.unsaid.Run == "" {
		d.unsaid = unsaid{Run: uuid.NewString(), Open: minute{Number: 1}}
	}
}

func (d *dials) save() {
	if len(d.unsaid.Open.Parts)+len(d.unsaid.Closed) == 0 {
		d.file.Clear() // another process may give its numbers another name
		return
	}
	d.file.Save(d.unsaid)
}

// close ends the minute under way. What came of it is told by tell.
func (l *Loop) close() {
	u := &l.dials.unsaid
	if len(u.Open.Parts) == 0 {
		return
	}
	u.Closed = append(u.Closed, u.Open)
	u.Open = minute{Number: u.Open.Number + 1}
	if len(u.Closed) > maxUnsaid {
		l.lose(u.Closed[0], errors.New("there are newer ones"))
		u.Closed = u.Closed[1:]
	}
	l.dials.save()
}

// lose gives up a minute.
func (l *Loop) lose(m minute, err error) {
	l.cfg.Log.Error("what load balancers did in a minute is given up: it cannot be stored", "minute", m.Begin, "error", err)
	l.cfg.UnderWay.Lose()
}

// said puts the metrics of the minutes that are closed. What cannot be stored
// now is tried again with what comes next.
func (l *Loop) said(ctx context.Context) {
	u := &l.dials.unsaid
	for len(u.Closed) > 0 {
		err := l.putBalancers(ctx, u.Closed[0])
		switch {
		case errors.Is(err, metrics.ErrInvalid):
			l.lose(u.Closed[0], err)
		case err != nil:
			l.failed(ctx, "load balancers", err)
			return
		}
		u.Closed = slices.Delete(u.Closed, 0, 1)
		l.dials.save()
	}
}

func (l *Loop) putBalancers(ctx context.Context, m minute) error {
	parts := map[state.Scope][]measure.Balancer{}
	for _, p := range m.Parts {
		parts[p.Scope] = append(parts[p.Scope], p.Balancer)
	}
	for scope, balancers := range parts {
		once := metrics.Once{Producer: fmt.Sprintf("balancers/%s/%s/%s", l.dials.unsaid.Run, scope.Account, scope.Region), Number: m.Number}
		if data := measure.Balancers(m.Begin, balancers); len(data) > 0 {
			if err := l.cfg.Metrics.PutOnce(ctx, scope, once, data); err != nil {
				return err
			}
		}
	}
	return nil
}

// since is what was counted since the reading before, of which counters of this
// process begin at zero.
func since(before map[string]lb.Reading, id string, read func(string) (lb.Reading, bool)) (now, did lb.Reading) {
	now, _ = read(id)
	return now, measure.Since(before[id], now)
}
