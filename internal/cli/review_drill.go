package cli

import (
	"context"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/drills"
	"github.com/hatoba/hatoba/internal/review/read/live"
	"github.com/hatoba/hatoba/internal/review/report"
)

// allDrills is what --drill means without a list.
const allDrills = "all"

// registerDrills adds the flags of drills.
func (f *reviewFlags) registerDrills(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.drill, "drill", "", "run drills on a short-lived copy of --service, and judge what they measure: all, or `IDS` such as DR01,DR05")
	set.Lookup("drill").NoOptDefVal = allDrills
	set.BoolVar(&f.Drill.Live, "live", false, "with --drill: on the service itself, never below its minimumHealthyPercent")
	set.DurationVar(&f.Drill.Limit, "drill-limit", 0, "end the drills after this time (default 3m)")
	set.StringVar(&f.Drill.Results, "drill-results", "", "file of drill results to read and to add to (default the service's own, in the state folder)")
	set.BoolVar(&f.cleanup, "drill-cleanup", false, "remove what drills have left that died, and do nothing else")
}

// completeDrills turns their words into the request.
func (f *reviewFlags) completeDrills(errOut io.Writer) error {
	switch {
	case f.drill == "" && f.Drill.Live:
		return fmt.Errorf("--live says where drills act: add --drill")
	case f.drill == "":
		return nil
	}
	f.Drill.Run = true
	if f.drill != allDrills {
		for _, id := range strings.Split(f.drill, ",") {
			id = strings.ToUpper(strings.TrimSpace(id))
			if _, ok := drills.Find(id); !ok {
				return fmt.Errorf("--drill %s: there are %s", id, strings.Join(drills.IDs(), ", "))
			}
			f.Drill.IDs = append(f.Drill.IDs, id)
		}
	}
	f.Drill.Say = f.progress(errOut)
	return nil
}

// untilGone ends a drill also when its terminal, or who reads its progress, goes
// away: a signal that killed it would leave behind what it made.
func untilGone(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGHUP, syscall.SIGPIPE)
}

// progress prints what drills do as they do it, with the time since they began.
func (f *reviewFlags) progress(out io.Writer) func(string, review.Text) {
	began, lang := time.Now(), f.language()
	var mu sync.Mutex
	return func(drill string, line review.Text) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(out, "%6.1f s  %-4s  %s\n", time.Since(began).Seconds(), drill, line.In(lang))
	}
}

// clean removes what drills have left.
func (f *reviewFlags) clean(cmd *cobra.Command, s *settings) error {
	if region, given := s.flags["region"](); given {
		f.Account.Region = region
	}
	cfg, err := live.Config(cmd.Context(), f.Account.Endpoint, f.Account.Profile, f.Account.Region)
	if err != nil {
		return err
	}
	say, removed := f.progress(cmd.OutOrStdout()), 0
	err = drills.Sweep(cmd.Context(), cfg, f.Account.Cluster, "", func(line review.Text) { removed++; say("", line) })
	if err == nil && removed == 0 {
		say("", review.Say("no drill has left anything", "ドリルの残りはない"))
	}
	return err
}

// explainDrill tells what a drill does; false if there is none of that id.
func (f *reviewFlags) explainDrill(cmd *cobra.Command, id string) (bool, error) {
	d, ok := drills.Find(id)
	if !ok {
		return false, nil
	}
	return true, report.ExplainDrill(cmd.OutOrStdout(), report.Drill{ID: d.ID, Title: d.Title, Does: d.Does, Takes: d.Takes, Rules: d.Rules}, findRule, f.reportOptions(cmd.OutOrStdout()))
}
