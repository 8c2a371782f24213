package runtimetest

import (
	"slices"
	"testing"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// restarted runs one container three times: its files stay, its output goes on,
// each life has its own exit, and secrets are there again. The last life begins
// in another life of the engine.
func restarted(t *testing.T, r *run) {
	spec := r.spec("restarted", "again")
	r.start(spec)
	if exit := r.wait(spec.ID); exit.Code != 3 {
		t.Fatalf("first life: %+v", exit)
	}
	if err := r.Engine.Restart(t.Context(), spec.ID, nil); err != nil {
		t.Fatal(err)
	}
	if exit := r.wait(spec.ID); exit.Code != 4 {
		t.Fatalf("second life: %+v", exit)
	}
	r.Engine = r.Reopen(t)
	if err := r.Engine.Restart(t.Context(), spec.ID, []string{"SECRET=x"}); err != nil {
		t.Fatal(err)
	}
	if exit := r.wait(spec.ID); exit.Code != 5 {
		t.Fatalf("third life: %+v", exit)
	}
	if got := r.output(spec); got != "run 1\nrun 2\nrun 3\n" {
		t.Errorf("output %q", got)
	}
	list, err := r.Engine.List(t.Context())
	at := slices.IndexFunc(list, func(s runtime.Status) bool { return s.ID == spec.ID })
	if err != nil || at < 0 || list[at].Exit == nil || list[at].Exit.Code != 5 {
		t.Errorf("%+v %v", list, err)
	}
	if err := r.Engine.Restart(t.Context(), "nobody", nil); err == nil {
		t.Error("what does not exist was restarted")
	}
}
