package examine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/drills"
	"github.com/hatoba/hatoba/internal/review/read/live"
)

// Drill says which drills are run before the rules are asked. The zero value
// runs none, and shows what earlier ones have left.
type Drill struct {
	Run     bool
	IDs     []string                             // none is all
	Live    bool                                 // on the service itself
	Limit   time.Duration                        // 0 is the settings'
	Results string                               // file of results; "" is the service's own in the state folder
	Say     func(drill string, line review.Text) // progress
}

// drill runs what was asked for, puts it to what is stored, and adds all of it
// to the subject.
func drill(ctx context.Context, req Request, set review.DrillSettings, s *review.Subject, names map[review.Part]string) ([]review.Note, error) {
	d := req.Drill
	if d.Run && req.Account.Service == "" {
		return nil, errors.New("--drill acts on a service: name it with --service")
	}
	if !s.Live.OK || !s.Live.Value.Service.OK {
		return nil, nil
	}
	service := s.Live.Value.Service.Value
	file := d.Results
	if file == "" {
		var err error
		if file, err = drills.ResultsFile(aws.ToString(service.ServiceArn), req.Account.Endpoint); err != nil {
			return nil, err
		}
	}
	kept, err := drills.ReadResults(file)
	if err != nil {
		return nil, err
	}
	if d.Run {
		if d.Limit > 0 {
			set.Limit = d.Limit
		}
		cfg, err := live.Config(ctx, req.Account.Endpoint, req.Account.Profile, req.Account.Region)
		if err != nil {
			return nil, err
		}
		found, err := drills.Run(ctx, drills.Request{Config: cfg, Cluster: req.Account.Cluster, Service: req.Account.Service, IDs: d.IDs, Live: d.Live, Settings: set, Say: d.Say})
		kept.Merge(found)
		if len(found) > 0 {
			err = errors.Join(err, drills.WriteResults(file, kept))
		}
		if err != nil {
			return nil, err
		}
	}
	if len(kept.Results) == 0 {
		return nil, nil
	}
	kept.Expire(req.Now, aws.ToString(service.TaskDefinition), runs(s.Live.Value, aws.ToString(service.TaskDefinition)))
	s.Drills, names[review.PartDrill] = review.Have(kept), fmt.Sprintf("%d drills of %s", len(kept.Results), aws.ToString(service.ServiceName))
	return drillNotes(kept), nil
}

// runs are the digests that a revision's tasks run, by container. One that
// several tasks do not agree on is left out.
func runs(l *review.Live, revision string) map[string]string {
	out, several := map[string]string{}, map[string]bool{}
	for _, t := range l.Tasks.Value {
		if aws.ToString(t.LastStatus) != "RUNNING" || aws.ToString(t.TaskDefinitionArn) != revision {
			continue
		}
		for _, c := range t.Containers {
			name, digest := aws.ToString(c.Name), aws.ToString(c.ImageDigest)
			if was := out[name]; was != "" && was != digest {
				several[name] = true
			}
			out[name] = digest
		}
	}
	for name := range several {
		delete(out, name)
	}
	return out
}

// drillNotes tell what each drill did and measured.
func drillNotes(d *review.Drills) (out []review.Note) {
	for _, r := range d.Results {
		on := review.Say("a copy", "コピー")
		if r.Live {
			on = review.Say("the live service", "稼働中のサービス")
		}
		note := review.Note{Title: review.Say("Drill %s: %s", "ドリル %s: %s", r.Drill, r.Title)}
		note.Lines = append(note.Lines, review.Say("%[1]s, on %[2]s of %[3]s, in %.1[4]f s", "%[1]s、対象: %[3]s の%[2]s、%.1[4]f 秒",
			r.At.UTC().Format(time.RFC3339), on, r.Revision[strings.LastIndexByte(r.Revision, '/')+1:], r.Took.Seconds()))
		if !r.Stale.IsZero() {
			note.Lines = append(note.Lines, review.Say("stale: %s", "古い結果: %s", r.Stale))
		}
		note.Lines = append(note.Lines, r.Did...)
		out = append(out, note)
	}
	return out
}
