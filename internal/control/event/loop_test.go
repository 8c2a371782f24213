package event

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/events/archive"
	"github.com/hatoba/hatoba/internal/events/pattern"
	"github.com/hatoba/hatoba/internal/sched"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

var scope = state.Scope{Account: "123456789012", Region: "eu-west-1"}

// world is a store, and what targets outside of it were given.
type world struct {
	*testing.T
	db store.Store

	mu       sync.Mutex
	lines    []string // GROUP STREAM MESSAGE
	groups   []string
	archived map[string][]state.Envelope
	room     bool // for tasks
	refusal  error
	slow     bool              // writing a line takes a moment
	unfit    map[string]string // code and reason by role
	stop     context.CancelFunc
	done     chan struct{}
}

func newWorld(t *testing.T) *world {
	return &world{T: t, db: mem.New(), room: true, groups: []string{"/aws/events/all", "/letters"}, archived: map[string][]state.Envelope{}}
}

func (w *world) start() {
	ctx, cancel := context.WithCancel(w.Context())
	n := 0
	l := &Loop{Store: w.db, Launcher: w, Roles: w, Logs: w, Archive: w, Log: slog.New(slog.DiscardHandler), NewID: func() string { n++; return fmt.Sprintf("%08d-0000-4000-8000-%012d", n, time.Now().UnixNano()%1e12) }}
	w.stop, w.done = cancel, make(chan struct{})
	done := w.done
	go func() { defer close(done); _ = l.Run(ctx) }()
}

// kill ends the loop wherever it is.
func (w *world) kill() {
	w.stop()
	<-w.done
}

// told are the lines that were written.
func (w *world) told() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.lines)
}

// kept are the events of the archive s.
func (w *world) kept() []state.Envelope {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.archived["s"])
}

// change changes what the targets do from now on.
func (w *world) change(fn func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fn()
}

func (w *world) LaunchForEvent(tx store.Writer, l state.EventLaunch) (sched.Launched, error) {
	w.mu.Lock()
	room, refusal := w.room, w.refusal
	w.mu.Unlock()
	if refusal != nil {
		return sched.Launched{}, refusal
	}
	if !room {
		return sched.Launched{Refused: []sched.Refused{{Reason: "RESOURCE:MEMORY"}}}, nil
	}
	for _, id := range l.IDs {
		if err := store.Tasks.Put(tx, l.Scope.Key(id), state.Task{ID: id, Spec: state.TaskSpec{StartedBy: l.StartedBy}}); err != nil {
			return sched.Launched{}, err
		}
	}
	return sched.Launched{Tasks: l.IDs}, nil
}

func (w *world) Invoke(_ store.Reader, _ state.Scope, inv state.EventInvocation) (code, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	code, why, _ = strings.Cut(w.unfit[aws.ToString(inv.Target.RoleArn)], " ")
	return code, why
}

func (w *world) Write(ctx context.Context, _ state.Scope, group, stream string, _ time.Time, message string) error {
	if w.slow {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.groups, group) {
		return ErrNoGroup
	}
	w.lines = append(w.lines, group+" "+stream+" "+message)
	return nil
}

func (w *world) Append(_ context.Context, of state.EventArchive, events []state.Envelope, _ time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.archived[of.Stream] = append(w.archived[of.Stream], events...)
	return nil
}

func (w *world) Retain(context.Context, state.EventArchive) error { return nil }

func (w *world) Read(_ context.Context, of string, from archive.Place, _ time.Time, limit int) ([]state.Envelope, archive.Place, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.archived[of]
	at := min(int(from.Seq), len(all))
	end := min(at+min(limit, 2), len(all))
	return all[at:end], archive.Place{At: 1, Seq: uint64(end)}, nil
}

func (w *world) update(fn func(store.Writer) error) {
	w.Helper()
	if err := w.db.Update(w.Context(), fn); err != nil {
		w.Fatal(err)
	}
}

func (w *world) rule(bus, name, text string, targets ...types.Target) string {
	w.Helper()
	arn := scope.ARN("events", "rule/"+name)
	rule := state.EventRule{Name: name, Bus: bus, ARN: arn, State: types.RuleStateEnabled, Pattern: text, Targets: targets}
	if p, err := pattern.Compile(text); err == nil {
		rule.Heard = state.Heard{Sources: p.Sources, DetailTypes: p.DetailTypes}
	}
	w.update(func(tx store.Writer) error { return store.EventRules.Put(tx, scope.Key(bus+"/"+name), rule) })
	return arn
}

