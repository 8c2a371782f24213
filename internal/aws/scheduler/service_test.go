package scheduler_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/hatoba/hatoba/internal/aws/scheduler"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

const account = "123456789012"

var now = time.Date(2026, 5, 5, 10, 0, 30, 0, time.UTC)

func client(t *testing.T) (*sdk.Client, store.Store) {
	db := mem.New()
	service, err := scheduler.New(db, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{service.Describe()}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return sdk.New(sdk.Options{BaseEndpoint: &server.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(account, "secret", "")}), db
}

// nightly is a request that is taken.
func nightly() *sdk.CreateScheduleInput {
	return &sdk.CreateScheduleInput{
		Name: aws.String("nightly"), ScheduleExpression: aws.String("cron(0 3 * * ? *)"), ScheduleExpressionTimezone: aws.String("Asia/Tokyo"),
		FlexibleTimeWindow: &types.FlexibleTimeWindow{Mode: types.FlexibleTimeWindowModeOff},
		Target: &types.Target{
			Arn: aws.String("arn:aws:ecs:us-east-1:" + account + ":cluster/default"), RoleArn: aws.String("arn:aws:iam::" + account + ":role/r"),
			EcsParameters: &types.EcsParameters{TaskDefinitionArn: aws.String("job"), LaunchType: types.LaunchTypeFargate},
		},
	}
}

func TestSchedules(t *testing.T) {
	c, db := client(t)
	ctx := t.Context()
	in := nightly()
	in.ClientToken = aws.String("once")
	for range 2 { // the request and its repeat
		out, err := c.CreateSchedule(ctx, in)
		if err != nil || *out.ScheduleArn != "arn:aws:scheduler:us-east-1:"+account+":schedule/default/nightly" {
			t.Fatal(out, err)
		}
	}
	if _, err := c.CreateSchedule(ctx, nightly()); err == nil || !strings.Contains(err.Error(), "ConflictException: Schedule nightly already exists.") {
		t.Error(err)
	}
	got, err := c.GetSchedule(ctx, &sdk.GetScheduleInput{Name: aws.String("nightly")})
	if err != nil || *got.ScheduleExpressionTimezone != "Asia/Tokyo" || got.State != types.ScheduleStateEnabled || *got.Target.EcsParameters.TaskDefinitionArn != "job" {
		t.Fatalf("%+v %v", got, err)
	}
	_ = db.View(ctx, func(r store.Reader) error {
		for _, s := range store.EventSchedules.List(r, state.Scope{}, "") {
			if s.Next == nil || s.Next.Format(time.RFC3339) != "2026-05-05T18:00:00Z" {
				t.Errorf("due at %v", s.Next)
			}
		}
		return nil
	})
	_, err = c.UpdateSchedule(ctx, &sdk.UpdateScheduleInput{
		Name: aws.String("nightly"), ScheduleExpression: aws.String("rate(1 hour)"), State: types.ScheduleStateDisabled, FlexibleTimeWindow: in.FlexibleTimeWindow, Target: in.Target,
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := c.ListSchedules(ctx, &sdk.ListSchedulesInput{State: types.ScheduleStateDisabled})
	if err != nil || len(list.Schedules) != 1 {
		t.Errorf("%+v %v", list, err)
	}
	if _, err = c.DeleteSchedule(ctx, &sdk.DeleteScheduleInput{Name: aws.String("nightly")}); err != nil {
		t.Error(err)
	}
	if _, err = c.GetSchedule(ctx, &sdk.GetScheduleInput{Name: aws.String("nightly")}); err == nil || !strings.Contains(err.Error(), "Schedule nightly does not exist.") {
		t.Error(err)
	}
}

// A moment that has passed is taken, as on AWS, and is late; a change of what is
// over brings it back only with another moment.
func TestMomentsThatHavePassed(t *testing.T) {
	c, db := client(t)
	ctx := t.Context()
	due := func() (out string) {
		_ = db.View(ctx, func(r store.Reader) error {
			s, _ := store.EventSchedules.Get(r, state.Scope{Account: account, Region: "us-east-1"}.Key("default/nightly"))
			if out = "never"; s.Next != nil {
				out = s.Next.Format("15:04:05")
			}
			return nil
		})
		return out
	}
	in := nightly()
	in.ScheduleExpressionTimezone, in.ScheduleExpression, in.EndDate = nil, aws.String("at(2026-05-05T10:00:00)"), aws.Time(now.Add(time.Second))
	if _, err := c.CreateSchedule(ctx, in); err != nil || due() != "10:00:00" {
		t.Errorf("made: due %s, %v", due(), err)
	}
	key := state.Scope{Account: account, Region: "us-east-1"}.Key("default/nightly")
	_ = db.Update(ctx, func(w store.Writer) error { // it was carried out
		s, _ := store.EventSchedules.Get(w, key)
		s.Next = nil
		return store.EventSchedules.Put(w, key, s)
	})
	for _, change := range []struct{ expression, want string }{
		{"at(2026-05-05T10:00:00)", "never"}, {"at(2026-05-05T10:00:10)", "10:00:10"}, {"at(2026-05-05T11:00:00)", "11:00:00"},
	} {
		_, err := c.UpdateSchedule(ctx, &sdk.UpdateScheduleInput{
			Name: in.Name, ScheduleExpression: &change.expression, FlexibleTimeWindow: in.FlexibleTimeWindow, Target: in.Target, Description: aws.String("changed"),
			EndDate: aws.Time(now.Add(time.Minute)), // is ignored
		})
		if err != nil || due() != change.want {
			t.Errorf("changed to %s: due %s, %v", change.expression, due(), err)
		}
	}
}

// A role that is in IAM must trust the Scheduler, and is missed from then on.
func TestRolesOfSchedules(t *testing.T) {
	c, db := client(t)
	put := func(service string) {
		err := db.Update(t.Context(), func(w store.Writer) error {
			return store.Roles.Put(w, state.IAMKey(account, "r"), state.Role{Name: "r", ARN: state.IAMARN(account, "role", "/", "r"),
				TrustPolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("events.amazonaws.com")
	if _, err := c.CreateSchedule(t.Context(), nightly()); err == nil || !strings.Contains(err.Error(), "ValidationException: The execution role you provide must allow AWS EventBridge Scheduler to assume the role.") {
		t.Error(err)
	}
	put("scheduler.amazonaws.com")
	if _, err := c.CreateSchedule(t.Context(), nightly()); err != nil {
		t.Fatal(err)
	}
	_ = db.View(t.Context(), func(r store.Reader) error {
		if s, _ := store.EventSchedules.Get(r, state.Scope{Account: account, Region: "us-east-1"}.Key("default/nightly")); !s.RoleKnown {
			t.Error("its role is not known")
		}
		return nil
	})
}

func TestGroups(t *testing.T) {
	c, _ := client(t)
	ctx := t.Context()
	in := nightly()
	in.GroupName = aws.String("g")
	if _, err := c.CreateSchedule(ctx, in); err == nil || !strings.Contains(err.Error(), "Schedule group g does not exist.") {
		t.Error(err)
	}
	g, err := c.CreateScheduleGroup(ctx, &sdk.CreateScheduleGroupInput{Name: aws.String("g"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateSchedule(ctx, in); err != nil {
		t.Fatal(err)
	}
	tags, err := c.ListTagsForResource(ctx, &sdk.ListTagsForResourceInput{ResourceArn: g.ScheduleGroupArn})
	if err != nil || len(tags.Tags) != 1 {
		t.Errorf("%+v %v", tags, err)
	}
	groups, err := c.ListScheduleGroups(ctx, &sdk.ListScheduleGroupsInput{})
	if err != nil || len(groups.ScheduleGroups) != 2 {
		t.Errorf("%+v %v", groups, err)
	}
	if _, err := c.DeleteScheduleGroup(ctx, &sdk.DeleteScheduleGroupInput{Name: aws.String("g")}); err != nil {
		t.Fatal(err)
	}
	list, err := c.ListSchedules(ctx, &sdk.ListSchedulesInput{})
	if err != nil || len(list.Schedules) != 0 {
		t.Errorf("%+v %v", list, err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	c, _ := client(t)
	for want, change := range map[string]func(*sdk.CreateScheduleInput){
		"Invalid Schedule Expression every day.":         func(in *sdk.CreateScheduleInput) { in.ScheduleExpression = aws.String("every day") },
		"Invalid Schedule Expression Timezone Mars/One.": func(in *sdk.CreateScheduleInput) { in.ScheduleExpressionTimezone = aws.String("Mars/One") },
		"MaximumWindowInMinutes":                         func(in *sdk.CreateScheduleInput) { in.FlexibleTimeWindow.Mode = types.FlexibleTimeWindowModeFlexible },
		"The EndDate you specify must be in the future":  func(in *sdk.CreateScheduleInput) { in.EndDate = aws.Time(now.Add(-time.Hour)) },
		"universal targets": func(in *sdk.CreateScheduleInput) {
			in.Target.Arn = aws.String("arn:aws:scheduler:::aws-sdk:ecs:updateService")
		},
		"Provided Arn arn:aws:lambda:us-east-1:" + account + ":function:f is not supported: Hatoba does not give events to AWS Lambda. Schedules have ECS clusters (RunTask), SNS topics and event buses as targets.": func(in *sdk.CreateScheduleInput) {
			in.Target.Arn = aws.String("arn:aws:lambda:us-east-1:" + account + ":function:f")
		},
		"Value 'PAUSED' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED]":  func(in *sdk.CreateScheduleInput) { in.State = "PAUSED" },
		"Value 'admin' at 'target.roleArn' failed to satisfy constraint: Member must satisfy regular expression pattern: ": func(in *sdk.CreateScheduleInput) { in.Target.RoleArn = aws.String("admin") },
		"RoleArn is required": func(in *sdk.CreateScheduleInput) { in.Target.RoleArn = aws.String("") },
		"does not support KmsKeyArn": func(in *sdk.CreateScheduleInput) {
			in.KmsKeyArn = aws.String("arn:aws:kms:us-east-1:" + account + ":key/k")
		},
	} {
		in := nightly()
		change(in)
		if _, err := c.CreateSchedule(t.Context(), in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := c.ListSchedules(t.Context(), &sdk.ListSchedulesInput{GroupName: aws.String("none")}); err == nil || !strings.Contains(err.Error(), "ResourceNotFoundException: Schedule group none does not exist.") {
		t.Error(err)
	}
	if _, err := c.ListSchedules(t.Context(), &sdk.ListSchedulesInput{State: "PAUSED"}); err == nil || !strings.Contains(err.Error(), "enum value set: [ENABLED, DISABLED]") {
		t.Error(err)
	}
}
