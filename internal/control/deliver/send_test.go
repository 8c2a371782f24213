package deliver

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/events/connection"
	"github.com/hatoba/hatoba/internal/state"
)

// oauth gives a token that is old until it was rejected.
type oauth struct{ rejected bool }

func (o *oauth) Connect(_ context.Context, _ state.Scope, _ string, r *http.Request) error {
	token := "old"
	if o.rejected {
		token = "new"
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return nil
}

func (o *oauth) Rejected(string) { o.rejected = true }

// A token that is refused is not used again.
func TestARejectedTokenIsReplaced(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer new" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	s := (&Sender{Own: func(netip.AddrPort) bool { return false }, Connections: &oauth{}}).Open()
	d := state.Delivery{Request: &state.Request{Method: http.MethodPost, URL: server.URL, Connection: "arn"}}
	if got := s.Send(t.Context(), state.Scope{}, d); got.Verdict != Again {
		t.Errorf("first %+v", got)
	}
	if got := s.Send(t.Context(), state.Scope{}, d); got.Verdict != Taken {
		t.Errorf("then %+v", got)
	}
}

// Where there is no token, there may be one later.
func TestWithoutATokenItIsTriedAgain(t *testing.T) {
	s := (&Sender{Own: func(netip.AddrPort) bool { return false }, Connections: tokenless{}}).Open()
	d := state.Delivery{Request: &state.Request{Method: http.MethodPost, URL: "http://127.0.0.1:1", Connection: "arn"}}
	if got := s.Send(t.Context(), state.Scope{}, d); got != (Result{Again, "no token"}) {
		t.Errorf("%+v", got)
	}
}

type tokenless struct{}

func (tokenless) Connect(context.Context, state.Scope, string, *http.Request) error {
	return &connection.NoToken{Reason: "no token"}
}

func (tokenless) Rejected(string) {}

// The address of a receiver may be secret: no reason has it.
func TestReasonsHaveNoAddress(t *testing.T) {
	s := (&Sender{Own: func(netip.AddrPort) bool { return true }}).Open()
	got := s.Send(t.Context(), state.Scope{}, state.Delivery{Request: &state.Request{Method: http.MethodPost, URL: "http://127.0.0.1:1/services/verysecret"}})
	if got.Verdict != Refused || strings.Contains(got.Reason, "verysecret") || !strings.Contains(got.Reason, errOwn.Error()) {
		t.Errorf("%+v", got)
	}
}

func TestJudged(t *testing.T) {
	for status, want := range map[int][2]Verdict{ // of a request, of a notification
		200: {Taken, Taken}, 204: {Taken, Taken}, 302: {Refused, Refused}, 400: {Refused, Refused},
		401: {Again, Refused}, 409: {Again, Refused}, 429: {Again, Again}, 500: {Again, Again}, 503: {Again, Again},
	} {
		if got := [2]Verdict{judged(status, "h", false).Verdict, judged(status, "h", true).Verdict}; got != want {
			t.Errorf("%d: %v, not %v", status, got, want)
		}
	}
}

// A request to an API destination that waited while nobody was there is not made
// when it is older than its target takes it; a notification is.
func TestRequestsThatBecameTooOld(t *testing.T) {
	var sent, letters int
	l := &Loop{
		Send: func(context.Context, state.Scope, state.Delivery) Result { sent++; return Result{Verdict: Taken} },
		Letter: func(_ context.Context, _ state.Scope, _ string, d state.Delivery, reason string) error {
			if letters++; d.Requests != 0 || !strings.Contains(reason, "older than the 60 seconds") {
				t.Errorf("the letter says %d requests, %s", d.Requests, reason)
			}
			return nil
		},
		Log: slog.New(slog.DiscardHandler),
	}
	d := state.Delivery{CreatedAt: time.Now().Add(-time.Hour), DeadLetter: "arn", Retry: state.RetryPolicy{Retries: 3, MaxAge: time.Minute}}
	out := make(chan attempt, 2)
	l.attempt(t.Context(), attempt{d: d}, out)
	d.Request = &state.Request{}
	l.attempt(t.Context(), attempt{d: d}, out)
	if first, second := <-out, <-out; first.result.Verdict != Taken || second.result.Verdict != Refused || sent != 1 || letters != 1 {
		t.Errorf("%v and %v, %d sent, %d letters", first.result, second.result, sent, letters)
	}
}
