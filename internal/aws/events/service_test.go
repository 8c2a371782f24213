package events_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/google/uuid"

	"github.com/hatoba/hatoba/internal/aws/events"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

const account = "123456789012"

type world struct {
	*testing.T
	*sdk.Client
	db  store.Store
	now time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, db: mem.New(), now: time.Date(2026, 5, 5, 10, 0, 30, 0, time.UTC)}
	service := events.New(events.Config{Store: w.db, Keyring: secrets.NewKeyring(), NewID: uuid.NewString, Now: func() time.Time { return w.now }})
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{service.Describe()}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	w.Client = sdk.New(sdk.Options{
		BaseEndpoint: &server.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(account, "secret", ""),
	})
	return w
}

func arn(resource string) *string {
	return aws.String("arn:aws:events:us-east-1:" + account + ":" + resource)
}

func (w *world) refused(err error, want string) {
	w.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		w.Errorf("the answer is %v, want %s", err, want)
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) waiting() (out []state.Event) {
	_ = w.db.View(w.Context(), func(r store.Reader) error {
		for _, e := range store.Events.List(r, state.Scope{}, "") {
			out = append(out, e)
		}
		return nil
	})
	return out
}

func TestRules(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	out, err := w.PutRule(ctx, &sdk.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["shop"]}`), ScheduleExpression: aws.String("rate(5 minutes)"), Description: aws.String("d")})
	w.must(err)
	if *out.RuleArn != *arn("rule/r") {
		t.Error(*out.RuleArn)
	}
	logGroup := aws.String("arn:aws:logs:us-east-1:" + account + ":log-group:/aws/events/x")
	_, err = w.PutTargets(ctx, &sdk.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{{Id: aws.String("1"), Arn: logGroup}}})
	w.must(err)
	_, err = w.PutRule(ctx, &sdk.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["other"]}`), State: types.RuleStateDisabled})
	w.must(err)
	got, err := w.DescribeRule(ctx, &sdk.DescribeRuleInput{Name: aws.String("r")})
	w.must(err)
	if got.State != types.RuleStateDisabled || *got.EventPattern != `{"source":["other"]}` || got.ScheduleExpression != nil || got.Description != nil || *got.CreatedBy != account {
		t.Errorf("%+v", got)
	}
	targets, err := w.ListTargetsByRule(ctx, &sdk.ListTargetsByRuleInput{Rule: aws.String("r"), EventBusName: arn("event-bus/default")})
	w.must(err)
	names, err := w.ListRuleNamesByTarget(ctx, &sdk.ListRuleNamesByTargetInput{TargetArn: logGroup})
	w.must(err)
	if len(targets.Targets) != 1 || len(names.RuleNames) != 1 {
		t.Errorf("%+v %+v", targets, names)
	}
	_, err = w.DeleteRule(ctx, &sdk.DeleteRuleInput{Name: aws.String("r")})
	w.refused(err, "Rule can't be deleted since it has targets.")
	removed, err := w.RemoveTargets(ctx, &sdk.RemoveTargetsInput{Rule: aws.String("r"), Ids: []string{"1", "2"}})
	w.must(err)
	if removed.FailedEntryCount != 1 || *removed.FailedEntries[0].ErrorCode != "ResourceNotFoundException" {
		t.Errorf("%+v", removed)
	}
	_, err = w.EnableRule(ctx, &sdk.EnableRuleInput{Name: aws.String("r")})
	w.must(err)
	_, err = w.DeleteRule(ctx, &sdk.DeleteRuleInput{Name: aws.String("r")})
	w.must(err)
	_, err = w.DescribeRule(ctx, &sdk.DescribeRuleInput{Name: aws.String("r")})
	w.refused(err, "ResourceNotFoundException: Rule r does not exist on EventBus default.")
	for i := range 5 {
		_, err = w.PutRule(ctx, &sdk.PutRuleInput{Name: aws.String(fmt.Sprint("p", i)), EventPattern: aws.String(`{"source":["shop"]}`)})
		w.must(err)
	}
	page, err := w.ListRules(ctx, &sdk.ListRulesInput{Limit: aws.Int32(3)})
	w.must(err)
	rest, err := w.ListRules(ctx, &sdk.ListRulesInput{Limit: aws.Int32(3), NextToken: page.NextToken})
	w.must(err)
	if len(page.Rules) != 3 || len(rest.Rules) != 2 || rest.NextToken != nil {
		t.Errorf("%d and %d", len(page.Rules), len(rest.Rules))
	}
}

