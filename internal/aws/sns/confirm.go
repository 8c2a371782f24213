package sns

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// home is the scope of an ARN: who follows a link has none of their own.
func home(caller wire.Caller, arn string) state.Scope {
	if parts := strings.Split(arn, ":"); caller.AccessKey == "" && len(parts) > 5 {
		return state.Scope{Account: parts[4], Region: parts[3]}
	}
	return caller.Scope
}

// confirmSubscription confirms the subscription whose token it is.
//
// https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
func (s *Service) confirmSubscription(ctx context.Context, caller wire.Caller, in *sns.ConfirmSubscriptionInput) (*sns.ConfirmSubscriptionOutput, error) {
	scope := home(caller, aws.ToString(in.TopicArn))
	authenticated := strings.EqualFold(aws.ToString(in.AuthenticateOnUnsubscribe), "true")
	out := &sns.ConfirmSubscriptionOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		t, err := topic(w, scope, in.TopicArn)
		if err != nil {
			return err
		}
		for key, sub := range store.Subscriptions.List(w, scope, t.Name+"/") {
			if sub.Token == nil || !s.cfg.Now().Before(sub.TokenExpires) || !sameText(s.open(scope, sub, *sub.Token), aws.ToString(in.Token)) {
				continue
			}
			out.SubscriptionArn = aws.String(sub.ARN)
			if sub.Confirmed {
				return nil
			}
			sub.Confirmed, sub.Authenticated = true, authenticated
			return store.Subscriptions.Put(w, key, sub)
		}
		return invalid("Token")
	})
}

func sameText(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// unsubscribe ends a subscription; one that is not there is no error.
//
// https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html
func (s *Service) unsubscribe(ctx context.Context, caller wire.Caller, in *sns.UnsubscribeInput) (*sns.UnsubscribeOutput, error) {
	arn := aws.ToString(in.SubscriptionArn)
	id := state.SubscriptionID(arn)
	if id == "" {
		return nil, invalid("SubscriptionArn Reason: An ARN must have at least 6 elements, not %d", len(strings.Split(arn, ":")))
	}
	scope := home(caller, arn)
	return &sns.UnsubscribeOutput{}, s.update(ctx, func(w store.Writer) error {
		sub, ok := store.Subscriptions.Get(w, scope.Key(id))
		if !ok || sub.ARN != arn {
			return nil
		}
		if sub.Authenticated && caller.AccessKey == "" {
			return &wire.Error{Code: "AuthorizationError", Message: "The subscription was confirmed with AuthenticateOnUnsubscribe: the request must be signed", Status: http.StatusForbidden}
		}
		store.Subscriptions.Delete(w, scope.Key(id))
		t, ok := store.Topics.Get(w, scope.Key(state.TopicName(arn)))
		if !ok {
			return nil
		}
		t.Deleted++
		return store.Topics.Put(w, scope.Key(t.Name), t)
	})
}
