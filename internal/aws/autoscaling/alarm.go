package autoscaling

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/scaling"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// makeAlarms writes the alarms that AWS makes for target tracking.
func makeAlarms(w store.Writer, scope state.Scope, p state.ScalingPolicy, now time.Time, high, low string) (names []string, err error) {
	for _, a := range scaling.Alarms(p, high, low) {
		a.AlarmArn = aws.String(scope.AlarmARN(*a.AlarmName))
		a.AlarmConfigurationUpdatedTimestamp, a.StateUpdatedTimestamp, a.StateTransitionedTimestamp = &now, &now, &now
		a.StateValue, a.StateReason = cw.StateValueInsufficientData, aws.String(alarm.Created)
		if err := store.Alarms.Put(w, scope.Key(*a.AlarmName), state.Alarm{Metric: &a}); err != nil {
			return nil, err
		}
		names = append(names, *a.AlarmName)
	}
	return names, nil
}

func deleteAlarms(w store.Writer, scope state.Scope, p state.ScalingPolicy) {
	for _, name := range p.Alarms {
		store.Alarms.Delete(w, scope.Key(name))
	}
}

// alarmsThere tells whether nobody deleted an alarm of a policy.
func alarmsThere(r store.Reader, scope state.Scope, p state.ScalingPolicy) bool {
	return len(p.Alarms) > 0 && !slices.ContainsFunc(p.Alarms, func(name string) bool {
		_, ok := store.Alarms.Get(r, scope.Key(name))
		return !ok
	})
}

// alarmsOf are the alarms that call a policy.
func alarmsOf(r store.Reader, scope state.Scope, p state.ScalingPolicy) []types.Alarm {
	out := []types.Alarm{}
	add := func(name string) {
		out = append(out, types.Alarm{AlarmName: &name, AlarmARN: aws.String(scope.AlarmARN(name))})
	}
	if p.Tracking != nil {
		for _, name := range p.Alarms {
			add(name)
		}
		return out
	}
	for key, a := range store.Alarms.List(r, scope, "") {
		if a.Metric != nil && slices.ContainsFunc(a.Metric.AlarmActions, p.CalledBy) {
			add(key.ID)
		}
	}
	return out
}
