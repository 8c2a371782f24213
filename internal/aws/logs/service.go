// Package cloudwatchlogs is the front door of Amazon CloudWatch Logs.
package cloudwatchlogs

import (
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/wire"
)

// Service serves the operations on the events, streams and groups of a log
// store.
type Service struct{ engine *logs.Engine }

// New returns the service of a store.
func New(engine *logs.Engine) *Service { return &Service{engine} }

// Describe tells the wire what is served.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html
func (s *Service) Describe() wire.Service {
	return wire.Service{
		Name:         "logs",
		Title:        "Amazon CloudWatch Logs",
		Protocol:     wire.JSON11,
		TargetPrefix: "Logs_20140328",
		Naming:       wire.LogsNaming,
		Client:       (*cloudwatchlogs.Client)(nil),
		Operations: []wire.Operation{
			wire.Op("CreateLogGroup", s.createLogGroup),
			wire.Op("CreateLogStream", s.createLogStream),
			wire.Op("DeleteLogGroup", s.deleteLogGroup),
			wire.Op("DeleteLogStream", s.deleteLogStream),
			wire.Op("DeleteRetentionPolicy", s.deleteRetentionPolicy),
			wire.Op("DescribeLogGroups", s.describeLogGroups),
			wire.Op("DescribeLogStreams", s.describeLogStreams),
			wire.Op("FilterLogEvents", s.filterLogEvents),
			wire.Op("GetLogEvents", s.getLogEvents),
			wire.Op("ListLogGroups", s.listLogGroups),
			wire.Op("ListTagsForResource", s.listTagsForResource),
			wire.Op("ListTagsLogGroup", s.listTagsLogGroup),
			wire.Op("PutLogEvents", s.putLogEvents),
			wire.Op("PutLogGroupDeletionProtection", s.putLogGroupDeletionProtection),
			wire.Op("PutRetentionPolicy", s.putRetentionPolicy),
			wire.Op("TagLogGroup", s.tagLogGroup),
			wire.Op("TagResource", s.tagResource),
			wire.Op("UntagLogGroup", s.untagLogGroup),
			wire.Op("UntagResource", s.untagResource),
		},
	}
}
