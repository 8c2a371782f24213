package drills

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go/logging"

	"github.com/hatoba/hatoba/internal/review"
)

// Request is what is to be drilled.
type Request struct {
	Config   aws.Config
	Cluster  string // "" is the default one
	Service  string
	IDs      []string // of drills; none is all
	Live     bool     // on the service itself
	Settings review.DrillSettings
	Say      func(drill string, line review.Text) // progress; drill is "" between drills
}

// stage is where the drills of one run act.
type stage struct {
	cfg    aws.Config
	ecs    *ecs.Client
	target *target
	set    review.DrillSettings
	live   bool
	node   *node // nil: the endpoint is no Hatoba
	notes  string
	tell   func(review.Text)

	halt context.CancelCauseFunc // ends all drills of the run

	began time.Time // of the drill that is done
	heard []string  // what the service said hinders it since then

	noting sync.Mutex
	noted  *note // nil: nothing was made yet

	idle     *types.Task // that was started to be looked at
	copied   bool        // the copy of the service is made and serves
	group    *elbtypes.TargetGroup
	listener *elbtypes.Listener

	mu  sync.Mutex
	did []review.Text
	ran map[string]string // digests by container, of the tasks that were acted on
}

// errLimit and errStopped are why a drill is cut short.
var errLimit = errors.New("the time limit of the drills has passed")

// tidy is how long a run may take to clean up behind itself.
const tidy = 2 * time.Minute

// Run drills a service and returns what each drill has shown, also of those
// that could not be done. Whatever it makes is gone when it returns, also when
// ctx has ended; what it could not remove is in the error, and found by the
// next run.
func Run(ctx context.Context, req Request) (out []review.Drilled, err error) {
	req.Config.Logger = logging.Nop{} // connections that close are no news between the lines of progress
	list, unknown := chosen(req.IDs)
	if unknown != "" {
		return nil, fmt.Errorf("there is no drill %s: there are %s", unknown, IDs())
	}
	dir, err := StateDir()
	if err != nil {
		return nil, err
	}
	t, err := readTarget(ctx, req.Config, req.Cluster, req.Service)
	if err != nil {
		return nil, err
	}
	if err := Sweep(ctx, req.Config, req.Cluster, aws.ToString(t.definition.Family), func(line review.Text) { req.Say("", line) }); err != nil {
		return nil, fmt.Errorf("what an earlier drill has left could not be removed: %w", err)
	}
	s := &stage{cfg: req.Config, ecs: ecs.NewFromConfig(req.Config), target: t, set: req.Settings.WithDefaults(), live: req.Live,
		node: findNode(ctx, req.Config), notes: dir}
	defer func() { err = errors.Join(err, s.clean(ctx, req.Say)) }()
	limited, cancel := context.WithTimeoutCause(ctx, s.set.Limit, errLimit)
	defer cancel()
	guarded, stop := context.WithCancelCause(limited)
	defer stop(nil)
	s.halt = stop
	if err := s.safe(guarded); err != nil {
		return nil, err
	}
	var watching sync.WaitGroup
	defer watching.Wait()
	defer stop(nil)
	watching.Go(func() { s.watch(guarded, stop) })
	for _, d := range list {
		out = append(out, s.do(guarded, d, req.Say))
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
	}
	return out, nil
}

// do runs one drill to its result.
func (s *stage) do(ctx context.Context, d Drill, say func(string, review.Text)) review.Drilled {
	began := time.Now()
	s.tell = func(line review.Text) { say(d.ID, line) }
	s.did, s.ran, s.began, s.heard = nil, map[string]string{}, began, nil
	s.tell(d.Title)
	proofs, err := []review.Proof(nil), context.Cause(ctx)
	if err == nil {
		proofs, err = d.act(ctx, s)
	}
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = cause
	}
	var refused *notAsked
	switch {
	case errors.As(err, &refused):
		s.say("not asked: %s", "実施せず: %s", refused.why)
		proofs = append(proofs, d.gaps(s.target.place(), refused.why, refused.how)...)
	case err != nil:
		why := review.Say("the drill was not done: %s", "ドリルを実施できなかった: %s", err.Error())
		if n := len(s.heard); n > 0 {
			why = review.Say("%s; the service last said: %s", "%s。サービスの最後のイベント: %s", why, s.heard[n-1])
		}
		s.say("%s", "%s", why)
		proofs = append(proofs, d.gaps(s.target.place(), why, again(d.ID))...)
	}
	for _, p := range proofs {
		s.tell(review.Say("  %[1]s %[2]s: %[3]s", "  %[1]s %[2]s: %[3]s", mark(p.Status), p.Rule, p.Observed))
	}
	took := time.Since(began)
	s.tell(review.Say("took %.1f s", "所要時間 %.1f 秒", took.Seconds()))
	return review.Drilled{Drill: d.ID, Title: d.Title, At: began.UTC(), Took: took, Live: s.live, Service: s.target.place().File,
		Revision: aws.ToString(s.target.definition.TaskDefinitionArn), Digests: s.ran, Did: s.did, Proofs: proofs}
}

func mark(s review.Status) string {
	return map[review.Status]string{review.Pass: "✓", review.Fail: "✗", review.NotExamined: "?"}[s]
}

// say tells what is done and measured, and keeps it for the report.
func (s *stage) say(en, ja string, args ...any) {
	line := review.Say(en, ja, args...)
	s.mu.Lock()
	s.did = append(s.did, line)
	s.mu.Unlock()
	s.tell(line)
}

// clean removes what the run has made, whatever became of ctx.
func (s *stage) clean(ctx context.Context, say func(string, review.Text)) error {
	if s.noted == nil {
		return nil
	}
	if ctx.Err() != nil {
		say("", review.Say("interrupted: what was made is removed", "中断: 作成したものを削除"))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidy)
	defer cancel()
	b := newBroom(s.cfg, func(line review.Text) { say("", line) })
	if err := b.remove(ctx, s.noted.Cluster, s.noted.Family, s.noted.Run); err != nil {
		s.noted.close()
		return fmt.Errorf("not all that the drill made is gone, `hatoba review --drill-cleanup` tries again: %w", err)
	}
	return s.noted.forget()
}

// saw keeps which images ran in a task.
func (s *stage) saw(task types.Task) {
	for _, c := range task.Containers {
		if d := aws.ToString(c.ImageDigest); d != "" {
			s.ran[aws.ToString(c.Name)] = d
		}
	}
}
