package sns

import (
	"context"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const (
	maxTopics = 100_000
	pageSize  = 100
)

var topicName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// createTopic gives the topic of a name, which is made when there is none.
//
// https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
func (s *Service) createTopic(ctx context.Context, caller wire.Caller, in *sns.CreateTopicInput) (*sns.CreateTopicOutput, error) {
	name := aws.ToString(in.Name)
	switch {
	case strings.HasSuffix(name, ".fifo"), in.Attributes["FifoTopic"] == "true":
		return nil, invalid("FifoTopic Reason: Hatoba has no FIFO topics")
	case !topicName.MatchString(name):
		return nil, invalid("Topic Name")
	case in.DataProtectionPolicy != nil:
		return nil, invalid("DataProtectionPolicy Reason: Hatoba has no data protection policies")
	}
	attributes := map[string]string{}
	for _, k := range sorted(in.Attributes) {
		if err := s.checkTopicAttribute(k, in.Attributes[k]); err != nil {
			return nil, err
		}
		if v := in.Attributes[k]; v != "" && k != "FifoTopic" {
			attributes[k] = v
		}
	}
	tags, err := mergedTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	arn := caller.Scope.ARN("sns", name)
	return &sns.CreateTopicOutput{TopicArn: &arn}, s.update(ctx, func(w store.Writer) error {
		if t, ok := store.Topics.Get(w, caller.Scope.Key(name)); ok {
			return same(t, attributes, tags)
		}
		if count(store.Topics.List(w, caller.Scope, "")) >= maxTopics {
			return &wire.Error{Code: "TopicLimitExceeded", Message: "Topic limit exceeded: an account has at most " + strconv.Itoa(maxTopics) + " topics in a region", Status: 403}
		}
		return store.Topics.Put(w, caller.Scope.Key(name), state.Topic{Name: name, ARN: arn, Attributes: attributes, Tags: tags, CreatedAt: s.cfg.Now().UTC()})
	})
}

// same refuses to make a topic again that is another.
func same(t state.Topic, attributes, tags map[string]string) error {
	for k, v := range attributes {
		if t.Attributes[k] != v {
			return invalid("Attributes Reason: Topic already exists with different attributes")
		}
	}
	if len(tags) > 0 && !maps.Equal(t.Tags, tags) {
		return invalid("Tags Reason: Topic already exists with different tags")
	}
	return nil
}

// topic finds the topic of an ARN.
func topic(r store.Reader, scope state.Scope, arn *string) (state.Topic, error) {
	name := state.TopicName(aws.ToString(arn))
	if name == "" || scope.ARN("sns", name) != *arn {
		if parts := strings.Split(aws.ToString(arn), ":"); len(parts) == 6 && name != "" {
			return state.Topic{}, notFound("Topic")
		}
		return state.Topic{}, invalid("TopicArn Reason: An ARN must have at least 6 elements, not %d", len(strings.Split(aws.ToString(arn), ":")))
	}
	t, ok := store.Topics.Get(r, scope.Key(name))
	if !ok {
		return t, notFound("Topic")
	}
	return t, nil
}

// deleteTopic deletes a topic and its subscriptions; one that is not there is
// no error.
//
// https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html
func (s *Service) deleteTopic(ctx context.Context, caller wire.Caller, in *sns.DeleteTopicInput) (*sns.DeleteTopicOutput, error) {
	name := state.TopicName(aws.ToString(in.TopicArn))
	if name == "" {
		return nil, invalid("TopicArn")
	}
	return &sns.DeleteTopicOutput{}, s.update(ctx, func(w store.Writer) error {
		if _, err := topic(w, caller.Scope, in.TopicArn); err != nil {
			return nil
		}
		store.Subscriptions.DeleteBelow(w, caller.Scope, name+"/")
		store.Topics.Delete(w, caller.Scope.Key(name))
		return nil
	})
}

// https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html
func (s *Service) listTopics(ctx context.Context, caller wire.Caller, in *sns.ListTopicsInput) (*sns.ListTopicsOutput, error) {
	out := &sns.ListTopicsOutput{Topics: []types.Topic{}}
	return out, s.view(ctx, func(r store.Reader) error {
		var list []state.Topic
		for _, t := range store.Topics.List(r, caller.Scope, "") {
			list = append(list, t)
		}
		page, next, err := cut("ListTopics", list, func(t state.Topic) string { return t.Name }, in.NextToken)
		for _, t := range page {
			out.Topics = append(out.Topics, types.Topic{TopicArn: aws.String(t.ARN)})
		}
		out.NextToken = next
		return err
	})
}

func cut[T any](kind string, list []T, id func(T) string, token *string) ([]T, *string, error) {
	page, next, err := wire.Cut(kind, list, id, token, pageSize)
	if err != nil {
		err = invalid("NextToken Reason: it is none of this listing")
	}
	return page, next, err
}

// getTopicAttributes tells what was set, and what follows from it.
//
// https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
func (s *Service) getTopicAttributes(ctx context.Context, caller wire.Caller, in *sns.GetTopicAttributesInput) (*sns.GetTopicAttributesOutput, error) {
	out := &sns.GetTopicAttributesOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		t, err := topic(r, caller.Scope, in.TopicArn)
		if err != nil {
			return err
		}
		confirmed, pending := 0, 0
		for _, sub := range store.Subscriptions.List(r, caller.Scope, t.Name+"/") {
			switch {
			case sub.Confirmed:
				confirmed++
			case s.live(sub):
				pending++
			}
		}
		out.Attributes = maps.Clone(t.Attributes)
		if out.Attributes == nil {
			out.Attributes = map[string]string{}
		}
		for k, v := range map[string]string{
			"TopicArn": t.ARN, "Owner": caller.Scope.Account,
			"SubscriptionsConfirmed": strconv.Itoa(confirmed), "SubscriptionsPending": strconv.Itoa(pending), "SubscriptionsDeleted": strconv.Itoa(t.Deleted),
			"EffectiveDeliveryPolicy": effectiveOfTopic(t.Attributes),
		} {
			out.Attributes[k] = v
		}
		if out.Attributes["Policy"] == "" {
			out.Attributes["Policy"] = DefaultPolicy(t.ARN, caller.Scope.Account)
		}
		if _, set := out.Attributes["DisplayName"]; !set {
			out.Attributes["DisplayName"] = ""
		}
		return nil
	})
}

// https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
func (s *Service) setTopicAttributes(ctx context.Context, caller wire.Caller, in *sns.SetTopicAttributesInput) (*sns.SetTopicAttributesOutput, error) {
	name, value := aws.ToString(in.AttributeName), aws.ToString(in.AttributeValue)
	if name == "FifoTopic" {
		return nil, invalid("AttributeName")
	}
	if err := s.checkTopicAttribute(name, value); err != nil {
		return nil, err
	}
	return &sns.SetTopicAttributesOutput{}, s.update(ctx, func(w store.Writer) error {
		t, err := topic(w, caller.Scope, in.TopicArn)
		if err != nil {
			return err
		}
		t.Attributes = with(t.Attributes, name, value)
		return store.Topics.Put(w, caller.Scope.Key(t.Name), t)
	})
}

// with is a copy of attributes with one changed; "" takes it away.
func with(attributes map[string]string, name, value string) map[string]string {
	out := maps.Clone(attributes)
	if out == nil {
		out = map[string]string{}
	}
	if value == "" {
		delete(out, name)
	} else {
		out[name] = value
	}
	return out
}
