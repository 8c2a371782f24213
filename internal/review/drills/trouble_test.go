package drills

import (
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

func TestTroubles(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	event := func(seconds int, text string) types.ServiceEvent {
		return types.ServiceEvent{CreatedAt: aws.Time(noon.Add(time.Duration(seconds) * time.Second)), Message: &text}
	}
	const (
		full = "(service web) was unable to place a task. Reason: Capacity is unavailable at this time. (RESOURCE:MEMORY: Not enough memory on any of 1 nodes)"
		sick = "(service web) (task 0123) failed container health checks."
		deaf = "(service web) (port 80) is unhealthy in (target-group web) due to (reason Request timed out)"
	)
	got := troubles([]string{"heard before"}, []types.ServiceEvent{ // newest first, as they are told
		event(9, full), event(7, "(service web) has reached a steady state."), event(5, deaf), event(3, full), event(1, sick),
		event(-1, "(service web) is unable to consistently start tasks successfully."),
	}, noon)
	if want := []string{"heard before", sick, full, deaf}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}
