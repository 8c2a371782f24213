package alarmstate

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Kept is how long an alarm's history is kept, whether the alarm is there or not.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html
const Kept = 30 * 24 * time.Hour

// most is how many items of an alarm are kept.
const most = 1000

// Record adds an item to an alarm's history, and drops the oldest ones beyond
// as many as are kept.
func Record(w store.Writer, scope state.Scope, item types.AlarmHistoryItem) error {
	name, at := aws.ToString(item.AlarmName), aws.ToTime(item.Timestamp)
	n := 0
	key := scope.Key(state.AlarmHistoryID(name, at, n))
	for _, taken := store.AlarmHistory.Get(w, key); taken; _, taken = store.AlarmHistory.Get(w, key) {
		n++
		key = scope.Key(state.AlarmHistoryID(name, at, n))
	}
	var old []state.Key
	for k, h := range store.AlarmHistory.List(w, scope, name+"/") {
		if aws.ToString(h.Item.AlarmName) == name {
			old = append(old, k)
		}
	}
	for _, k := range old[:max(0, len(old)+1-most)] {
		store.AlarmHistory.Delete(w, k)
	}
	return store.AlarmHistory.Put(w, key, state.AlarmHistory{Item: item})
}

// Forget drops the items of all alarms that are older than they are kept, at
// most so many; it tells whether there are more.
func Forget(w store.Writer, now time.Time, atMost int) (more bool) {
	var old []state.Key
	for k, h := range store.AlarmHistory.List(w, state.Scope{}, "") {
		if now.Sub(aws.ToTime(h.Item.Timestamp)) < Kept {
			continue
		}
		if len(old) == atMost {
			more = true
			break
		}
		old = append(old, k)
	}
	for _, k := range old {
		store.AlarmHistory.Delete(w, k)
	}
	return more
}
