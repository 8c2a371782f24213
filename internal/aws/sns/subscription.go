package sns

import (
	"context"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/hatoba/hatoba/internal/notify"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// tokenLife is how long a subscription may be confirmed.
//
// Source: https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
const tokenLife = 48 * time.Hour

const pending = "pending confirmation"

// live tells whether a subscription still counts: one that nobody confirmed in
// time is gone.
func (s *Service) live(sub state.Subscription) bool {
	return sub.Confirmed || s.cfg.Now().Before(sub.TokenExpires)
}

// checkEndpoint refuses protocols that Hatoba has no way for, and addresses
// that are none.
func (s *Service) checkEndpoint(protocol, endpoint string) error {
	switch protocol {
	case "http", "https":
	case "email", "email-json", "sms", "sqs", "application", "lambda", "firehose":
		return invalid("Protocol Reason: Hatoba delivers to http and https, not to %s", protocol)
	default:
		return invalid("Does not support this protocol string: %s", protocol)
	}
	if u, err := url.Parse(endpoint); err != nil || u.Scheme != protocol || u.Host == "" {
		return invalid("Endpoint Reason: Endpoint must match the specified protocol")
	}
	return nil
}

// subscribe makes a subscription that its endpoint has yet to confirm; a chat's
// webhook has nobody to do that, and is confirmed.
//
// https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
func (s *Service) subscribe(ctx context.Context, caller wire.Caller, in *sns.SubscribeInput) (*sns.SubscribeOutput, error) {
	protocol, endpoint := aws.ToString(in.Protocol), aws.ToString(in.Endpoint)
	if err := s.checkEndpoint(protocol, endpoint); err != nil {
		return nil, err
	}
	attributes := map[string]string{}
	for _, k := range sorted(in.Attributes) {
		if err := s.checkSubscriptionAttribute(ctx, caller.Scope, k, in.Attributes[k]); err != nil {
			return nil, err
		}
		if v := in.Attributes[k]; v != "" {
			attributes[k] = v
		}
	}
	chat := notify.ChatOf(endpoint, s.cfg.Chats)
	made := state.Subscription{
		TopicARN: aws.ToString(in.TopicArn), Protocol: protocol, Endpoint: notify.Masked(endpoint, chat), Chat: chat, Owner: caller.Scope.Account,
		Attributes: attributes, Confirmed: chat != "", CreatedAt: s.cfg.Now().UTC(),
	}
	out := &sns.SubscribeOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		t, err := topic(w, caller.Scope, in.TopicArn)
		if err != nil {
			return err
		}
		sub, found := s.existing(w, caller.Scope, t, protocol, endpoint)
		switch {
		case found && !maps.Equal(sub.Attributes, attributes) && len(attributes) > 0:
			return invalid("Attributes Reason: Subscription already exists with different attributes")
		case !found:
			sub = made
			sub.ARN = t.ARN + ":" + s.cfg.NewID()
			if sub.Endpoint != endpoint {
				if sub.Address, err = s.seal(caller.Scope, sub, endpoint); err != nil {
					return err
				}
			}
		}
		out.SubscriptionArn = aws.String(pending)
		if sub.Confirmed || in.ReturnSubscriptionArn {
			out.SubscriptionArn = aws.String(sub.ARN)
		}
		if !sub.Confirmed {
			return s.ask(w, caller.Scope, t, sub)
		}
		return store.Subscriptions.Put(w, caller.Scope.Key(sub.ID()), sub)
	})
}

// existing finds the subscription of an endpoint.
func (s *Service) existing(r store.Reader, scope state.Scope, t state.Topic, protocol, endpoint string) (state.Subscription, bool) {
	for _, sub := range store.Subscriptions.List(r, scope, t.Name+"/") {
		if sub.Protocol == protocol && s.live(sub) && s.address(scope, sub) == endpoint {
			return sub, true
		}
	}
	return state.Subscription{}, false
}

func (s *Service) address(scope state.Scope, sub state.Subscription) string {
	if sub.Address == nil {
		return sub.Endpoint
	}
	return s.open(scope, sub, *sub.Address)
}

func (s *Service) seal(scope state.Scope, sub state.Subscription, text string) (*state.Sealed, error) {
	sealed, err := s.cfg.Keyring.Seal(secrets.AAD(store.Subscriptions.Name, scope.Key(sub.ID())), []byte(text))
	return &sealed, err
}

// open is what was sealed, "" when it cannot be opened.
func (s *Service) open(scope state.Scope, sub state.Subscription, sealed state.Sealed) string {
	text, err := s.cfg.Keyring.Open(secrets.AAD(store.Subscriptions.Name, scope.Key(sub.ID())), sealed)
	if err != nil {
		return ""
	}
	return string(text)
}

// ask has the endpoint asked for its confirmation, with a new token.
func (s *Service) ask(w store.Writer, scope state.Scope, t state.Topic, sub state.Subscription) (err error) {
	token := strings.ReplaceAll(s.cfg.NewID()+s.cfg.NewID(), "-", "")
	if sub.Token, err = s.seal(scope, sub, token); err != nil {
		return err
	}
	now := s.cfg.Now()
	sub.TokenExpires = now.Add(tokenLife).UTC()
	if err := store.Subscriptions.Put(w, scope.Key(sub.ID()), sub); err != nil {
		return err
	}
	return notify.Deliver(w, scope, t, sub, now, s.cfg.NewID(), state.Notification{Kind: state.NotificationConfirm, MessageID: s.cfg.NewID()})
}

