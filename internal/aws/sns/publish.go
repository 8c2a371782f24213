package sns

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/hatoba/hatoba/internal/notify"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxMessage = 256 << 10

var (
	subjectText   = regexp.MustCompile(`^[\x20-\x7e]{1,99}$`)
	attributeName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,256}$`)
	batchID       = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
)

// publish tells a message to the topic's subscriptions.
//
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
func (s *Service) publish(ctx context.Context, caller wire.Caller, in *sns.PublishInput) (*sns.PublishOutput, error) {
	arn := aws.ToString(in.TopicArn)
	switch {
	case in.PhoneNumber != nil:
		return nil, invalid("PhoneNumber Reason: Hatoba sends no SMS")
	case arn == "":
		arn = aws.ToString(in.TargetArn)
	case in.TargetArn != nil:
		return nil, invalid("TopicArn or TargetArn Reason: name one of them")
	}
	if arn == "" {
		return nil, invalid("TopicArn or TargetArn Reason: no value for required parameter")
	}
	if strings.Contains(arn, ":endpoint/") {
		return nil, invalid("TargetArn Reason: Hatoba has no mobile endpoints")
	}
	if in.MessageGroupId != nil || in.MessageDeduplicationId != nil {
		return nil, invalid("MessageGroupId Reason: it and MessageDeduplicationId are of FIFO topics, which Hatoba has not")
	}
	m, err := message(in.Message, in.Subject, in.MessageStructure, in.MessageAttributes)
	if err != nil {
		return nil, err
	}
	out := &sns.PublishOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		if _, err := topic(w, caller.Scope, &arn); err != nil {
			return err
		}
		m.ID = s.cfg.NewID()
		out.MessageId = aws.String(m.ID)
		return notify.Publish(w, caller.Scope, arn, s.cfg.Now(), s.cfg.NewID, m)
	})
}

// message checks what is to be published.
func message(body, subject, structure *string, attributes map[string]types.MessageAttributeValue) (notify.Message, error) {
	m := notify.Message{Subject: aws.ToString(subject), Default: aws.ToString(body)}
	size := len(m.Default)
	switch {
	case m.Default == "":
		return m, invalid("Empty message")
	case subject != nil && !subjectText.MatchString(m.Subject):
		return m, invalid("Subject Reason: it has 1 to 99 printable ASCII characters")
	}
	if kind := aws.ToString(structure); kind == "json" {
		if err := json.Unmarshal([]byte(m.Default), &m.PerProtocol); err != nil {
			return m, invalid("Message Structure - JSON message body failed to parse")
		}
		whole, ok := m.PerProtocol["default"]
		if !ok {
			return m, invalid("Message Structure - No default entry in JSON message body")
		}
		m.Default = whole
	} else if structure != nil {
		return m, invalid("MessageStructure Reason: json is the only one")
	}
	for name, a := range attributes {
		one, err := attribute(name, a)
		if err != nil {
			return m, err
		}
		size += len(name) + len(one.Type) + len(one.Value)
		if m.Attributes == nil {
			m.Attributes = map[string]state.MessageAttribute{}
		}
		m.Attributes[name] = one
	}
	if size > maxMessage {
		return m, invalid("Message too long")
	}
	return m, nil
}

func attribute(name string, a types.MessageAttributeValue) (state.MessageAttribute, error) {
	kind := aws.ToString(a.DataType)
	out := state.MessageAttribute{Type: kind, Value: aws.ToString(a.StringValue)}
	bad := func(why string) (state.MessageAttribute, error) {
		return out, wire.Errorf("ParameterValueInvalid", "The message attribute '%s' %s", name, why)
	}
	if !attributeName.MatchString(name) || strings.HasPrefix(strings.ToLower(name), "aws.") || strings.HasPrefix(strings.ToLower(name), "amazon.") {
		return bad("has no valid name: 1 to 256 letters, digits, hyphens, underscores and periods, not beginning with AWS. or Amazon.")
	}
	switch base, _, _ := strings.Cut(kind, "."); {
	case base == "Binary":
		if len(a.BinaryValue) == 0 {
			return bad("must contain a non-empty binary value.")
		}
		out.Value = base64.StdEncoding.EncodeToString(a.BinaryValue)
	case kind == "String.Array":
		if !json.Valid([]byte(out.Value)) || !strings.HasPrefix(strings.TrimSpace(out.Value), "[") {
			return bad("must hold a JSON array, as its type String.Array says.")
		}
	case base == "Number":
		var n json.Number
		if json.Unmarshal([]byte(out.Value), &n) != nil {
			return bad("must hold a number, as its type says.")
		}
	case base != "String":
		return bad("has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.")
	case out.Value == "":
		return bad("must contain a non-empty message attribute value for message attribute type 'String'.")
	case !utf8.ValidString(out.Value):
		return bad("must hold UTF-8 text.")
	}
	return out, nil
}

// publishBatch publishes up to ten messages; each succeeds or fails alone.
//
// https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
func (s *Service) publishBatch(ctx context.Context, caller wire.Caller, in *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
	entries := in.PublishBatchRequestEntries
	if err := checkBatch(entries); err != nil {
		return nil, err
	}
	out := &sns.PublishBatchOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		out.Successful, out.Failed = []types.PublishBatchResultEntry{}, []types.BatchResultErrorEntry{}
		t, err := topic(w, caller.Scope, in.TopicArn)
		if err != nil {
			return err
		}
		for _, e := range entries {
			m, err := message(e.Message, e.Subject, e.MessageStructure, e.MessageAttributes)
			if e.MessageGroupId != nil || e.MessageDeduplicationId != nil {
				err = invalid("MessageGroupId Reason: it and MessageDeduplicationId are of FIFO topics, which Hatoba has not")
			}
			var refused *wire.Error
			if errors.As(err, &refused) {
				out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, Code: aws.String(refused.Code), Message: aws.String(refused.Message), SenderFault: true})
				continue
			}
			m.ID = s.cfg.NewID()
			if err := notify.Publish(w, caller.Scope, t.ARN, s.cfg.Now(), s.cfg.NewID, m); err != nil {
				return err
			}
			out.Successful = append(out.Successful, types.PublishBatchResultEntry{Id: e.Id, MessageId: aws.String(m.ID)})
		}
		return nil
	})
}

func checkBatch(entries []types.PublishBatchRequestEntry) error {
	size, seen := 0, map[string]bool{}
	for _, e := range entries {
		id := aws.ToString(e.Id)
		switch {
		case !batchID.MatchString(id):
			return wire.Errorf("InvalidBatchEntryId", "The batch entry ID can only contain alphanumeric characters, hyphens and underscores, and can be at most 80 letters long")
		case seen[id]:
			return wire.Errorf("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id")
		}
		seen[id] = true
		size += len(aws.ToString(e.Message))
	}
	switch {
	case len(entries) == 0:
		return wire.Errorf("EmptyBatchRequest", "The batch request doesn't contain any entries")
	case len(entries) > 10:
		return wire.Errorf("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible (10)")
	case size > maxMessage:
		return wire.Errorf("BatchRequestTooLong", "The length of all the batch messages put together is more than the limit (%d)", maxMessage)
	}
	return nil
}