func (w *world) emit(bus, id, source string, detail string) {
	w.Helper()
	w.update(func(tx store.Writer) error {
		return events.Emit(tx, scope, bus, state.Envelope{
			Version: "0", ID: id, Source: source, DetailType: "Order", Time: time.Now().UTC().Format(time.RFC3339), Resources: []string{}, Detail: json.RawMessage(detail),
		})
	})
}

// left is how many events and invocations wait, and how many tasks there are.
func (w *world) left() (waiting, again, tasks int) {
	_ = w.db.View(w.Context(), func(r store.Reader) error {
		for range store.Events.List(r, state.Scope{}, "") {
			waiting++
		}
		for range store.EventInvocations.List(r, state.Scope{}, "") {
			again++
		}
		for range store.Tasks.List(r, state.Scope{}, "") {
			tasks++
		}
		return nil
	})
	return
}

func logTarget(id, group string) types.Target {
	return types.Target{Id: &id, Arn: aws.String(scope.ARN("logs", "log-group:"+group))}
}

func taskTarget() types.Target {
	return types.Target{Id: aws.String("task"), Arn: aws.String(scope.ClusterARN("default")), EcsParameters: &types.EcsParameters{TaskDefinitionArn: aws.String("job"), TaskCount: aws.Int32(2)}}
}

func inBubble(t *testing.T, fn func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start()
		synctest.Wait()
		fn(w)
		w.kill()
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestEventsReachTheTargetsOfTheRulesThatMatch(t *testing.T) {
	inBubble(t, func(w *world) {
		plain, shaped := logTarget("plain", "/aws/events/all"), logTarget("shaped", "/aws/events/all")
		shaped.InputTransformer = &types.InputTransformer{
			InputPathsMap: map[string]string{"n": "$.detail.n"}, InputTemplate: aws.String(`{"timestamp": 5, "message": "n is <n>, says <aws.events.rule-name>"}`),
		}
		w.rule("default", "some", `{"source":["shop"],"detail":{"n":[{"numeric":[">",1]}]}}`, plain, shaped)
		w.emit("default", "a", "shop", `{"n":1}`)
		w.emit("default", "b", "shop", `{"n":2}`)
		w.emit("default", "c", "other", `{"n":2}`)
		synctest.Wait()
		if len(w.told()) != 2 || !strings.Contains(w.told()[0]+w.told()[1], `"id":"b"`) || !strings.Contains(w.told()[0]+w.told()[1], "some n is 2, says some") {
			w.Errorf("lines %q", w.told())
		}
		if waiting, again, _ := w.left(); waiting+again != 0 {
			w.Errorf("%d events and %d invocations are left", waiting, again)
		}
	})
}

// What has no room is tried again, and then started once; what can never be is
// told to the dead letters.
func TestTasksOfTargets(t *testing.T) {
	inBubble(t, func(w *world) {
		target := taskTarget()
		target.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String(scope.ARN("logs", "log-group:/letters"))}
		w.rule("default", "run", `{"source":["shop"]}`, target)
		w.change(func() { w.room = false })
		w.emit("default", "a", "shop", `{}`)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if _, again, tasks := w.left(); again != 1 || tasks != 0 {
			w.Fatalf("%d wait, %d tasks", again, tasks)
		}
		w.change(func() { w.room = true })
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, again, tasks := w.left(); again != 0 || tasks != 2 {
			w.Fatalf("%d wait, %d tasks", again, tasks)
		}
		w.emit("default", "a", "shop", `{}`) // the same event once more
		synctest.Wait()
		if _, _, tasks := w.left(); tasks != 2 {
			w.Errorf("%d tasks of one event", tasks)
		}
		w.change(func() { w.refusal = &ecstypes.ClientException{Message: aws.String("TaskDefinition not found.")} })
		w.emit("default", "b", "shop", `{}`)
		synctest.Wait()
		if len(w.told()) != 1 || !strings.HasPrefix(w.told()[0], "/letters dead-letters/run") || !strings.Contains(w.told()[0], "TaskDefinition not found.") {
			w.Errorf("letters %q", w.told())
		}
	})
}

