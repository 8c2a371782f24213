package fake

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/agent/runtime/runtimetest"
	"github.com/hatoba/hatoba/internal/protocol"
)

func TestSuite(t *testing.T) {
	runtimetest.Run(t, func(*testing.T) *runtimetest.World {
		e := New(Options{Images: map[string]Image{"registry/probe:1": {EntryPoint: []string{"/probe"}}}})
		return &runtimetest.World{
			Engine: e, Source: protocol.ImageSource{Ref: "registry/probe:1"},
			Reopen: func(*testing.T) runtime.Engine { return e }, // containers outlive an engine: here it is both
		}
	})
}

func TestKnobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		e := New(Options{
			Program: func(runtime.Spec) Program { return ExitAfter(time.Minute, 3) },
			Fail: func(_ context.Context, operation, id string) error {
				if operation == "Start" && id == "bad" {
					return broken
				}
				return nil
			},
		})
		image, err := e.Pull(t.Context(), protocol.ImageSource{Ref: "any"})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"good", "bad"} {
			if err := e.Create(t.Context(), runtime.Spec{ID: id, Image: image.Ref}); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.Start(t.Context(), "bad"); !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
		began := time.Now()
		if err := e.Start(t.Context(), "good"); err != nil {
			t.Fatal(err)
		}
		exit, err := e.Wait(t.Context(), "good")
		if err != nil || exit.Code != 3 || time.Since(began) != time.Minute {
			t.Errorf("%+v %v after %v", exit, err, time.Since(began))
		}
	})
}
