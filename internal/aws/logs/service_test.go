package cloudwatchlogs_test

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"

	cloudwatchlogs "github.com/hatoba/hatoba/internal/aws/logs"
	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// start serves an empty store over HTTP at noon.
func start(t *testing.T) *sdk.Client {
	t.Helper()
	return sdk.New(sdk.Options{
		BaseEndpoint: aws.String(serve(t)),
		Region:       "eu-west-1",
		Credentials:  credentials.NewStaticCredentialsProvider("123456789012", "secret", ""),
		HTTPClient:   http.DefaultClient,
	})
}

// serve returns the address of an empty store.
func serve(t *testing.T) string {
	t.Helper()
	engine, err := logs.Open(t.Context(), logs.Config{Dir: t.TempDir(), Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	handler, err := wire.NewHandler(wire.HandlerConfig{
		Services:     []wire.Service{cloudwatchlogs.New(engine).Describe()},
		DefaultScope: state.Scope{Account: "000000000000", Region: "us-east-1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

const arn = "arn:aws:logs:eu-west-1:123456789012:log-group:"

// must fails the test on an error.
func must[T any](t *testing.T) func(out T, err error) T {
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// fails checks code and message of an error; the message is a prefix.
func fails(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.HasPrefix(api.ErrorMessage(), message) {
		t.Errorf("got %v\nwant %s: %s", err, code, message)
	}
}

// fill makes a group with streams.
func fill(t *testing.T, c *sdk.Client, group string, streams ...string) {
	t.Helper()
	must[*sdk.CreateLogGroupOutput](t)(c.CreateLogGroup(t.Context(), &sdk.CreateLogGroupInput{LogGroupName: &group}))
	for _, s := range streams {
		must[*sdk.CreateLogStreamOutput](t)(c.CreateLogStream(t.Context(), &sdk.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &s}))
	}
}

// event is an event some milliseconds after noon.
func event(ms int64, message string) types.InputLogEvent {
	return types.InputLogEvent{Timestamp: aws.Int64(noon.UnixMilli() + ms), Message: &message}
}

func put(t *testing.T, c *sdk.Client, group, stream string, events ...types.InputLogEvent) *sdk.PutLogEventsOutput {
	t.Helper()
	return must[*sdk.PutLogEventsOutput](t)(c.PutLogEvents(t.Context(), &sdk.PutLogEventsInput{
		LogGroupName: &group, LogStreamName: &stream, LogEvents: events,
	}))
}

func TestGroupsLiveAndDie(t *testing.T) {
	c, ctx := start(t), t.Context()
	must[*sdk.CreateLogGroupOutput](t)(c.CreateLogGroup(ctx, &sdk.CreateLogGroupInput{
		LogGroupName: aws.String("/ecs/app"), Tags: map[string]string{"team": "a"}, DeletionProtectionEnabled: aws.Bool(true),
	}))
	_, err := c.CreateLogGroup(ctx, &sdk.CreateLogGroupInput{LogGroupName: aws.String("/ecs/app")})
	var exists *types.ResourceAlreadyExistsException
	if !errors.As(err, &exists) {
		t.Errorf("a second group: %v", err)
	}
	must[*sdk.PutRetentionPolicyOutput](t)(c.PutRetentionPolicy(ctx, &sdk.PutRetentionPolicyInput{LogGroupName: aws.String("/ecs/app"), RetentionInDays: aws.Int32(30)}))
	out := must[*sdk.DescribeLogGroupsOutput](t)(c.DescribeLogGroups(ctx, &sdk.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/ecs")}))
	want := types.LogGroup{
		Arn: aws.String(arn + "/ecs/app:*"), LogGroupArn: aws.String(arn + "/ecs/app"), LogGroupName: aws.String("/ecs/app"),
		CreationTime: aws.Int64(noon.UnixMilli()), LogGroupClass: types.LogGroupClassStandard, MetricFilterCount: aws.Int32(0),
		RetentionInDays: aws.Int32(30), StoredBytes: aws.Int64(0), DeletionProtectionEnabled: aws.Bool(true),
	}
	if len(out.LogGroups) != 1 || !reflect.DeepEqual(out.LogGroups[0], want) {
		t.Errorf("got %+v", out.LogGroups)
	}
	_, err = c.DeleteLogGroup(ctx, &sdk.DeleteLogGroupInput{LogGroupName: aws.String("/ecs/app")})
	fails(t, err, "ValidationException", "The specified log group has deletion protection")
	must[*sdk.PutLogGroupDeletionProtectionOutput](t)(c.PutLogGroupDeletionProtection(ctx, &sdk.PutLogGroupDeletionProtectionInput{
		LogGroupIdentifier: aws.String(arn + "/ecs/app"), DeletionProtectionEnabled: aws.Bool(false),
	}))
	must[*sdk.DeleteRetentionPolicyOutput](t)(c.DeleteRetentionPolicy(ctx, &sdk.DeleteRetentionPolicyInput{LogGroupName: aws.String("/ecs/app")}))
	must[*sdk.DeleteLogGroupOutput](t)(c.DeleteLogGroup(ctx, &sdk.DeleteLogGroupInput{LogGroupName: aws.String("/ecs/app")}))
	_, err = c.DeleteLogGroup(ctx, &sdk.DeleteLogGroupInput{LogGroupName: aws.String("/ecs/app")})
	fails(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
}

func TestGroupsAreListedInPages(t *testing.T) {
	c, ctx := start(t), t.Context()
	for i := range 7 {
		fill(t, c, fmt.Sprintf("/app/%d", i))
	}
	fill(t, c, "other")
	var names []string
	pages := sdk.NewDescribeLogGroupsPaginator(c, &sdk.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/app/"), Limit: aws.Int32(3)})
	for pages.HasMorePages() {
		for _, g := range must[*sdk.DescribeLogGroupsOutput](t)(pages.NextPage(ctx)).LogGroups {
			names = append(names, *g.LogGroupName)
		}
	}
	if got := strings.Join(names, " "); got != "/app/0 /app/1 /app/2 /app/3 /app/4 /app/5 /app/6" {
		t.Errorf("got %s", got)
	}
	out := must[*sdk.DescribeLogGroupsOutput](t)(c.DescribeLogGroups(ctx, &sdk.DescribeLogGroupsInput{LogGroupNamePattern: aws.String("p/3")}))
	if len(out.LogGroups) != 1 || out.LogGroups[0].StoredBytes != nil {
		t.Errorf("by pattern: %+v", out.LogGroups)
	}
	list := must[*sdk.ListLogGroupsOutput](t)(c.ListLogGroups(ctx, &sdk.ListLogGroupsInput{LogGroupNamePattern: aws.String("^other|app/6")}))
	if len(list.LogGroups) != 2 || *list.LogGroups[0].LogGroupArn != arn+"/app/6" {
		t.Errorf("list: %+v", list.LogGroups)
	}
	_, err := c.DescribeLogGroups(ctx, &sdk.DescribeLogGroupsInput{NextToken: aws.String("x")})
	fails(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
}

func TestWhatIsWrongIsTold(t *testing.T) {
	c, ctx := start(t), t.Context()
	fill(t, c, "g", "s")
	group := func(in sdk.CreateLogGroupInput) error { _, err := c.CreateLogGroup(ctx, &in); return err }
	putting := func(events ...types.InputLogEvent) error {
		_, err := c.PutLogEvents(ctx, &sdk.PutLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), LogEvents: events})
		return err
	}
	filtering := func(in sdk.FilterLogEventsInput) error { _, err := c.FilterLogEvents(ctx, &in); return err }
	_, badStream := c.CreateLogStream(ctx, &sdk.CreateLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("a:b")})
	_, retention := c.PutRetentionPolicy(ctx, &sdk.PutRetentionPolicyInput{LogGroupName: aws.String("g"), RetentionInDays: aws.Int32(2)})
	_, foreign := c.ListTagsForResource(ctx, &sdk.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:logs:us-east-1:1:log-group:g")})
	_, order := c.DescribeLogStreams(ctx, &sdk.DescribeLogStreamsInput{LogGroupName: aws.String("g"), OrderBy: types.OrderByLastEventTime, LogStreamNamePrefix: aws.String("s")})
	_, neither := c.GetLogEvents(ctx, &sdk.GetLogEventsInput{LogStreamName: aws.String("s")})
	_, noStream := c.GetLogEvents(ctx, &sdk.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("no")})
	many := make([]types.InputLogEvent, 10_001)
	for i := range many {
		many[i] = event(0, "x")
	}
	for _, test := range []struct {
		err           error
		code, message string
	}{
		{group(sdk.CreateLogGroupInput{LogGroupName: aws.String("a b")}), "InvalidParameterException", `1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`},
		{group(sdk.CreateLogGroupInput{LogGroupName: aws.String(strings.Repeat("a", 513))}), "InvalidParameterException", "1 validation error detected: Value 'aaa"},
		{group(sdk.CreateLogGroupInput{LogGroupName: aws.String(""), LogGroupClass: "GOLD"}), "InvalidParameterException", "2 validation errors detected: Value '' at 'logGroupName' failed to satisfy constraint: Member must have length greater than or equal to 1; Value 'GOLD' at 'logGroupClass' failed to satisfy constraint: Member must satisfy enum value set: [DELIVERY, INFREQUENT_ACCESS, STANDARD]"},
		{group(sdk.CreateLogGroupInput{LogGroupName: aws.String("aws/x")}), "InvalidParameterException", "Log groups starting with AWS/ are reserved for AWS."},
		{group(sdk.CreateLogGroupInput{LogGroupName: aws.String("k"), KmsKeyId: aws.String("arn:aws:kms:x")}), "InvalidParameterException", "Hatoba does not support kmsKeyId yet"},
		{badStream, "InvalidParameterException", "1 validation error detected: Value 'a:b' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*"},
		{retention, "InvalidParameterException", "1 validation error detected: Value '2' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [1, 3, 5,"},
		{foreign, "InvalidParameterException", "The ARN 'arn:aws:logs:us-east-1:1:log-group:g' names no log group of this account and region."},
		{order, "InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix."},
		{neither, "InvalidParameterException", "Either LogGroup name or LogGroup ARN must be specified."},
		{noStream, "ResourceNotFoundException", "The specified log stream does not exist."},
		{putting(event(2, "b"), event(1, "a")), "InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order."},
		{putting(event(-86_400_001, "a"), event(0, "b")), "InvalidParameterException", "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."},
		{putting(event(0, strings.Repeat("x", 1<<20))), "InvalidParameterException", "Upload too large: 1048602 bytes exceeds limit of 1048576"},
		{putting(event(0, "")), "InvalidParameterException", "1 validation error detected: Value '' at 'logEvents.1.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{putting(many...), "InvalidParameterException", "1 validation error detected: Value '[10001 events]' at 'logEvents' failed to satisfy constraint: Member must have length less than or equal to 10000"},
		{filtering(sdk.FilterLogEventsInput{LogGroupName: aws.String("g"), FilterPattern: aws.String("a:b")}), "InvalidParameterException", "Invalid character(s) in term ':'"},
		{filtering(sdk.FilterLogEventsInput{LogGroupName: aws.String("g"), FilterPattern: aws.String("{ $.a }")}), "InvalidParameterException", "Invalid filter pattern"},
		{filtering(sdk.FilterLogEventsInput{LogGroupName: aws.String("no")}), "ResourceNotFoundException", "The specified log group does not exist."},
		{filtering(sdk.FilterLogEventsInput{LogGroupName: aws.String("g"), LogStreamNames: []string{"s"}, LogStreamNamePrefix: aws.String("s")}), "InvalidParameterException", "logStreamNames and logStreamNamePrefix"},
		{filtering(sdk.FilterLogEventsInput{LogGroupName: aws.String("g"), NextToken: aws.String("f/x")}), "InvalidParameterException", "The specified nextToken is invalid."},
	} {
		fails(t, test.err, test.code, test.message)
	}
}

func TestStreamsAreListed(t *testing.T) {
	c, ctx := start(t), t.Context()
	fill(t, c, "g", "web/1", "web/2", "web/3", "job/1")
	put(t, c, "g", "web/3", event(3, "x"))
	put(t, c, "g", "web/1", event(5, "x"), event(9, "x"))
	list := func(in sdk.DescribeLogStreamsInput) string {
		t.Helper()
		in.LogGroupName, in.Limit = aws.String("g"), aws.Int32(2)
		got := ""
		for pages := sdk.NewDescribeLogStreamsPaginator(c, &in); pages.HasMorePages(); {
			for _, s := range must[*sdk.DescribeLogStreamsOutput](t)(pages.NextPage(ctx)).LogStreams {
				got += *s.LogStreamName + " "
			}
		}
		return got
	}
	for want, in := range map[string]sdk.DescribeLogStreamsInput{
		"job/1 web/1 web/2 web/3 ": {},
		"web/3 web/2 web/1 job/1 ": {Descending: aws.Bool(true)},
		"web/1 web/2 web/3 ":       {LogStreamNamePrefix: aws.String("web/")},
		"web/3 web/2 web/1 ":       {LogStreamNamePrefix: aws.String("web/"), Descending: aws.Bool(true)},
		"web/1 web/3 web/2 job/1 ": {OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true)},
	} {
		if got := list(in); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	out := must[*sdk.DescribeLogStreamsOutput](t)(c.DescribeLogStreams(ctx, &sdk.DescribeLogStreamsInput{
		LogGroupIdentifier: aws.String(arn + "g"), LogStreamNamePrefix: aws.String("web/1"),
	}))
	s := out.LogStreams[0]
	if *s.Arn != arn+"g:log-stream:web/1" || *s.FirstEventTimestamp != noon.UnixMilli()+5 || *s.LastEventTimestamp != noon.UnixMilli()+9 ||
		*s.LastIngestionTime != noon.UnixMilli() || *s.CreationTime != noon.UnixMilli() {
		t.Errorf("got %+v", s)
	}
}

func TestEventsComeBackAsPut(t *testing.T) {
	c, ctx := start(t), t.Context()
	fill(t, c, "g", "s")
	messages := []string{"plain", "tab\t\"quote\" \\ \u2028", "日本語 🚢", " spaces ", "<&>"}
	for i, m := range messages {
		if out := put(t, c, "g", "s", event(int64(i), m)); out.RejectedLogEventsInfo != nil || empty(out.NextSequenceToken) {
			t.Errorf("answer %+v", out)
		}
	}
	out := must[*sdk.GetLogEventsOutput](t)(c.GetLogEvents(ctx, &sdk.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")}))
	for i, e := range out.Events {
		if *e.Message != messages[i] || *e.Timestamp != noon.UnixMilli()+int64(i) || *e.IngestionTime != noon.UnixMilli() {
			t.Errorf("got %q at %d", *e.Message, *e.Timestamp)
		}
	}
	if len(out.Events) != len(messages) {
		t.Errorf("%d events", len(out.Events))
	}
	// The end is exclusive here and inclusive in FilterLogEvents.
	end := aws.Int64(noon.UnixMilli() + 2)
	got := must[*sdk.GetLogEventsOutput](t)(c.GetLogEvents(ctx, &sdk.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), EndTime: end}))
	found := must[*sdk.FilterLogEventsOutput](t)(c.FilterLogEvents(ctx, &sdk.FilterLogEventsInput{LogGroupName: aws.String("g"), EndTime: end}))
	ever := must[*sdk.FilterLogEventsOutput](t)(c.FilterLogEvents(ctx, &sdk.FilterLogEventsInput{LogGroupName: aws.String("g"), EndTime: aws.Int64(math.MaxInt64)}))
	if len(ever.Events) == 0 {
		t.Error("nothing is before the end of time")
	}
	if len(got.Events) != 2 || len(found.Events) != 3 {
		t.Errorf("got %d, found %d", len(got.Events), len(found.Events))
	}
}

func empty(s *string) bool { return aws.ToString(s) == "" }

func TestTokensStandStillAtTheEnds(t *testing.T) {
	c, ctx := start(t), t.Context()
	fill(t, c, "g", "s")
	for i := range 5 {
		put(t, c, "g", "s", event(int64(i), fmt.Sprint(i)))
	}
	get := func(token *string) (string, *sdk.GetLogEventsOutput) {
		t.Helper()
		out := must[*sdk.GetLogEventsOutput](t)(c.GetLogEvents(ctx, &sdk.GetLogEventsInput{
			LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), Limit: aws.Int32(2), NextToken: token,
		}))
		got := ""
		for _, e := range out.Events {
			got += *e.Message
		}
		return got, out
	}
	got, out := get(nil) // from the tail
	if got != "34" {
		t.Fatalf("first %q", got)
	}
	end := out.NextForwardToken
	for _, want := range []string{"12", "0", ""} {
		if got, out = get(out.NextBackwardToken); got != want {
			t.Fatalf("backward %q, want %q", got, want)
		}
	}
	if _, again := get(out.NextBackwardToken); *again.NextBackwardToken != *out.NextBackwardToken {
		t.Error("the backward token moves at the start")
	}
	if got, out = get(end); got != "" || *out.NextForwardToken != *end {
		t.Errorf("at the end: %q, token moved: %v", got, *out.NextForwardToken != *end)
	}
	put(t, c, "g", "s", event(9, "new"))
	if got, _ = get(end); got != "new" {
		t.Errorf("after the end: %q", got)
	}
}

func TestRejectedEventsAreTold(t *testing.T) {
	c := start(t)
	fill(t, c, "g", "s")
	out := put(t, c, "g", "s", event(-15*86_400_000, "old"), event(-15*86_400_000, "old"))
	if r := out.RejectedLogEventsInfo; r == nil || r.TooOldLogEventEndIndex == nil || *r.TooOldLogEventEndIndex != 2 || r.TooNewLogEventStartIndex != nil {
		t.Errorf("got %+v", r)
	}
	out = put(t, c, "g", "s", event(0, "now"), event(7_200_001, "new"))
	if r := out.RejectedLogEventsInfo; r == nil || r.TooNewLogEventStartIndex == nil || *r.TooNewLogEventStartIndex != 1 || r.TooOldLogEventEndIndex != nil {
		t.Errorf("got %+v", r)
	}
}

func TestFilterMergesStreamsAndPages(t *testing.T) {
	c, ctx := start(t), t.Context()
	fill(t, c, "g", "a/1", "a/2", "b/1")
	for i := range 9 {
		put(t, c, "g", []string{"a/1", "a/2", "b/1"}[i%3], event(int64(i), fmt.Sprintf(`{"n":%d,"level":"%s"}`, i, []string{"INFO", "ERROR"}[i%2])))
	}
	find := func(in sdk.FilterLogEventsInput) string {
		t.Helper()
		in.LogGroupName, in.Limit = aws.String("g"), aws.Int32(2)
		got, ids := "", map[string]bool{}
		for pages := sdk.NewFilterLogEventsPaginator(c, &in); pages.HasMorePages(); {
			for _, e := range must[*sdk.FilterLogEventsOutput](t)(pages.NextPage(ctx)).Events {
				got += (*e.Message)[5:6]
				ids[*e.EventId] = true
			}
		}
		if len(ids) != len(got) {
			t.Errorf("%d ids of %d events", len(ids), len(got))
		}
		return got
	}
	for want, in := range map[string]sdk.FilterLogEventsInput{
		"012345678": {},
		"1357":      {FilterPattern: aws.String("ERROR")},
		"57":        {FilterPattern: aws.String(`{ $.level = "ERROR" && $.n > 4 }`)},
		"013467":    {LogStreamNamePrefix: aws.String("a/")},
		"258":       {LogStreamNames: []string{"b/1"}},
		"8765":      {StartFromHead: aws.Bool(false), StartTime: aws.Int64(noon.UnixMilli() + 5)},
	} {
		if got := find(in); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTags(t *testing.T) {
	c, ctx := start(t), t.Context()
	fill(t, c, "g")
	must[*sdk.TagResourceOutput](t)(c.TagResource(ctx, &sdk.TagResourceInput{ResourceArn: aws.String(arn + "g"), Tags: map[string]string{"a": "1", "b": ""}}))
	must[*sdk.TagLogGroupOutput](t)(c.TagLogGroup(ctx, &sdk.TagLogGroupInput{LogGroupName: aws.String("g"), Tags: map[string]string{"a": "2", "c": "3"}}))
	must[*sdk.UntagResourceOutput](t)(c.UntagResource(ctx, &sdk.UntagResourceInput{ResourceArn: aws.String(arn + "g:*"), TagKeys: []string{"b", "no"}}))
	byARN := must[*sdk.ListTagsForResourceOutput](t)(c.ListTagsForResource(ctx, &sdk.ListTagsForResourceInput{ResourceArn: aws.String(arn + "g:*")}))
	byName := must[*sdk.ListTagsLogGroupOutput](t)(c.ListTagsLogGroup(ctx, &sdk.ListTagsLogGroupInput{LogGroupName: aws.String("g")}))
	want := map[string]string{"a": "2", "c": "3"}
	if !reflect.DeepEqual(byARN.Tags, want) || !reflect.DeepEqual(byName.Tags, want) {
		t.Errorf("got %v and %v", byARN.Tags, byName.Tags)
	}
	must[*sdk.UntagLogGroupOutput](t)(c.UntagLogGroup(ctx, &sdk.UntagLogGroupInput{LogGroupName: aws.String("g"), Tags: []string{"a", "c"}}))
	many := map[string]string{}
	for i := range 51 {
		many[fmt.Sprint("k", i)] = "v"
	}
	_, err := c.TagResource(ctx, &sdk.TagResourceInput{ResourceArn: aws.String(arn + "g"), Tags: many})
	var tooMany *types.TooManyTagsException
	if !errors.As(err, &tooMany) || aws.ToString(tooMany.ResourceName) != arn+"g" {
		t.Errorf("51 tags: %v", err)
	}
	if got := must[*sdk.ListTagsLogGroupOutput](t)(c.ListTagsLogGroup(ctx, &sdk.ListTagsLogGroupInput{LogGroupName: aws.String("g")})); len(got.Tags) != 0 {
		t.Errorf("left: %v", got.Tags)
	}
}
