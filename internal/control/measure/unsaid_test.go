package measure

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/lb"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/underway"
)

const webARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/1"

// life is a world whose Hatoba is killed again and again.
type life struct {
	*world
	l        *Loop
	dir      string // of what is under way
	now      time.Time
	counted  uint64 // by the process's plane
	ticked   uint64 // of those, what a kill does not lose
	expected float64
	group    string // ARN
}

func newLife(t *testing.T) *life {
	s := &life{world: newWorld(t), dir: filepath.Join(t.TempDir(), "run"), now: time.Unix(1_800_000_000, 0).Truncate(time.Minute)}
	group := state.TargetGroup{ARN: "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/2", Balancers: []string{"app/web/1"}}
	s.update(func(tx store.Writer) error {
		return errors.Join(
			store.LoadBalancers.Put(tx, scope.Key("app/web/1"), state.LoadBalancer{ARN: webARN, Type: "application"}),
			store.TargetGroups.Put(tx, scope.Key(group.ID()), group),
			store.Targets.Put(tx, scope.Key(state.TargetID(group.ID(), "10.0.0.1", 80)), state.Target{Group: group.ID(), Address: "10.0.0.1", Port: 80, Health: state.TargetHealth{State: "healthy"}}),
		)
	})
	s.group = group.ARN
	s.start()
	return s
}

// start is what a process begins with.
func (s *life) start() {
	place, err := underway.Open(s.dir, s.dir+".note", slog.New(slog.DiscardHandler))
	if err != nil {
		s.Fatal(err)
	}
	s.l = New(Config{Store: s.db, Metrics: s, Logs: s, Balancers: s, UnderWay: place, Log: slog.New(slog.DiscardHandler)})
	s.l.dials.load()
	s.expected -= float64(s.counted - s.ticked)
	s.counted, s.ticked = 0, 0
	s.request(0)
}

func (s *life) request(n int) {
	s.counted += uint64(n)
	s.expected += float64(n)
	s.counts(webARN, lb.Reading{Requests: s.counted})
	s.counts(s.group, lb.Reading{Requests: s.counted})
}

func (s *life) seconds(n int) {
	for range n {
		s.now = s.now.Add(time.Second)
		s.l.tick(s.Context(), s.now)
		s.ticked = s.counted
	}
}

// killedAfterPut is a second in which what was put is not noted any more.
func (s *life) killedAfterPut() {
	text, err := os.ReadFile(filepath.Join(s.dir, "balancers.json"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.Fatal(err)
	}
	before := s.ticked
	s.seconds(1)
	if text == nil || s.now.Second() != 0 {
		return
	}
	// The last second was kept before the minute was closed, unless nothing was
	// counted in it.
	if s.ticked != before {
		return
	}
	if err := os.WriteFile(filepath.Join(s.dir, "balancers.json"), text, 0o600); err != nil {
		s.Fatal(err)
	}
	s.start()
}

func (s *life) told(name string) (sum float64, samples int) {
	for _, d := range s.put[scope] {
		if d.Name == name && len(d.Dimensions) == 1 {
			sum += d.Sum
			samples++
		}
	}
	return sum, samples
}

func TestAKilledMinuteIsToldWhole(t *testing.T) {
	s := newLife(t)
	s.request(5)
	s.seconds(1)
	s.request(4)
	s.seconds(1)
	s.start() // killed; and again within the same minute
	s.request(3)
	s.seconds(1)
	s.start()
	s.request(1)
	s.seconds(57)
	for _, name := range []string{"RequestCount", "RequestCountPerTarget"} {
		if sum, n := s.told(name); sum != 13 || n != 1 {
			t.Errorf("%s is %v, as %d data", name, sum, n)
		}
	}
	if d := s.put[scope][0]; !d.Time.Equal(s.now.Add(-time.Minute)) {
		t.Errorf("it is told of %s", d.Time)
	}
	s.request(2)
	s.seconds(1)
	first := s.now.Truncate(time.Minute)
	s.now = s.now.Add(5 * time.Minute) // Hatoba was away
	s.start()
	s.request(10)
	s.seconds(65)
	if sum, _ := s.told("RequestCount"); sum != 25 {
		t.Errorf("%v requests are told of after a while without Hatoba", sum)
	}
	found := false
	for _, d := range s.put[scope] {
		found = found || d.Name == "RequestCount" && d.Sum == 2 && d.Time.Equal(first)
	}
	if !found {
		t.Errorf("the minute of the kill is not told of: %v", s.put[scope])
	}
}

// TestKillsAnywhere: whenever Hatoba is killed and its disk is full, what was
// counted more than a second before a kill is told once.
func TestKillsAnywhere(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := newLife(t)
		r.Repeat(map[string]func(*rapid.T){
			"requests": func(r *rapid.T) { s.request(rapid.IntRange(1, 9).Draw(r, "requests")) },
			"second":   func(*rapid.T) { s.seconds(1) },
			"a while":  func(r *rapid.T) { s.seconds(rapid.IntRange(2, 70).Draw(r, "seconds")) },
			"minute":   func(*rapid.T) { s.seconds(59 - s.now.Second()) },
			"kill":     func(*rapid.T) { s.start() },
			"killed after put": func(*rapid.T) {
				s.killedAfterPut()
			},
			"away": func(r *rapid.T) {
				s.now = s.now.Add(time.Duration(rapid.IntRange(1, 500).Draw(r, "seconds")) * time.Second)
				s.start()
			},
			"disk": func(r *rapid.T) {
				s.refuse[scope] = nil
				if rapid.Bool().Draw(r, "full") {
					s.refuse[scope] = errors.New("no room")
				}
			},
		})
		s.refuse[scope] = nil
		s.seconds(121)
		if got, _ := s.told("RequestCount"); got != s.expected {
			r.Fatalf("%v requests are told of, not %v", got, s.expected)
		}
	})
}
