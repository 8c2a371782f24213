package drills

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/rules"
)

// Every drill says in both languages what it does, and proves rules that there
// are and that ask for it.
func TestEveryDrillIsWhole(t *testing.T) {
	for _, d := range All() {
		for _, text := range []review.Text{d.Title, d.Does} {
			if text.EN == "" || text.JA == "" {
				t.Errorf("%s: wants both languages", d.ID)
			}
		}
		for _, id := range d.Rules {
			r := rules.Find(id)
			if r == nil {
				t.Errorf("%s: there is no rule %s", d.ID, id)
				continue
			}
			asks := false
			for _, c := range r.Checks {
				asks = asks || len(c.Needs) == 1 && c.Needs[0] == review.PartDrill
			}
			if !asks {
				t.Errorf("%s: rule %s asks no drill", d.ID, id)
			}
		}
	}
	if _, unknown := chosen([]string{"DR01", "DR99"}); unknown != "DR99" {
		t.Error(unknown)
	}
}

// A note is a dead run's exactly when nobody holds it, and is for the endpoint
// and region it was written for.
func TestNotes(t *testing.T) {
	dir := t.TempDir()
	alive := &note{Run: "00000001", Endpoint: "http://a", Region: "r", Cluster: "c", Service: "web"}
	if err := alive.write(dir); err != nil {
		t.Fatal(err)
	}
	find := func(endpoint string) (runs []string) {
		notes, err := dead(dir, endpoint, "r")
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range notes {
			runs = append(runs, n.Run)
			n.close()
		}
		return runs
	}
	if got := find("http://a"); len(got) > 0 {
		t.Errorf("a living run is taken for dead: %v", got)
	}
	alive.close()
	if got := find("http://b"); len(got) > 0 {
		t.Errorf("another endpoint's: %v", got)
	}
	if got := find("http://a"); len(got) != 1 || got[0] != "00000001" {
		t.Errorf("a dead run is not found: %v", got)
	}
	// One that was cut short before it was whole stands for nothing.
	if err := os.WriteFile(filepath.Join(dir, "00000002.json"), []byte(`{"run": "0000`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := find("http://a"); len(got) != 1 {
		t.Error(got)
	}
	if _, err := os.Stat(filepath.Join(dir, "00000002.json")); err == nil {
		t.Error("half a note stays")
	}
	again := &note{Run: "00000001"}
	if err := again.write(dir); err == nil {
		t.Error("a run's note was overwritten")
	}
}

func TestResults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "deep", "results.json")
	if d, err := ReadResults(file); err != nil || len(d.Results) > 0 {
		t.Fatal(d, err)
	}
	d := &review.Drills{}
	d.Merge([]review.Drilled{{Drill: "DR01", Revision: "a/web:1", At: time.Now().UTC(), Proofs: []review.Proof{review.Of("DSP-03", review.Passed(review.Place{File: "x"}, "a", "b"))}}})
	if err := WriteResults(file, d); err != nil {
		t.Fatal(err)
	}
	read, err := ReadResults(file)
	if err != nil || len(read.Results) != 1 || read.Outcomes("DSP-03")[0].Observed.EN != "DR01: a" || read.Outcomes("DSP-03")[0].Place.File != "x" {
		t.Errorf("%+v %v", read, err)
	}
	for _, text := range []string{`{`, `{"schema": "hatoba-drills/2"}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadResults(file); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}

func FuzzReadResults(f *testing.F) {
	f.Add([]byte(`{"schema": "hatoba-drills/1", "results": [{"drill": "DR01", "proofs": [{"rule": "DSP-03", "status": "pass"}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "r.json")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if d, err := ReadResults(file); err == nil {
			d.Expire(time.Now(), "x", map[string]string{"web": "sha256:1"})
			d.Outcomes("DSP-03")
		}
	})
}

func TestFloor(t *testing.T) {
	for _, c := range []struct{ desired, percent, want int32 }{{2, 100, 2}, {2, 50, 1}, {3, 50, 2}, {1, 0, 0}, {10, 75, 8}} {
		x := &target{service: ecstypes.Service{DesiredCount: c.desired, DeploymentConfiguration: &ecstypes.DeploymentConfiguration{MinimumHealthyPercent: &c.percent}}}
		if got := x.floor(); got != int(c.want) {
			t.Errorf("%+v: %d", c, got)
		}
	}
	if got := (&target{service: ecstypes.Service{DesiredCount: 2}}).floor(); got != 2 {
		t.Errorf("ECS keeps all where nothing is said: %d", got)
	}
}

// A service that answers before the body is there has nothing in flight, and
// one that reads it has.
func TestFlights(t *testing.T) {
	set := review.DrillSettings{Takes: 300 * time.Millisecond}.WithDefaults()
	for name, c := range map[string]struct {
		reads bool
		under bool
	}{"reads": {true, true}, "answers at once": {false, false}} {
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if c.reads {
				_, _ = r.Body.Read(make([]byte, 1))
				buffer := make([]byte, 64)
				for {
					if _, err := r.Body.Read(buffer); err != nil {
						return
					}
				}
			}
		}))
		f := fly(t.Context(), strings.TrimPrefix(server.URL, "http://"), set, "/")
		pause(context.Background(), 100*time.Millisecond)
		under, lost := tally(f.stop(time.Now()))
		if (under > 0) != c.under || lost > 0 {
			t.Errorf("%s: %d under way, %d lost", name, under, lost)
		}
		server.Close()
	}
}

