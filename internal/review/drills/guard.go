package drills

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// glance is how often alarms are looked at.
const glance = 5 * time.Second

// watch ends the drills when an alarm that was named is in ALARM, or cannot be
// looked at: a stop condition that nobody knows stops.
func (s *stage) watch(ctx context.Context, stop context.CancelCauseFunc) {
	if len(s.set.Alarms) == 0 {
		return
	}
	client := cloudwatch.NewFromConfig(s.cfg)
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for {
		if err := s.alarmed(ctx, client); err != nil && ctx.Err() == nil {
			stop(err)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// safe is asked before anything is done.
func (s *stage) safe(ctx context.Context) error {
	if len(s.set.Alarms) == 0 {
		return nil
	}
	return s.alarmed(ctx, cloudwatch.NewFromConfig(s.cfg))
}

// alarmed is an error that says which alarm is up, or that it is not known.
func (s *stage) alarmed(ctx context.Context, client *cloudwatch.Client) error {
	out, err := client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: s.set.Alarms,
		AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}})
	if err != nil {
		return fmt.Errorf("stop condition: the alarms cannot be read: %w", err)
	}
	states := map[string]types.StateValue{}
	for _, a := range out.MetricAlarms {
		states[aws.ToString(a.AlarmName)] = a.StateValue
	}
	for _, a := range out.CompositeAlarms {
		states[aws.ToString(a.AlarmName)] = a.StateValue
	}
	for _, name := range s.set.Alarms {
		switch state, ok := states[name]; {
		case !ok:
			return fmt.Errorf("stop condition: there is no alarm %s", name)
		case state == types.StateValueAlarm:
			return fmt.Errorf("stop condition: alarm %s is in ALARM", name)
		}
	}
	return nil
}

// fewest is how many requests must have been made before their losses say
// anything.
const fewest = 20

// budget is the stop condition of a load on the live service: beyond it the
// drill ends.
func (s *stage) budget() func(sent, lost int) {
	if !s.live {
		return nil
	}
	return func(sent, lost int) {
		if sent >= fewest && float64(lost) > s.set.StopLost*float64(sent) {
			s.halt(fmt.Errorf("stop condition: %d of %d requests to the live service were lost", lost, sent))
		}
	}
}
