package store

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/state"
)

// rewrite decodes a stored task, changes it and encodes it again.
func rewrite(t *testing.T, stored string, change func(*state.Task)) map[string]any {
	t.Helper()
	codec := Tasks.codec()
	record, extra, err := codec.Decode([]byte(stored))
	if err != nil {
		t.Fatal(err)
	}
	task := record.(state.Task)
	change(&task)
	b, err := codec.Encode(task, extra)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func at(v any, path ...string) any {
	for _, name := range path {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	return v
}

func TestUnknownFieldsAreKept(t *testing.T) {
	for name, stored := range map[string]string{
		"same schema version":  `{"v":1,"r":{"ID":"a","Colour":{"of":"tomorrow"},"Spec":{"Family":"web","Mood":7}}}`,
		"newer schema version": `{"v":3,"r":{"ID":"a","Colour":{"of":"tomorrow"},"Spec":{"Family":"web","Mood":7}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			out := rewrite(t, stored, func(task *state.Task) { task.Spec.Family = "api" })
			var in map[string]any
			if err := json.Unmarshal([]byte(stored), &in); err != nil {
				t.Fatal(err)
			}
			got := []any{out["v"], at(out, "r", "Colour"), at(out, "r", "Spec", "Mood"), at(out, "r", "Spec", "Family")}
			want := []any{in["v"], map[string]any{"of": "tomorrow"}, 7.0, "api"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A newer record without unknown fields still is of the newer version.
func TestNewerVersionStays(t *testing.T) {
	out := rewrite(t, `{"v":3,"r":{"ID":"a"}}`, func(*state.Task) {})
	if out["v"] != 3.0 {
		t.Errorf("written as version %v", out["v"])
	}
}

// An entry removed from a map or an object set to null does not come back
// because something unknown was inside.
func TestUnknownFieldsDoNotBringBackWhatIsGone(t *testing.T) {
	out := rewrite(t, `{"v":1,"r":{"Spec":{"Overrides":{"Cpu":"256","Mood":1},"ContainerARNs":{"web":"arn"}}}}`,
		func(task *state.Task) { task.Spec.Overrides, task.Spec.ContainerARNs = nil, nil })
	if got := at(out, "r", "Spec", "Overrides"); got != nil {
		t.Errorf("Overrides are %v", got)
	}
	if got := at(out, "r", "Spec", "ContainerARNs"); got != nil {
		t.Errorf("ContainerARNs are %v", got)
	}
}
