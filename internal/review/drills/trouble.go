package drills

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// troubles are the events since then that say what hinders a service, oldest
// first, each text once: it could not place, stop or start tasks, or what it
// runs is unhealthy. The words are those of
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html.
func troubles(events []types.ServiceEvent, since time.Time) (out []string) {
	for _, e := range slices.Backward(events) {
		text := aws.ToString(e.Message)
		if aws.ToTime(e.CreatedAt).Before(since) || slices.Contains(out, text) {
			continue
		}
		for _, words := range []string{" unable to ", " failed container health checks", " is unhealthy in "} {
			if strings.Contains(text, words) {
				out = append(out, text)
				break
			}
		}
	}
	return out
}

// hear tells of a service's troubles, each once: a drill that waits says for what.
func (s *stage) hear(svc *types.Service) {
	for _, text := range troubles(svc.Events, s.began) {
		if !slices.Contains(s.heard, text) {
			s.heard = append(s.heard, text)
			s.say("event: %s", "イベント: %s", text)
		}
	}
}
