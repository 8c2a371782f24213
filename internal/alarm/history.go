package alarm

import (
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/state"
)

// The items of an alarm's history, as DescribeAlarmHistory shows them.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AlarmHistoryItem.html

// StateUpdated is the item of a change of state.
func StateUpdated(before, a state.Alarm, at time.Time) types.AlarmHistoryItem {
	data := struct {
		Version string       `json:"version"`
		Old     historyState `json:"oldState"`
		New     historyState `json:"newState"`
	}{"1.0", stateIn(before), stateIn(a)}
	return item(a, at, types.HistoryItemTypeStateUpdate, "Alarm updated from "+string(before.Value())+" to "+string(a.Value()), data)
}

// ActionTaken is the item of an action that was carried out, or that failed.
// message is what it published.
func ActionTaken(a state.Alarm, at time.Time, action, message string, failed error) types.AlarmHistoryItem {
	data := struct {
		State    string  `json:"actionState"`
		At       int64   `json:"stateUpdateTimestamp"`
		Resource string  `json:"notificationResource"`
		Message  *string `json:"publishedMessage"`
		Error    *string `json:"error"`
	}{State: "Succeeded", At: at.UnixMilli(), Resource: action}
	summary := "Successfully executed action " + action
	if failed != nil {
		data.State, data.Error = "Failed", aws.String(failed.Error())
		summary = "Failed to execute action " + action + `. Received error: "` + failed.Error() + `"`
	} else {
		data.Message = &message
	}
	return item(a, at, types.HistoryItemTypeAction, summary, data)
}

// ActionsHeld is the item of actions that a suppressor holds back.
func ActionsHeld(a state.Alarm, at time.Time, by types.ActionsSuppressedBy) types.AlarmHistoryItem {
	data := struct {
		State string `json:"actionState"`
		By    string `json:"actionsSuppressedBy"`
	}{"Suppressed", string(by)}
	return item(a, at, types.HistoryItemTypeAction, SuppressedReason(by), data)
}

// Configured is the item of an operation: Create, Update or Delete.
func Configured(a state.Alarm, at time.Time, operation string) types.AlarmHistoryItem {
	done := map[string]string{"Create": "created", "Update": "updated", "Delete": "deleted"}[operation]
	data := map[string]any{"version": "1.0", "type": operation, done + "Alarm": whole(a)}
	return item(a, at, types.HistoryItemTypeConfigurationUpdate, `Alarm "`+a.Name()+`" `+done, data)
}

type historyState struct {
	Value  types.StateValue `json:"stateValue"`
	Reason string           `json:"stateReason"`
	Data   json.RawMessage  `json:"stateReasonData,omitempty"`
}

func stateIn(a state.Alarm) historyState {
	out := historyState{Value: a.Value()}
	var data *string
	if c := a.Composite; c != nil {
		out.Reason, data = aws.ToString(c.StateReason), c.StateReasonData
	} else if m := a.Metric; m != nil {
		out.Reason, data = aws.ToString(m.StateReason), m.StateReasonData
	}
	if data != nil && json.Valid([]byte(*data)) {
		out.Data = json.RawMessage(*data)
	}
	return out
}

func item(a state.Alarm, at time.Time, kind types.HistoryItemType, summary string, data any) types.AlarmHistoryItem {
	out := types.AlarmHistoryItem{
		AlarmName: aws.String(a.Name()), AlarmType: types.AlarmTypeMetricAlarm, Timestamp: aws.Time(at.UTC()),
		HistoryItemType: kind, HistorySummary: &summary, HistoryData: aws.String(document(data)),
	}
	if a.Composite != nil {
		out.AlarmType = types.AlarmTypeCompositeAlarm
	}
	return out
}