func TestWhatRulesAndTargetsAreRefused(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	rule := func(in sdk.PutRuleInput) error { _, err := w.PutRule(ctx, &in); return err }
	w.refused(rule(sdk.PutRuleInput{Name: aws.String("r")}), "Parameter(s) EventPattern or ScheduleExpression must be specified.")
	w.refused(rule(sdk.PutRuleInput{Name: aws.String("a b"), ScheduleExpression: aws.String("rate(1 hour)")}), "regular expression pattern")
	w.refused(rule(sdk.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"a":1}`)}), `InvalidEventPatternException: Event pattern is not valid. Reason: "a" must be an object or an array`)
	w.refused(rule(sdk.PutRuleInput{Name: aws.String("r"), ScheduleExpression: aws.String("rate(1 hours)")}), "Parameter ScheduleExpression is not valid.")
	w.refused(rule(sdk.PutRuleInput{Name: aws.String("r"), ScheduleExpression: aws.String("at(2030-01-01T00:00:00)")}), "Parameter ScheduleExpression is not valid.")
	w.refused(rule(sdk.PutRuleInput{Name: aws.String("r"), EventBusName: aws.String("x"), EventPattern: aws.String(`{"a":[1]}`)}), "Event bus x does not exist.")
	w.refused(rule(sdk.PutRuleInput{Name: aws.String("r"), RoleArn: aws.String("admin"), EventPattern: aws.String(`{"a":[1]}`)}), "Parameter RoleArn is not valid. Reason: Provided Arn is not in correct format.")
	w.must(rule(sdk.PutRuleInput{Name: aws.String("r"), ScheduleExpression: aws.String("cron(0 12 * * ? *)")}))

	target := func(t types.Target) error {
		t.Id = aws.String("1")
		_, err := w.PutTargets(ctx, &sdk.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{t}})
		return err
	}
	group := aws.String("arn:aws:logs:us-east-1:" + account + ":log-group:g:*")
	w.refused(target(types.Target{Arn: aws.String("x")}), "Provided Arn is not in correct format.")
	w.refused(target(types.Target{Arn: aws.String("arn:aws:lambda:us-east-1:" + account + ":function:f")}), "does not give events to AWS Lambda")
	w.refused(target(types.Target{Arn: aws.String("arn:aws:sqs:us-east-1:" + account + ":q")}), "does not give events to Amazon SQS")
	w.refused(target(types.Target{Arn: group, SqsParameters: &types.SqsParameters{MessageGroupId: aws.String("m")}}), "does not support SqsParameters")
	w.refused(target(types.Target{Arn: group, DeadLetterConfig: &types.DeadLetterConfig{Arn: aws.String("arn:aws:sqs:us-east-1:" + account + ":q")}}), "has no queues of Amazon SQS")
	w.refused(target(types.Target{Arn: group, Input: aws.String("{"), InputPath: aws.String("$")}), "Only one of Input, InputPath, or InputTransformer")
	w.refused(target(types.Target{Arn: group, Input: aws.String("{")}), "JSON syntax error")
	w.refused(target(types.Target{Arn: group, InputTransformer: &types.InputTransformer{InputTemplate: aws.String("<x>")}}), "Invalid InputTransformer")
	w.refused(target(types.Target{Arn: group, RetryPolicy: &types.RetryPolicy{MaximumRetryAttempts: aws.Int32(186)}}), "less than or equal to 185")
	cluster := aws.String("arn:aws:ecs:us-east-1:" + account + ":cluster/c")
	w.refused(target(types.Target{Arn: cluster}), "EcsParameters is required")
	w.refused(target(types.Target{Arn: cluster, EcsParameters: &types.EcsParameters{TaskDefinitionArn: aws.String("t")}}), "RoleArn is required for target")
	w.refused(target(types.Target{Arn: group, RoleArn: aws.String("admin")}), "Parameter RoleArn is not valid. Reason: Provided Arn is not in correct format.")
	w.refused(target(types.Target{Arn: aws.String("arn:aws:sns:eu-west-1:" + account + ":t")}), "account and region only")
	w.must(target(types.Target{Arn: group}))
}

func TestPutEvents(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	entry := func(source, detail string) types.PutEventsRequestEntry {
		return types.PutEventsRequestEntry{Source: &source, DetailType: aws.String("Order"), Detail: &detail}
	}
	put := func(entries ...types.PutEventsRequestEntry) *sdk.PutEventsOutput {
		t.Helper()
		out, err := w.PutEvents(ctx, &sdk.PutEventsInput{Entries: entries})
		w.must(err)
		return out
	}
	if out := put(entry("shop", `{"n":1.50}`)); out.FailedEntryCount != 0 || *out.Entries[0].EventId == "" || len(w.waiting()) != 0 {
		t.Errorf("without a rule: %+v, %d events", out, len(w.waiting()))
	}
	_, err := w.PutRule(ctx, &sdk.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["shop"]}`)})
	w.must(err)
	bad := entry("shop", "{}")
	bad.EventBusName = aws.String("none")
	old := entry("shop", `{"n":1.50}`)
	old.Time, old.Resources = aws.Time(w.now.Add(-time.Hour)), []string{"r"}
	out := put(old, entry("", "{}"), entry("shop", ""), entry("shop", "[1]"), entry("aws.ecs", "{}"), bad)
	var codes []string
	for _, e := range out.Entries {
		codes = append(codes, aws.ToString(e.ErrorCode))
	}
	if got := strings.Join(codes, ","); got != ",InvalidArgument,InvalidArgument,MalformedDetail,NotAuthorizedForSourceException,InvalidArgument" || out.FailedEntryCount != 5 {
		t.Errorf("codes %s, %d failed", got, out.FailedEntryCount)
	}
	events := w.waiting()
	if len(events) != 1 || string(events[0].Envelope.Detail) != `{"n":1.50}` || events[0].Envelope.Time != "2026-05-05T09:00:30Z" || events[0].Envelope.ID != *out.Entries[0].EventId {
		t.Errorf("%+v", events)
	}
	_, err = w.PutEvents(ctx, &sdk.PutEventsInput{Entries: make([]types.PutEventsRequestEntry, 11)})
	w.refused(err, "Member must have length")
	_, err = w.PutEvents(ctx, &sdk.PutEventsInput{Entries: []types.PutEventsRequestEntry{entry("shop", `{"x":"`+strings.Repeat("x", 256<<10)+`"}`)}})
	w.refused(err, "Total size of the entries in the request is over the limit.")

	tested, err := w.TestEventPattern(ctx, &sdk.TestEventPatternInput{
		EventPattern: aws.String(`{"source":["shop"]}`), Event: aws.String(`{"id":"1","account":"1","source":"shop","time":"2026-01-01T00:00:00Z","region":"r","resources":[],"detail-type":"t","detail":{}}`),
	})
	w.must(err)
	if !tested.Result {
		t.Error("no match")
	}
	_, err = w.TestEventPattern(ctx, &sdk.TestEventPatternInput{EventPattern: aws.String(`{"source":["shop"]}`), Event: aws.String(`{"source":"shop"}`)})
	w.refused(err, "Parameter Event is not valid.")
}

