package due

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, begin := New[string](), time.Now()
		q.After("later", 10*time.Second)
		q.After("never", 0)
		q.Now("first")
		q.At("sooner", begin.Add(time.Hour))
		q.At("sooner", begin.Add(5*time.Second))
		q.At("sooner", begin.Add(7*time.Second))
		q.At("dropped", begin.Add(time.Second))
		q.Drop("dropped")
		q.Drop("unknown")
		go func() {
			time.Sleep(8 * time.Second)
			q.Now("woken")
		}()
		for _, want := range []struct {
			key string
			at  time.Duration
		}{{"first", 0}, {"sooner", 5 * time.Second}, {"woken", 8 * time.Second}, {"later", 10 * time.Second}} {
			got := q.Wait(t.Context())
			if at := time.Since(begin); !slices.Equal(got, []string{want.key}) || at != want.at {
				t.Errorf("after %s: %v, want %s after %s", at, got, want.key, want.at)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour)
		defer cancel()
		if got := q.Wait(ctx); got != nil {
			t.Errorf("nothing is due, but %v", got)
		}
	})
}

// TestQueueIsAMap: whatever is put and dropped, a key comes at the soonest of
// its times, once.
func TestQueueIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, model, now := New[int](), map[int]time.Time{}, time.Unix(0, 0)
		key := rapid.IntRange(0, 5)
		t.Repeat(map[string]func(*rapid.T){
			"at": func(t *rapid.T) {
				k, at := key.Draw(t, "key"), now.Add(time.Duration(rapid.IntRange(-5, 20).Draw(t, "in")))
				if before, ok := model[k]; !ok || at.Before(before) {
					model[k] = at
				}
				q.At(k, at)
			},
			"drop": func(t *rapid.T) {
				k := key.Draw(t, "key")
				delete(model, k)
				q.Drop(k)
			},
			"take": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 10).Draw(t, "later")))
				got, next := q.take(now)
				soonest := time.Hour
				for k, at := range model {
					if at.After(now) {
						soonest = min(soonest, at.Sub(now))
						continue
					}
					if i := slices.Index(got, k); i < 0 {
						t.Fatalf("%d is due and not taken: %v", k, got)
					}
					delete(model, k)
					got = slices.DeleteFunc(got, func(g int) bool { return g == k })
				}
				if len(got) > 0 || next != soonest {
					t.Fatalf("%v was not due, the next one is in %s, not %s", got, next, soonest)
				}
			},
		})
	})
}