func TestWhatIsGivenUp(t *testing.T) {
	inBubble(t, func(w *world) {
		target := taskTarget()
		target.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String(scope.ARN("logs", "log-group:/letters"))}
		target.RetryPolicy = &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(3), MaximumEventAgeInSeconds: aws.Int32(3600)}
		w.rule("default", "run", `{"source":["shop"]}`, target, logTarget("nowhere", "/gone"))
		w.change(func() { w.room = false })
		w.emit("default", "a", "shop", `{}`)
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, again, tasks := w.left(); again != 0 || tasks != 0 || len(w.told()) != 1 || !strings.Contains(w.told()[0], `"attempts":4`) || !strings.Contains(w.told()[0], `"errorCode":"ERROR_FROM_TARGET"`) || !strings.Contains(w.told()[0], `"exhaustedRetryCondition":"MaximumRetryAttempts"`) {
			w.Errorf("%d wait, %d tasks, letters %q", again, tasks, w.told())
		}
	})
}

// The role of a target is judged at every attempt; without it the event is a
// dead letter at once, as on AWS.
func TestRolesOfTargets(t *testing.T) {
	inBubble(t, func(w *world) {
		target := taskTarget()
		target.RoleArn = aws.String("arn:aws:iam::123456789012:role/r")
		target.DeadLetterConfig = &types.DeadLetterConfig{Arn: aws.String(scope.ARN("logs", "log-group:/letters"))}
		w.rule("default", "run", `{"source":["shop"]}`, target)
		w.emit("default", "a", "shop", `{}`)
		synctest.Wait()
		w.change(func() { w.room = false })
		w.emit("default", "b", "shop", `{}`)
		synctest.Wait()
		w.change(func() { w.room, w.unfit = true, map[string]string{*target.RoleArn: "NO_PERMISSIONS it may not"} })
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, again, tasks := w.left(); again != 0 || tasks != 2 {
			w.Errorf("%d wait, %d tasks", again, tasks)
		}
		if len(w.told()) != 1 || !strings.Contains(w.told()[0], `"errorCode":"NO_PERMISSIONS"`) || !strings.Contains(w.told()[0], `"reason":"it may not"`) || !strings.Contains(w.told()[0], `"attempts":2`) {
			w.Errorf("letters %q", w.told())
		}
	})
}

// An event that waited while nobody was there, at first or to be tried again, is
// not given to a target that does not take one so old.
func TestEventsThatBecameTooOld(t *testing.T) {
	inBubble(t, func(w *world) {
		letters := &types.DeadLetterConfig{Arn: aws.String(scope.ARN("logs", "log-group:/letters"))}
		impatient, patient, line := taskTarget(), taskTarget(), logTarget("log", "/aws/events/all")
		impatient.RetryPolicy, impatient.DeadLetterConfig = &types.RetryPolicy{MaximumEventAgeInSeconds: aws.Int32(600)}, letters
		line.RetryPolicy, line.DeadLetterConfig = impatient.RetryPolicy, letters
		patient.Id = aws.String("patient")
		w.rule("default", "run", `{"source":["shop"]}`, impatient, patient, line)
		w.change(func() { w.room = false })
		w.emit("default", "a", "shop", `{}`) // has no room, and is to be tried again
		time.Sleep(time.Second / 2)
		synctest.Wait()
		w.kill()
		w.emit("default", "b", "shop", `{}`) // is not looked at
		time.Sleep(time.Hour)
		w.change(func() { w.room = true })
		w.start()
		time.Sleep(time.Second)
		synctest.Wait()
		if _, again, tasks := w.left(); again != 0 || tasks != 4 {
			w.Errorf("%d wait, %d tasks", again, tasks)
		}
		text := strings.Join(w.told(), "\n")
		if strings.Count(text, "/letters ") != 3 || strings.Count(text, `"exhaustedRetryCondition":"MaximumEventAgeInSeconds"`) != 3 || strings.Count(text, "before that: RESOURCE:MEMORY") != 1 || len(w.told()) != 4 {
			w.Errorf("lines %s", text)
		}
	})
}