// What counts is a request that took its time, or was dropped.
func TestUnderWay(t *testing.T) {
	for _, c := range []struct {
		began, ended time.Duration // in milliseconds
		status       int
		under, lost  bool
	}{
		{-900, 600, 200, true, false},
		{-900, 600, 503, true, true},
		{-900, 5, 0, true, true},
		{-100, 5, 0, true, true},
		{-1, 2, 200, false, false}, // answered at once, at just this moment
		{-900, -5, 200, false, false},
		{5, 600, 200, false, false},
		{5, 600, 0, false, true}, // taken on after the stop, and dropped
		{5, 10, 0, false, false}, // the door was closing
	} {
		f := flight{Began: c.began * time.Millisecond, Ended: c.ended * time.Millisecond, Connected: true, Status: c.status}
		if f.under() != c.under || f.lost() != c.lost {
			t.Errorf("%+v: under way %v, lost %v", c, f.under(), f.lost())
		}
	}
}

func TestLoadCounts(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer server.Close()
	told := make(chan struct{}, 1)
	l := drive(t.Context(), &front{url: server.URL, client: server.Client()}, 100, func(sent, lost int) {
		if sent == lost && sent >= 3 {
			select {
			case told <- struct{}{}:
			default:
			}
		}
	})
	<-told
	replies := l.stop()
	if n := count(replies, reply.lost); n != len(replies) || n < 3 || firstLost(replies) != "Bad Gateway" || p95(replies) != 0 {
		t.Errorf("%d of %d lost: %s", n, len(replies), firstLost(replies))
	}
}

func TestStateDir(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", "/x")
	a, err := ResultsFile("arn:aws:ecs:us-east-1:1:service/a/web", "")
	b, _ := ResultsFile("arn:aws:ecs:us-east-1:1:service/b/web", "")
	if err != nil || a == b || !strings.HasPrefix(a, "/x/hatoba/drills/results/web-") {
		t.Error(a, b, err)
	}
}

// Where no Hatoba answers, what no AWS API tells is not asked, and nothing is
// made for it.
func TestElsewhere(t *testing.T) {
	for _, d := range []Drill{dr03, dr11, dr13} {
		s := &stage{target: &target{}, tell: func(review.Text) {}}
		done := s.do(t.Context(), d, func(string, review.Text) {})
		if s.noted != nil || len(done.Proofs) != len(d.Rules) {
			t.Errorf("%s: %+v", d.ID, done)
		}
		for _, p := range done.Proofs {
			if p.Status != review.NotExamined || !strings.Contains(p.Observed.EN, "cannot be asked here") || p.Todo.IsZero() {
				t.Errorf("%s: %+v", d.ID, p)
			}
		}
	}
	s := &stage{target: &target{}, node: &node{}}
	if done := s.do(t.Context(), dr05, func(string, review.Text) {}); !strings.Contains(done.Proofs[0].Observed.EN, "no load balancer") || s.noted != nil {
		t.Errorf("%+v", done.Proofs)
	}
}

// A drill whose time is over says so of each of its rules.
func TestLimit(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errLimit)
	s := &stage{target: &target{}}
	done := s.do(ctx, dr01, func(string, review.Text) {})
	for _, p := range done.Proofs {
		if p.Status != review.NotExamined || !strings.Contains(p.Observed.EN, "time limit") {
			t.Errorf("%+v", p)
		}
	}
}

// The budget of a live service ends all drills of the run.
func TestBudget(t *testing.T) {
	ctx, halt := context.WithCancelCause(t.Context())
	s := &stage{live: true, halt: halt, set: review.DrillSettings{}.WithDefaults()}
	over := s.budget()
	over(10, 10) // too few to tell
	over(100, 20)
	if ctx.Err() != nil {
		t.Error("it ends within its budget")
	}
	if over(100, 21); ctx.Err() == nil || !strings.Contains(context.Cause(ctx).Error(), "stop condition") {
		t.Error(context.Cause(ctx))
	}
	if (&stage{}).budget() != nil {
		t.Error("a copy has no budget: its losses are the result")
	}
}