// subscription finds the subscription of an ARN.
func (s *Service) subscription(r store.Reader, scope state.Scope, arn *string) (state.Subscription, error) {
	id := state.SubscriptionID(aws.ToString(arn))
	if id == "" {
		return state.Subscription{}, invalid("SubscriptionArn Reason: An ARN must have at least 6 elements, not %d", len(strings.Split(aws.ToString(arn), ":")))
	}
	sub, ok := store.Subscriptions.Get(r, scope.Key(id))
	if !ok || sub.ARN != *arn || !s.live(sub) {
		return sub, notFound("Subscription")
	}
	return sub, nil
}

// listed is a subscription as lists show it.
func listed(sub state.Subscription) types.Subscription {
	arn := sub.ARN
	if !sub.Confirmed {
		arn = "PendingConfirmation"
	}
	return types.Subscription{SubscriptionArn: &arn, TopicArn: aws.String(sub.TopicARN), Protocol: aws.String(sub.Protocol), Endpoint: aws.String(sub.Endpoint), Owner: aws.String(sub.Owner)}
}

func (s *Service) list(r store.Reader, kind string, scope state.Scope, prefix string, token *string) ([]types.Subscription, *string, error) {
	var all []state.Subscription
	for _, sub := range store.Subscriptions.List(r, scope, prefix) {
		if s.live(sub) {
			all = append(all, sub)
		}
	}
	page, next, err := cut(kind, all, state.Subscription.ID, token)
	out := []types.Subscription{}
	for _, sub := range page {
		out = append(out, listed(sub))
	}
	return out, next, err
}

// https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptions.html
func (s *Service) listSubscriptions(ctx context.Context, caller wire.Caller, in *sns.ListSubscriptionsInput) (*sns.ListSubscriptionsOutput, error) {
	out := &sns.ListSubscriptionsOutput{}
	return out, s.view(ctx, func(r store.Reader) (err error) {
		out.Subscriptions, out.NextToken, err = s.list(r, "ListSubscriptions", caller.Scope, "", in.NextToken)
		return err
	})
}

// https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
func (s *Service) listSubscriptionsByTopic(ctx context.Context, caller wire.Caller, in *sns.ListSubscriptionsByTopicInput) (*sns.ListSubscriptionsByTopicOutput, error) {
	out := &sns.ListSubscriptionsByTopicOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		t, err := topic(r, caller.Scope, in.TopicArn)
		if err != nil {
			return err
		}
		out.Subscriptions, out.NextToken, err = s.list(r, "ListSubscriptionsByTopic "+t.Name, caller.Scope, t.Name+"/", in.NextToken)
		return err
	})
}

// https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
func (s *Service) getSubscriptionAttributes(ctx context.Context, caller wire.Caller, in *sns.GetSubscriptionAttributesInput) (*sns.GetSubscriptionAttributesOutput, error) {
	out := &sns.GetSubscriptionAttributesOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		sub, err := s.subscription(r, caller.Scope, in.SubscriptionArn)
		if err != nil {
			return err
		}
		t, _ := store.Topics.Get(r, caller.Scope.Key(state.TopicName(sub.TopicARN)))
		out.Attributes = with(sub.Attributes, "", "")
		for k, v := range map[string]string{
			"SubscriptionArn": sub.ARN, "TopicArn": sub.TopicARN, "Protocol": sub.Protocol, "Endpoint": sub.Endpoint, "Owner": sub.Owner,
			"PendingConfirmation":          strconv.FormatBool(!sub.Confirmed),
			"ConfirmationWasAuthenticated": strconv.FormatBool(sub.Authenticated),
			"RawMessageDelivery":           strconv.FormatBool(sub.Attributes["RawMessageDelivery"] == "true"),
			"EffectiveDeliveryPolicy":      text(notify.Effective(t.Attributes, sub.Attributes)),
			"SubscriptionPrincipal":        "arn:aws:iam::" + sub.Owner + ":root",
		} {
			out.Attributes[k] = v
		}
		if out.Attributes["FilterPolicy"] != "" && out.Attributes["FilterPolicyScope"] == "" {
			out.Attributes["FilterPolicyScope"] = "MessageAttributes"
		}
		return nil
	})
}

// https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
func (s *Service) setSubscriptionAttributes(ctx context.Context, caller wire.Caller, in *sns.SetSubscriptionAttributesInput) (*sns.SetSubscriptionAttributesOutput, error) {
	name, value := aws.ToString(in.AttributeName), aws.ToString(in.AttributeValue)
	if err := s.checkSubscriptionAttribute(ctx, caller.Scope, name, value); err != nil {
		return nil, err
	}
	return &sns.SetSubscriptionAttributesOutput{}, s.update(ctx, func(w store.Writer) error {
		sub, err := s.subscription(w, caller.Scope, in.SubscriptionArn)
		if err != nil {
			return err
		}
		sub.Attributes = with(sub.Attributes, name, value)
		return store.Subscriptions.Put(w, caller.Scope.Key(sub.ID()), sub)
	})
}
