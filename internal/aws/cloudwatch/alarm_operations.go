package cloudwatch

import "github.com/hatoba/hatoba/internal/wire"

// alarmOperations are those on alarms.
func (s *Service) alarmOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("DeleteAlarms", s.deleteAlarms),
		wire.Op("DescribeAlarmHistory", s.describeAlarmHistory),
		wire.Op("DescribeAlarms", s.describeAlarms),
		wire.Op("DescribeAlarmsForMetric", s.describeAlarmsForMetric),
		wire.Op("DisableAlarmActions", s.disableAlarmActions),
		wire.Op("EnableAlarmActions", s.enableAlarmActions),
		wire.Op("ListTagsForResource", s.listTagsForResource),
		wire.Op("PutCompositeAlarm", s.putCompositeAlarm),
		wire.Op("PutMetricAlarm", s.putMetricAlarm),
		wire.Op("SetAlarmState", s.setAlarmState),
		wire.Op("TagResource", s.tagResource),
		wire.Op("UntagResource", s.untagResource),
	}
}
