// Package fake is a container engine in memory. Its containers are goroutines
// that run a Program; everything else is as the contract of package runtime
// says, output into spools included.
package fake

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
)

// Options are what a test turns.
type Options struct {
	// Images are what the registries have, by reference. nil: any reference,
	// with the entry point /probe.
	Images map[string]Image
	// Program chooses what a container runs. nil: Probe.
	Program func(runtime.Spec) Program
	// Fail is asked before an operation ("Pull", "Create", "Start", "Wait",
	// "Signal", "Exec", "Delete", "List") with the container's id or the image's
	// reference; an error is the operation's answer. It may block. nil: nothing
	// fails.
	Fail func(ctx context.Context, operation, id string) error
}

// Image is an image of a registry.
type Image struct {
	runtime.Image // an empty Ref and Digest are filled in
	EntryPoint    []string
	Command       []string
}

// Engine is a runtime.Engine in memory. New makes one.
type Engine struct {
	options Options

	mu         sync.Mutex
	images     map[string]Image // present, by Image.Ref
	containers map[string]*container
	order      []string
}

var _ runtime.Engine = (*Engine)(nil)

// New returns an engine without containers.
func New(options Options) *Engine {
	return &Engine{options: options, images: map[string]Image{}, containers: map[string]*container{}}
}

// container is one container; its fields are guarded by Engine.mu.
type container struct {
	spec    runtime.Spec
	args    []string
	phase   runtime.Phase
	started time.Time
	exit    runtime.Exit
	signals chan string
	kill    context.CancelFunc
	alive   context.Context // ends with the process
	ended   chan struct{}   // closed when exit is set
	disk    *sync.Map       // what its processes leave for one another
}

func (e *Engine) fail(ctx context.Context, operation, id string) error {
	if e.options.Fail != nil {
		if err := e.options.Fail(ctx, operation, id); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Pull implements runtime.Engine.
func (e *Engine) Pull(ctx context.Context, source protocol.ImageSource) (runtime.Image, error) {
	if err := e.fail(ctx, "Pull", source.Ref); err != nil {
		return runtime.Image{}, err
	}
	image, ok := e.options.Images[source.Ref]
	if !ok && e.options.Images != nil {
		return runtime.Image{}, fmt.Errorf("%w: %s", runtime.ErrImageNotFound, source.Ref)
	}
	if !ok {
		image.EntryPoint = []string{"/probe"}
	}
	if image.Digest == "" {
		image.Digest = fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(source.Ref)))
	}
	if image.Ref == "" {
		image.Ref = source.Ref + "@" + image.Digest
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.images[image.Ref] = image
	return image.Image, nil
}

// Create implements runtime.Engine.
func (e *Engine) Create(ctx context.Context, spec runtime.Spec) error {
	if err := e.fail(ctx, "Create", spec.ID); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	image, ok := e.images[spec.Image]
	if !ok {
		return fmt.Errorf("image %s is not present", spec.Image)
	}
	if e.containers[spec.ID] != nil {
		return fmt.Errorf("container %q: already exists", spec.ID)
	}
	entry, command := image.EntryPoint, image.Command
	if len(spec.EntryPoint) > 0 {
		entry, command = spec.EntryPoint, nil
	}
	if len(spec.Command) > 0 {
		command = spec.Command
	}
	args := append(append([]string(nil), entry...), command...)
	if len(args) == 0 {
		return errors.New("no command specified")
	}
	e.containers[spec.ID] = &container{spec: spec, args: args, phase: runtime.Created, ended: make(chan struct{}), disk: &sync.Map{}}
	e.order = append(e.order, spec.ID)
	return nil
}

// find answers with a container; e.mu is held.
func (e *Engine) find(id string) (*container, error) {
	c := e.containers[id]
	if c == nil {
		return nil, fmt.Errorf("%w: %s", runtime.ErrNotFound, id)
	}
	return c, nil
}

// Wait implements runtime.Engine.
func (e *Engine) Wait(ctx context.Context, id string) (runtime.Exit, error) {
	if err := e.fail(ctx, "Wait", id); err != nil {
		return runtime.Exit{}, err
	}
	e.mu.Lock()
	c, err := e.find(id)
	var ended chan struct{}
	if err == nil {
		ended = c.ended
	}
	e.mu.Unlock()
	if err != nil {
		return runtime.Exit{}, err
	}
	select {
	case <-ctx.Done():
		return runtime.Exit{}, ctx.Err()
	case <-ended:
		e.mu.Lock()
		defer e.mu.Unlock()
		return c.exit, nil
	}
}

// Signal implements runtime.Engine.
func (e *Engine) Signal(ctx context.Context, id, signal string) error {
	if err := e.fail(ctx, "Signal", id); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c, err := e.find(id)
	if err != nil || c.phase != runtime.Running {
		return err
	}
	if signal == "SIGKILL" {
		c.kill()
		return nil
	}
	select {
	case c.signals <- signal:
	default: // the process does not listen
	}
	return nil
}

// Delete implements runtime.Engine.
func (e *Engine) Delete(ctx context.Context, id string) error {
	if err := e.fail(ctx, "Delete", id); err != nil {
		return err
	}
	e.mu.Lock()
	c := e.containers[id]
	running := c != nil && c.phase == runtime.Running
	if running {
		c.kill()
	}
	e.mu.Unlock()
	if running {
		<-c.ended
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if c == nil {
		return nil
	}
	delete(e.containers, id)
	for i, other := range e.order {
		if other == id {
			e.order = append(e.order[:i:i], e.order[i+1:]...)
			break
		}
	}
	return nil
}

// List implements runtime.Engine.
func (e *Engine) List(ctx context.Context) (out []runtime.Status, err error) {
	if err := e.fail(ctx, "List", ""); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range e.order {
		c := e.containers[id]
		s := runtime.Status{ID: id, TaskID: c.spec.TaskID, Phase: c.phase, StartedAt: c.started, Labels: c.spec.Labels}
		if c.phase == runtime.Stopped {
			exit := c.exit
			s.Exit = &exit
		}
		out = append(out, s)
	}
	return out, nil
}
