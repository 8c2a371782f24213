package agent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	engine "github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// pullAll makes every image of the task present.
func (w *worker) pullAll(ctx context.Context) error {
	w.post(func() { w.rec.Observed.PullStartedAt = now() })
	var once sync.Map
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range w.plans {
		if _, again := once.LoadOrStore(p.Image, true); again {
			continue
		}
		group.Go(func() error { return w.pull(ctx, p) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	w.post(func() { w.rec.Observed.PullStoppedAt = now() })
	return nil
}

// pull makes one image present. It tries again as often as again says, and ends
// at once when the task is stopped.
func (w *worker) pull(ctx context.Context, plan state.ContainerPlan) error {
	began := time.Now()
	for retries := 0; ; retries++ {
		image, err := w.pullOnce(ctx, plan.Image)
		if err == nil {
			w.notePulled(plan.Image, image, time.Since(began))
			w.keepImage(plan.Image, image)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var refusal *protocol.Refusal
		if errors.As(err, &refusal) {
			refusal.Container = plan.Name
			return err
		}
		wait, more := again(err, retries, time.Since(began))
		if !more {
			r := protocol.Refuse("%s", pullReason(plan.Image, retries, err))
			r.Container = plan.Name
			return r
		}
		w.a.cfg.Log.Info("an image could not be pulled yet", "task", w.key.ID, "image", plan.Image, "again_in", wait, "error", err)
		w.notePullRetry(plan.Name, plan.Image, wait, err)
		if !pause(ctx, wait) {
			return ctx.Err()
		}
	}
}

// pullOnce asks for the source each time: credentials may have run out.
func (w *worker) pullOnce(ctx context.Context, ref string) (engine.Image, error) {
	var source protocol.ImageSource
	err := w.a.link.call(ctx, func(s protocol.Session) (err error) {
		source, err = s.ImageSource(ctx, w.key, ref)
		return err
	})
	if err != nil {
		return engine.Image{}, err
	}
	return w.a.cfg.Engine.Pull(ctx, source)
}

func (w *worker) keepImage(ref string, image engine.Image) {
	w.a.pin(image.Ref, w.key)
	w.post(func() {
		w.images[ref] = image
		for _, p := range w.plans {
			if p.Image == ref {
				w.rec.Containers[p.Name].StopSignal = image.StopSignal
			}
		}
	})
}

// Bounds of trying again. Fargate tells of 1 retry for what is definite and of
// 5 for what may pass.
const (
	retriesDefinite  = 1
	retriesTransient = 5
	firstWait        = 500 * time.Millisecond
	longestWait      = 30 * time.Second
	pullPatience     = 2 * time.Minute // no retry begins later
)

// again tells whether a failed pull is tried again, and after how long. It is
// pure but for the spread of the waits, which keeps tasks that failed together
// from asking together.
func again(err error, retries int, took time.Duration) (wait time.Duration, more bool) {
	most, wait := retriesDefinite, firstWait/2
	if errors.Is(err, engine.ErrImageUnreachable) || errors.Is(err, engine.ErrImageRateLimited) {
		most, wait = retriesTransient, firstWait<<retries
	}
	wait += rand.N(wait / 4)
	var failed *engine.PullError
	if errors.As(err, &failed) && failed.After > 0 {
		wait = max(wait, failed.After)
		if failed.After > longestWait { // it asks for more patience than a start has
			return 0, false
		}
	}
	return wait, retries < most && took < pullPatience
}

// pullReason words a failed pull as Fargate does.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
func pullReason(ref string, retries int, err error) string {
	stage := engine.StageContent
	var failed *engine.PullError
	if errors.As(err, &failed) {
		stage = failed.Stage
	}
	begin := fmt.Sprintf("CannotPullContainerError: %s has been retried %d time(s): ", stage, retries)
	what := "failed to resolve ref " + ref
	if stage == engine.StageContent {
		what = "failed to pull " + ref
	}
	text := errorText(err)
	switch {
	case errors.Is(err, engine.ErrImagePlatform):
		return begin + fmt.Sprintf("image Manifest does not contain descriptor matching platform 'linux/%s'", runtime.GOARCH)
	case errors.Is(err, engine.ErrImageNotFound):
		return begin + fmt.Sprintf("%s: %s: not found", what, ref)
	case errors.Is(err, engine.ErrImageDenied):
		return fmt.Sprintf("CannotPullContainerError: The task can’t pull the image. Check that the role has the permissions to pull images from the registry. %s: %s", what, text)
	case errors.Is(err, engine.ErrImageRateLimited):
		return begin + "httpReaderSeeker: failed open: " + text
	case errors.Is(err, engine.ErrImageUnreachable):
		return fmt.Sprintf("CannotPullContainerError: The task cannot pull '%s' from its registry. There is a connection issue between the task and the registry. Check your task network configuration. %s has been retried %d time(s): %s: %s", ref, stage, retries, what, text)
	}
	return begin + what + ": " + text
}

// errorText is an error without the engine's own class in front.
func errorText(err error) string {
	var failed *engine.PullError
	if !errors.As(err, &failed) {
		return err.Error()
	}
	type joined interface{ Unwrap() []error }
	if j, ok := failed.Err.(joined); ok && len(j.Unwrap()) == 2 {
		return j.Unwrap()[1].Error()
	}
	return failed.Err.Error()
}
