package cloudwatch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// describeAlarmHistory tells what happened to alarms in the last 30 days, also
// to those that are deleted; the newest first, if nothing else is asked for.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html
func (s *Service) describeAlarmHistory(ctx context.Context, caller wire.Caller, in *cloudwatch.DescribeAlarmHistoryInput) (*cloudwatch.DescribeAlarmHistoryOutput, error) {
	size, ok := wire.PageSize(in.MaxRecords, maxAlarmsAtOnce, maxAlarmsAtOnce)
	switch {
	case !ok:
		return nil, validation("1 validation error detected: Value '%d' at 'maxRecords' failed to satisfy constraint: %s", size, wire.ValueWithin(size, 1, maxAlarmsAtOnce))
	case in.AlarmContributorId != nil:
		return nil, unsupported("AlarmContributorId, of alarms on queries")
	case in.HistoryItemType != "" && !slices.Contains(in.HistoryItemType.Values(), in.HistoryItemType):
		return nil, enum(string(in.HistoryItemType), "historyItemType", in.HistoryItemType.Values())
	case in.ScanBy != "" && !slices.Contains(in.ScanBy.Values(), in.ScanBy):
		return nil, enum(string(in.ScanBy), "scanBy", in.ScanBy.Values())
	case in.StartDate != nil && in.EndDate != nil && in.StartDate.After(*in.EndDate):
		return nil, validation("StartDate must be before EndDate")
	}
	if err := checkAlarmTypes(in.AlarmTypes); err != nil {
		return nil, err
	}
	var found []historical
	err := s.cfg.Store.View(ctx, func(r store.Reader) error {
		found = findHistory(r, caller.Scope, in, s.cfg.Now())
		return nil
	})
	if err != nil {
		return nil, err
	}
	page, next, err := historyPage(found, in, size)
	if err != nil {
		return nil, badToken()
	}
	out := &cloudwatch.DescribeAlarmHistoryOutput{NextToken: next, AlarmHistoryItems: []types.AlarmHistoryItem{}}
	for _, h := range page {
		out.AlarmHistoryItems = append(out.AlarmHistoryItems, h.item)
	}
	return out, nil
}

// historical is an item with what orders it: its time, and its place among
// those of one moment.
type historical struct {
	order string
	item  types.AlarmHistoryItem
}

func findHistory(r store.Reader, scope state.Scope, in *cloudwatch.DescribeAlarmHistoryInput, now time.Time) (out []historical) {
	prefix := ""
	if in.AlarmName != nil {
		prefix = *in.AlarmName + "/"
	}
	for key, h := range store.AlarmHistory.List(r, scope, prefix) {
		at := aws.ToTime(h.Item.Timestamp)
		if in.AlarmName != nil && aws.ToString(h.Item.AlarmName) != *in.AlarmName ||
			!ofTypes(h.Item.AlarmType == types.AlarmTypeCompositeAlarm, in.AlarmTypes) ||
			in.HistoryItemType != "" && h.Item.HistoryItemType != in.HistoryItemType ||
			in.StartDate != nil && at.Before(*in.StartDate) || in.EndDate != nil && at.After(*in.EndDate) || now.Sub(at) > 30*24*time.Hour {
			continue
		}
		out = append(out, historical{fmt.Sprintf("%020d/%s", at.UnixNano(), key.ID), h.Item})
	}
	slices.SortFunc(out, func(a, b historical) int { return strings.Compare(a.order, b.order) })
	return out
}

const historyPages = "alarm-history"

func historyPage(found []historical, in *cloudwatch.DescribeAlarmHistoryInput, size int) (page []historical, next *string, err error) {
	if in.ScanBy == types.ScanByTimestampAscending {
		return wire.Cut(historyPages, found, func(h historical) string { return h.order }, in.NextToken, size)
	}
	slices.Reverse(found)
	before, err := wire.ReadPageToken(historyPages, aws.ToString(in.NextToken))
	if err != nil {
		return nil, nil, err
	}
	if before != "" {
		found = slices.DeleteFunc(found, func(h historical) bool { return h.order >= before })
	}
	if len(found) <= size {
		return found, nil, nil
	}
	return found[:size], wire.NextPage(historyPages, found[size-1].order), nil
}
