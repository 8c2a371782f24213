package drills

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// hindering are words of events that say what hinders a service: it could not
// place, stop or start tasks, or what it runs is unhealthy.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
var hindering = []string{" unable to ", " failed container health checks", " is unhealthy in "}

// troubles adds to those heard what events since then say hinders a service,
// oldest first, each text once.
func troubles(heard []string, events []types.ServiceEvent, since time.Time) []string {
	for _, e := range slices.Backward(events) {
		text := aws.ToString(e.Message)
		if !aws.ToTime(e.CreatedAt).Before(since) && !slices.Contains(heard, text) &&
			slices.ContainsFunc(hindering, func(words string) bool { return strings.Contains(text, words) }) {
			heard = append(heard, text)
		}
	}
	return heard
}

// hear tells of a service's troubles: a drill that waits says for what.
func (s *stage) hear(svc *types.Service) {
	known := len(s.heard)
	s.heard = troubles(s.heard, svc.Events, s.began)
	for _, text := range s.heard[known:] {
		s.say("event: %s", "イベント: %s", text)
	}
}