// Another account's events are taken where the bus's policy lets it in.
func TestPermissions(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, err := w.CreateEventBus(ctx, &sdk.CreateEventBusInput{Name: aws.String("shared")})
	w.must(err)
	_, err = w.CreateEventBus(ctx, &sdk.CreateEventBusInput{Name: aws.String("shared")})
	w.refused(err, "ResourceAlreadyExistsException: Event bus shared already exists.")
	other := sdk.New(w.Options(), func(o *sdk.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider("999999999999", "secret", "")
	})
	put := func() string {
		out, err := other.PutEvents(ctx, &sdk.PutEventsInput{Entries: []types.PutEventsRequestEntry{{Source: aws.String("s"), DetailType: aws.String("t"), Detail: aws.String("{}"), EventBusName: arn("event-bus/shared")}}})
		w.must(err)
		return aws.ToString(out.Entries[0].ErrorCode)
	}
	if code := put(); code != "AccessDeniedException" {
		t.Errorf("without permission: %q", code)
	}
	_, err = w.PutPermission(ctx, &sdk.PutPermissionInput{EventBusName: aws.String("shared"), Action: aws.String("events:PutEvents"), Principal: aws.String("999999999999"), StatementId: aws.String("other")})
	w.must(err)
	if code := put(); code != "" {
		t.Errorf("with permission: %q", code)
	}
	_, err = w.RemovePermission(ctx, &sdk.RemovePermissionInput{EventBusName: aws.String("shared"), StatementId: aws.String("other")})
	w.must(err)
	_, err = w.RemovePermission(ctx, &sdk.RemovePermissionInput{EventBusName: aws.String("shared"), StatementId: aws.String("other")})
	w.refused(err, "Statement with the provided id does not exist.")
	buses, err := w.ListEventBuses(ctx, &sdk.ListEventBusesInput{})
	w.must(err)
	if len(buses.EventBuses) != 2 || buses.EventBuses[1].Policy != nil {
		t.Errorf("%+v", buses.EventBuses)
	}
	_, err = w.DeleteEventBus(ctx, &sdk.DeleteEventBusInput{Name: aws.String("default")})
	w.refused(err, "Cannot delete event bus default.")
	_, err = w.TagResource(ctx, &sdk.TagResourceInput{ResourceARN: arn("event-bus/shared"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	w.must(err)
	tags, err := w.ListTagsForResource(ctx, &sdk.ListTagsForResourceInput{ResourceARN: arn("event-bus/shared")})
	w.must(err)
	if len(tags.Tags) != 1 {
		t.Errorf("%+v", tags)
	}
}

// The secrets of a connection are shown by nothing, and stored sealed.
func TestConnections(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, err := w.CreateConnection(ctx, &sdk.CreateConnectionInput{Name: aws.String("c"), AuthorizationType: types.ConnectionAuthorizationTypeBasic, AuthParameters: &types.CreateConnectionAuthRequestParameters{
		ApiKeyAuthParameters: &types.CreateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("k"), ApiKeyValue: aws.String("v")},
	}})
	w.refused(err, "it must have the parameters of AuthorizationType BASIC")
	created, err := w.CreateConnection(ctx, &sdk.CreateConnectionInput{Name: aws.String("c"), AuthorizationType: types.ConnectionAuthorizationTypeBasic, AuthParameters: &types.CreateConnectionAuthRequestParameters{
		BasicAuthParameters:      &types.CreateConnectionBasicAuthRequestParameters{Username: aws.String("me"), Password: aws.String("pa55word")},
		InvocationHttpParameters: &types.ConnectionHttpParameters{QueryStringParameters: []types.ConnectionQueryStringParameter{{Key: aws.String("q"), Value: aws.String("hidden-value"), IsValueSecret: true}}},
	}})
	w.must(err)
	_, err = w.UpdateConnection(ctx, &sdk.UpdateConnectionInput{Name: aws.String("c"), AuthParameters: &types.UpdateConnectionAuthRequestParameters{BasicAuthParameters: &types.UpdateConnectionBasicAuthRequestParameters{Username: aws.String("you")}}})
	w.must(err)
	got, err := w.DescribeConnection(ctx, &sdk.DescribeConnectionInput{Name: aws.String("c")})
	w.must(err)
	shown, _ := json.Marshal(got)
	if *got.AuthParameters.BasicAuthParameters.Username != "you" || strings.Contains(string(shown), "pa55word") || strings.Contains(string(shown), "hidden-value") {
		t.Errorf("%s", shown)
	}
	_ = w.db.View(ctx, func(r store.Reader) error {
		for _, c := range store.EventConnections.List(r, state.Scope{}, "") {
			b, _ := json.Marshal(c)
			if strings.Contains(string(b), "pa55word") || strings.Contains(string(b), "hidden-value") {
				t.Errorf("stored %s", b)
			}
		}
		return nil
	})
	_, err = w.CreateApiDestination(ctx, &sdk.CreateApiDestinationInput{Name: aws.String("d"), ConnectionArn: created.ConnectionArn, InvocationEndpoint: aws.String("ftp://x"), HttpMethod: types.ApiDestinationHttpMethodPost})
	w.refused(err, "it must be a URL of https or http")
	_, err = w.CreateApiDestination(ctx, &sdk.CreateApiDestinationInput{Name: aws.String("d"), ConnectionArn: created.ConnectionArn, InvocationEndpoint: aws.String("https://example.com/*"), HttpMethod: types.ApiDestinationHttpMethodPost})
	w.must(err)
	_, err = w.DeauthorizeConnection(ctx, &sdk.DeauthorizeConnectionInput{Name: aws.String("c")})
	w.must(err)
	destination, err := w.DescribeApiDestination(ctx, &sdk.DescribeApiDestinationInput{Name: aws.String("d")})
	w.must(err)
	if destination.ApiDestinationState != types.ApiDestinationStateInactive || *destination.InvocationRateLimitPerSecond != 300 {
		t.Errorf("%+v", destination)
	}
}

// A connection with OAuth is authorized by its endpoint's answer alone.
func TestConnectionsWithOAuth(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	name := aws.String("o")
	want := func(is types.ConnectionState, why string, destination types.ApiDestinationState) {
		t.Helper()
		got, err := w.DescribeConnection(ctx, &sdk.DescribeConnectionInput{Name: name})
		w.must(err)
		list, err := w.ListConnections(ctx, &sdk.ListConnectionsInput{ConnectionState: is})
		w.must(err)
		d, err := w.DescribeApiDestination(ctx, &sdk.DescribeApiDestinationInput{Name: name})
		w.must(err)
		if got.ConnectionState != is || aws.ToString(got.StateReason) != why || len(list.Connections) != 1 || aws.ToString(list.Connections[0].StateReason) != why || d.ApiDestinationState != destination {
			t.Errorf("%s %s, %+v, %s", got.ConnectionState, aws.ToString(got.StateReason), list.Connections, d.ApiDestinationState)
		}
		if (got.LastAuthorizedTime != nil) != (is == types.ConnectionStateAuthorized) {
			t.Errorf("%s since %v", is, got.LastAuthorizedTime)
		}
	}
	answer := func(a state.AuthorizationAnswer) {
		t.Helper()
		w.must(w.db.Update(ctx, func(s store.Writer) error {
			for k, c := range store.EventConnections.List(s, state.Scope{}, "") {
				a.Asked, c.Answer = c.Asked, &a
				return store.EventConnections.Put(s, k, c)
			}
			return nil
		}))
	}
	created, err := w.CreateConnection(ctx, &sdk.CreateConnectionInput{Name: name, AuthorizationType: types.ConnectionAuthorizationTypeOauthClientCredentials, AuthParameters: &types.CreateConnectionAuthRequestParameters{
		OAuthParameters: &types.CreateConnectionOAuthRequestParameters{
			AuthorizationEndpoint: aws.String("https://auth.example.com/token"), HttpMethod: types.ConnectionOAuthHttpMethodPost,
			ClientParameters: &types.CreateConnectionOAuthClientRequestParameters{ClientID: aws.String("id"), ClientSecret: aws.String("pa55word")},
		},
	}})
	w.must(err)
	if created.ConnectionState != types.ConnectionStateAuthorizing {
		t.Errorf("made %s", created.ConnectionState)
	}
	_, err = w.CreateApiDestination(ctx, &sdk.CreateApiDestinationInput{Name: name, ConnectionArn: created.ConnectionArn, InvocationEndpoint: aws.String("https://example.com/*"), HttpMethod: types.ApiDestinationHttpMethodPost})
	w.must(err)
	want(types.ConnectionStateAuthorizing, "", types.ApiDestinationStateActive)
	answer(state.AuthorizationAnswer{Reason: "status 401"})
	want(types.ConnectionStateDeauthorized, "status 401", types.ApiDestinationStateInactive)
	updated, err := w.UpdateConnection(ctx, &sdk.UpdateConnectionInput{Name: name, Description: aws.String("d")})
	w.must(err)
	if updated.ConnectionState != types.ConnectionStateAuthorizing {
		t.Errorf("updated %s", updated.ConnectionState)
	}
	answer(state.AuthorizationAnswer{Token: true, AuthorizedAt: w.now})
	want(types.ConnectionStateAuthorized, "", types.ApiDestinationStateActive)
	gone, err := w.DeauthorizeConnection(ctx, &sdk.DeauthorizeConnectionInput{Name: name})
	w.must(err)
	if gone.ConnectionState != types.ConnectionStateDeauthorized {
		t.Errorf("deauthorized %s", gone.ConnectionState)
	}
	updated, err = w.UpdateConnection(ctx, &sdk.UpdateConnectionInput{Name: name, AuthorizationType: types.ConnectionAuthorizationTypeApiKey, AuthParameters: &types.UpdateConnectionAuthRequestParameters{
		ApiKeyAuthParameters: &types.UpdateConnectionApiKeyAuthRequestParameters{ApiKeyName: aws.String("k"), ApiKeyValue: aws.String("v")},
	}})
	w.must(err)
	if updated.ConnectionState != types.ConnectionStateAuthorized {
		t.Errorf("with a key %s", updated.ConnectionState)
	}
}

func TestArchivesAndReplays(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, err := w.CreateArchive(ctx, &sdk.CreateArchiveInput{ArchiveName: aws.String("a"), EventSourceArn: arn("event-bus/none")})
	w.refused(err, "Event bus none does not exist.")
	_, err = w.CreateArchive(ctx, &sdk.CreateArchiveInput{ArchiveName: aws.String("a"), EventSourceArn: arn("event-bus/default"), RetentionDays: aws.Int32(3)})
	w.must(err)
	_, err = w.UpdateArchive(ctx, &sdk.UpdateArchiveInput{ArchiveName: aws.String("a"), EventPattern: aws.String(`{"source":["shop"]}`)})
	w.must(err)
	got, err := w.DescribeArchive(ctx, &sdk.DescribeArchiveInput{ArchiveName: aws.String("a")})
	w.must(err)
	if *got.RetentionDays != 3 || *got.EventPattern != `{"source":["shop"]}` || got.State != types.ArchiveStateEnabled {
		t.Errorf("%+v", got)
	}
	replay := sdk.StartReplayInput{
		ReplayName: aws.String("r"), EventSourceArn: arn("archive/a"), EventStartTime: aws.Time(w.now.Add(-time.Hour)), EventEndTime: aws.Time(w.now),
		Destination: &types.ReplayDestination{Arn: arn("event-bus/default"), FilterArns: []string{*arn("rule/none")}},
	}
	_, err = w.StartReplay(ctx, &replay)
	w.refused(err, "does not exist")
	replay.Destination.FilterArns = nil
	_, err = w.StartReplay(ctx, &replay)
	w.must(err)
	_, err = w.StartReplay(ctx, &replay)
	w.refused(err, "Replay r already exists.")
	_, err = w.CancelReplay(ctx, &sdk.CancelReplayInput{ReplayName: aws.String("r")})
	w.must(err)
	_, err = w.CancelReplay(ctx, &sdk.CancelReplayInput{ReplayName: aws.String("r")})
	w.refused(err, "IllegalStatusException")
	_, err = w.DeleteArchive(ctx, &sdk.DeleteArchiveInput{ArchiveName: aws.String("a")})
	w.must(err)
	_, err = w.ActivateEventSource(ctx, &sdk.ActivateEventSourceInput{Name: aws.String("x")})
	w.refused(err, "does not support events ActivateEventSource")
}
