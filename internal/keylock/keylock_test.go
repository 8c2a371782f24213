package keylock

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestLocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var k Locks
		unlock, err := k.Lock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		other, err := k.Lock(t.Context(), "b")
		if err != nil {
			t.Fatal("another key's lock is free")
		}
		other()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := k.Lock(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("a held lock was given: %v", err)
		}
		got := make(chan func())
		go func() {
			next, _ := k.Lock(t.Context(), "a")
			got <- next
		}()
		synctest.Wait()
		unlock()
		(<-got)()
		if len(k.locks) != 0 {
			t.Errorf("%d locks nobody wants are kept", len(k.locks))
		}
	})
}
