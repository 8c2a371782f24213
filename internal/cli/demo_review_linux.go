package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/drills"
	"github.com/hatoba/hatoba/internal/review/examine"
	"github.com/hatoba/hatoba/internal/review/report"
	"github.com/hatoba/hatoba/internal/review/rules"
)

// The flaw the demonstration plants into a copy of the task definition: the
// password as a plain variable, which is how many a service starts out.
var (
	flawless = []byte(`"environment": [
        { "name": "GREETING", "value": "hello from the wharf" }
      ],`)
	flawed = []byte(`"environment": [
        { "name": "GREETING", "value": "hello from the wharf" },
        { "name": "DB_PASSWORD", "value": "correct horse battery staple" }
      ],`)
)

// review asks whether the sample is ready for service: once with a flaw in it,
// which is found and explained, and once without.
func (d *demo) review(ctx context.Context) error {
	file := filepath.Join(d.dir, "taskdef.json")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	planted := bytes.Replace(text, flawless, flawed, 1)
	if bytes.Equal(planted, text) {
		return fmt.Errorf("%s is not the sample's: there is no place to plant a flaw", file)
	}
	copied := filepath.Join(d.cfg.DataDir, "taskdef-flawed.json")
	if err := os.WriteFile(copied, planted, 0o600); err != nil {
		return err
	}
	defer os.Remove(copied)

	d.step("Is it ready for service? hatoba review, on a copy with a flaw planted in it")
	d.say("hatoba review %s --image %s --scope taskdef,image --skip IMG-22,IMG-23\n", copied, d.imageRef())
	verdict, err := d.reviewOne(ctx, copied)
	if err != nil {
		return err
	}
	if verdict != review.NotReady {
		return fmt.Errorf("the planted flaw was not found: the verdict is %s", verdict)
	}
	d.step("hatoba review explain CFG-05")
	rule := rules.Find("CFG-05")
	examples, err := rules.Examples(rule.ID)
	if err != nil {
		return err
	}
	if err := report.Explain(d.out, rule, examples, report.Options{Lang: review.English}); err != nil {
		return err
	}
	d.step("Mended: the password comes from Secrets Manager, as the sample has it. The review again")
	verdict, err = d.reviewOne(ctx, file)
	if err == nil && verdict != review.Ready {
		err = errors.New("the sample is not ready for service")
	}
	return err
}

var demoDrills = []string{"DR01", "DR02", "DR05"}

// drill stops and redeploys a copy of the service under load, and judges it by
// what was lost.
func (d *demo) drill(ctx context.Context) error {
	settings := filepath.Join(d.dir, "hatoba-review.json")
	d.step("Drills, on a short-lived copy of the service: stop it, hear its last words, redeploy it under load")
	d.say("hatoba review --service %s --settings %s --drill=%s --scope drill\n", demoName, settings, strings.Join(demoDrills, ","))
	progress := (&reviewFlags{}).progress(d.out)
	r, err := examine.Run(ctx, examine.Request{
		Account: examine.Account{Endpoint: endpoint(d.cfg), Region: d.cfg.Region, Service: demoName}, Settings: settings, Now: time.Now(), Version: version(),
		Options: review.Options{Scope: []review.Part{review.PartDrill}},
		Drill:   examine.Drill{Run: true, IDs: demoDrills, Results: filepath.Join(d.cfg.DataDir, "drills.json"), Say: progress},
	})
	if err != nil {
		return err
	}
	if err := report.Write(d.out, "terminal", r, report.Options{Lang: review.English}); err != nil {
		return err
	}
	if r.Verdict == review.NotReady {
		return errors.New("the sample lost something in a drill")
	}
	return shown(r, demoDrills)
}

// shown is an error unless the drills were done and every rule they are for holds.
func shown(r *review.Report, ids []string) error {
	for _, drill := range drills.All() {
		if !slices.Contains(ids, drill.ID) {
			continue
		}
		for _, id := range drill.Rules {
			i := slices.IndexFunc(r.Results, func(result review.Result) bool { return result.Rule.ID == id })
			if i < 0 || r.Results[i].Status != review.Pass {
				return fmt.Errorf("drill %s has not shown that rule %s holds", drill.ID, id)
			}
		}
	}
	return nil
}

func (d *demo) imageRef() string { return address(d.cfg) + "/web:1" }

func (d *demo) reviewOne(ctx context.Context, taskdef string) (review.Verdict, error) {
	r, err := examine.Run(ctx, examine.Request{
		TaskDef: taskdef, Image: d.imageRef(), Now: time.Now(), Version: version(),
		Options: review.Options{
			Scope: []review.Part{review.PartTaskDef, review.PartImage},
			Skip:  []string{"IMG-22", "IMG-23"}, // they want a vulnerability database, which nobody has here
		},
	})
	if err != nil {
		return "", err
	}
	return r.Verdict, report.Write(d.out, "terminal", r, report.Options{Lang: review.English})
}
