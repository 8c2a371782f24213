package storetest

import (
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

func putGetDelete(t *testing.T, s store.Store) {
	put(t, s, here, "web", 3)
	if f, ok := get(t, s, here, "web"); !ok || f.LastRevision != 3 {
		t.Fatalf("got %+v, %v", f, ok)
	}
	if _, ok := get(t, s, there, "web"); ok {
		t.Fatal("a record shows in another region")
	}
	err := s.Update(t.Context(), func(w store.Writer) error {
		store.TaskFamilies.Delete(w, here.Key("web"))
		store.TaskFamilies.Delete(w, here.Key("never was"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := get(t, s, here, "web"); ok {
		t.Fatal("deleted, and still there")
	}
}

func listAndPage(t *testing.T, s store.Store) {
	for _, id := range []string{"b", "a/2", "a/1", "c"} {
		put(t, s, here, id, 1)
	}
	put(t, s, there, "z", 1)
	ids := func(scope state.Scope, prefix, after string) (out []string) {
		_ = s.View(t.Context(), func(r store.Reader) error {
			for k := range store.TaskFamilies.After(r, scope, prefix, after) {
				out = append(out, k.ID)
			}
			return nil
		})
		return out
	}
	for _, tc := range []struct {
		scope         state.Scope
		prefix, after string
		want          string
	}{
		{here, "", "", "a/1 a/2 b c"},
		{here, "a/", "", "a/1 a/2"},
		{here, "", "a/2", "b c"},
		{here, "a/", "a/1", "a/2"},
		{here, "", "c", ""},
		{there, "", "", "z"},
		{here, "a", "a/1", "a/2"},
		{here, "b", "a/1", "b"},
		{here, "a/", "b", ""},
		{state.Scope{}, "", "", "a/1 a/2 b c z"},
		{state.Scope{}, "a/", "", "a/1 a/2"},
		{state.Scope{}, "", "b", "a/1 a/2 b c z"}, // after belongs to a scope
	} {
		if got := strings.Join(ids(tc.scope, tc.prefix, tc.after), " "); got != tc.want {
			t.Errorf("%+v: got %q", tc, got)
		}
	}
}

// keepsACopy changes a record after it was put.
func keepsACopy(t *testing.T, s store.Store) {
	cluster := state.Cluster{Name: "c", CapacityProviders: []string{"FARGATE"}}
	err := s.Update(t.Context(), func(w store.Writer) error {
		return store.Clusters.Put(w, here.Key("c"), cluster)
	})
	if err != nil {
		t.Fatal(err)
	}
	cluster.CapacityProviders[0] = "changed"
	_ = s.View(t.Context(), func(r store.Reader) error {
		if c, _ := store.Clusters.Get(r, here.Key("c")); c.CapacityProviders[0] != "FARGATE" {
			t.Errorf("the stored record changed with the caller's: %v", c.CapacityProviders)
		}
		return nil
	})
}

func badKeys(t *testing.T, s store.Store) {
	for _, key := range []state.Key{
		{Region: "r", ID: "i"}, {Account: "a", ID: "i"}, {Account: "a", Region: "r"},
		{Account: "a/b", Region: "r", ID: "i"}, {Account: "a", Region: "r/s", ID: "i"},
	} {
		err := s.Update(t.Context(), func(w store.Writer) error {
			return store.TaskFamilies.Put(w, key, state.TaskFamily{})
		})
		if err == nil {
			t.Errorf("key %+v is accepted", key)
		}
	}
	err := s.Update(t.Context(), func(w store.Writer) error {
		return store.Table[state.TaskFamily]{Name: "unlisted", Version: 1}.Put(w, here.Key("x"), state.TaskFamily{})
	})
	if err == nil {
		t.Error("a table that is not listed is accepted")
	}
}