// A schedule is due when it says; what was missed while nobody was there is
// made up for once.
func TestSchedules(t *testing.T) {
	inBubble(t, func(w *world) {
		arn := w.rule("default", "minutely", "", logTarget("log", "/aws/events/all"))
		w.update(func(tx store.Writer) error {
			rule, _ := store.EventRules.Get(tx, scope.Key("default/minutely"))
			now := time.Now().UTC()
			next := now.Add(time.Minute)
			rule.Schedule, rule.EnabledAt, rule.Next = "rate(1 minute)", now, &next
			return store.EventRules.Put(tx, scope.Key("default/minutely"), rule)
		})
		w.rule("default", "others", `{"source":["aws.events"]}`, logTarget("log", "/aws/events/all"))
		time.Sleep(3*time.Minute + time.Second)
		synctest.Wait()
		if len(w.told()) != 3 || !strings.Contains(w.told()[0], arn) || !strings.Contains(w.told()[0], `"detail-type":"Scheduled Event"`) {
			w.Fatalf("%d lines: %q", len(w.told()), w.told())
		}
		w.kill()
		time.Sleep(10 * time.Minute)
		w.start()
		synctest.Wait()
		if len(w.told()) != 4 {
			w.Errorf("%d lines after ten minutes that were missed", len(w.told()))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(w.told()) != 5 {
			w.Errorf("%d lines a minute later", len(w.told()))
		}
	})
}

// Buses that forward to each other do so a few times.
func TestBusesThatForward(t *testing.T) {
	inBubble(t, func(w *world) {
		bus := func(name string) types.Target {
			return types.Target{Id: aws.String("to-" + name), Arn: aws.String(scope.ARN("events", "event-bus/"+name))}
		}
		w.update(func(tx store.Writer) error {
			return store.EventBuses.Put(tx, scope.Key("mine"), state.EventBus{Name: "mine", ARN: *bus("mine").Arn})
		})
		w.rule("default", "out", `{"source":["shop"]}`, bus("mine"))
		w.rule("mine", "back", `{"source":["shop"]}`, bus("default"), logTarget("log", "/aws/events/all"))
		w.emit("default", "a", "shop", `{}`)
		synctest.Wait()
		if waiting, _, _ := w.left(); waiting != 0 || len(w.told()) != 3 {
			w.Errorf("%d events wait, %d lines", waiting, len(w.told()))
		}
	})
}

func TestArchiveAndReplay(t *testing.T) {
	inBubble(t, func(w *world) {
		w.update(func(tx store.Writer) error {
			return store.EventArchives.Put(tx, scope.Key("ar"), state.EventArchive{Name: "ar", Bus: "default", Stream: "s", Pattern: `{"source":["shop"]}`})
		})
		began := time.Now().UTC()
		for i := range 5 {
			w.emit("default", fmt.Sprint(i), "shop", `{}`)
			time.Sleep(time.Second)
		}
		w.emit("default", "x", "other", `{}`)
		synctest.Wait()
		if len(w.kept()) != 5 {
			w.Fatalf("%d events archived", len(w.kept()))
		}
		chosen := w.rule("default", "chosen", `{"source":["shop"]}`, logTarget("log", "/aws/events/all"))
		w.rule("default", "another", `{"source":["shop"]}`, logTarget("log", "/aws/events/all"))
		w.update(func(tx store.Writer) error {
			return store.EventReplays.Put(tx, scope.Key("r"), state.EventReplay{
				Name: "r", Bus: "default", Stream: "s", Rules: []string{chosen}, From: began.Add(time.Second), To: began.Add(4 * time.Second), StartedAt: time.Now().UTC(),
			})
		})
		synctest.Wait()
		if len(w.told()) != 3 || len(w.kept()) != 5 {
			w.Errorf("%d replayed, %d archived: %q", len(w.told()), len(w.kept()), w.told())
		}
		for _, line := range w.told() {
			if !strings.Contains(line, `"replay-name":"r"`) || !strings.Contains(line, " chosen ") {
				w.Errorf("line %q", line)
			}
		}
		_ = w.db.View(w.Context(), func(r store.Reader) error {
			if replay, _ := store.EventReplays.Get(r, scope.Key("r")); replay.State != types.ReplayStateCompleted || replay.EndedAt == nil || replay.LastEvent == nil {
				w.Errorf("%+v", replay)
			}
			return nil
		})
	})
}

// Killed again and again, at whatever point, every event reaches every target,
// and tasks are started once.
func TestKills(t *testing.T) {
	inBubble(t, func(w *world) {
		w.slow = true
		w.rule("default", "all", `{"source":["shop"]}`, logTarget("log", "/aws/events/all"), taskTarget())
		const n = 60
		for i := range n {
			w.emit("default", fmt.Sprintf("event-%d.", i), "shop", `{}`)
			if i%4 == 0 {
				time.Sleep(time.Duration(i) * 37 * time.Microsecond)
				w.kill()
				w.start()
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		waiting, again, tasks := w.left()
		if waiting+again != 0 || tasks != 2*n {
			w.Errorf("%d events, %d invocations, %d tasks", waiting, again, tasks)
		}
		text := strings.Join(w.told(), "\n")
		for i := range n {
			if !strings.Contains(text, fmt.Sprintf(`"id":"event-%d."`, i)) {
				w.Errorf("event %d did not reach the log", i)
			}
		}
	})
}
