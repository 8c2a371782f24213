package deliver

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

// What was AUTHORIZING when Hatoba was killed is asked by its next life, and so
// is what comes to be; others are not.
func TestConnectionsThatAreAuthorizingAreAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := mem.New()
		defer db.Close()
		scope := state.Scope{Account: "123456789012", Region: "us-east-1"}
		put := func(c state.EventConnection) {
			if err := db.Update(t.Context(), func(w store.Writer) error { return store.EventConnections.Put(w, scope.Key(c.Name), c) }); err != nil {
				t.Fatal(err)
			}
		}
		const oauth = types.ConnectionAuthorizationTypeOauthClientCredentials
		put(state.EventConnection{Name: "left", Type: oauth, Asked: "1"})
		put(state.EventConnection{Name: "key", Type: types.ConnectionAuthorizationTypeApiKey})
		put(state.EventConnection{Name: "done", Type: oauth, Asked: "1", Answer: &state.AuthorizationAnswer{Asked: "1", Token: true}})
		put(state.EventConnection{Name: "refused", Type: oauth, Asked: "1", Answer: &state.AuthorizationAnswer{Asked: "1"}})
		put(state.EventConnection{Name: "forgotten", Type: oauth, Deauthorized: true})
		type call struct {
			name string
			n    int
		}
		calls := make(chan call, 10)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		a := &Asking{Store: db, Log: slog.New(slog.DiscardHandler), Authorize: func(_ context.Context, k state.Key, n int) (time.Duration, error) {
			calls <- call{k.ID, n}
			if k.ID == "left" && n == 1 {
				return time.Second, nil
			}
			return 0, nil
		}}
		go func() { ended <- a.Run(ctx) }()
		want := func(list ...call) {
			t.Helper()
			synctest.Wait()
			for _, w := range list {
				if got := <-calls; got != w {
					t.Errorf("asked %v, not %v", got, w)
				}
			}
			if len(calls) > 0 {
				t.Errorf("%d were asked besides", len(calls))
			}
		}
		want(call{"left", 1})
		time.Sleep(time.Second)
		want(call{"left", 2})
		put(state.EventConnection{Name: "refused", Type: oauth, Asked: "2", Answer: &state.AuthorizationAnswer{Asked: "1"}})
		want(call{"refused", 1})
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
