package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/config"
	"github.com/hatoba/hatoba/internal/state"
)

func eventsCommand(s *settings) *cobra.Command {
	var follow, asJSON bool
	cmd := &cobra.Command{
		Use:   "events [-f] TASK|SERVICE",
		Short: "Tell what happened to a task or a service, when and why",
		Long: "Tell what happened to a task or a service, when and why. TASK is an id, its beginning, or an ARN;\n" +
			"its history is kept for a week after its end. SERVICE is a name, CLUSTER/NAME, or an ARN;\nits last hundred events are kept, and with --json those for EventBridge too.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			if cluster, name, ok := serviceNamed(args[0]); ok {
				return serviceEvents(cmd.Context(), c, cmd.OutOrStdout(), cluster, name, follow, asJSON)
			}
			id := args[0][strings.LastIndex(args[0], "/")+1:]
			if id == "" || strings.Trim(id, "0123456789abcdef") != "" {
				return fmt.Errorf("%q is no task's id: `hatoba ps -a` lists them", args[0])
			}
			page := "/_hatoba/tasks/" + url.PathEscape(id) + "/events"
			if follow {
				page += "?follow=1"
			}
			answer, err := get(cmd.Context(), c, page)
			if err != nil {
				return explain(c, err)
			}
			defer answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				why, _ := io.ReadAll(io.LimitReader(answer.Body, 1000))
				return fmt.Errorf("task %s: %s", id, strings.TrimSpace(string(why)))
			}
			if asJSON {
				_, err = io.Copy(cmd.OutOrStdout(), answer.Body)
				return err
			}
			return printHistory(cmd.OutOrStdout(), answer.Body)
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with events as they happen, of a task until it is STOPPED")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object per line")
	return cmd
}

func printHistory(w io.Writer, events io.Reader) error {
	for in := json.NewDecoder(events); ; {
		var e state.TaskEvent
		if err := in.Decode(&e); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		who := e.Container
		if who == "" {
			who = "-"
		}
		fmt.Fprintf(w, "%s  %-9s  %-12s  %s\n", e.At.Local().Format("2006-01-02 15:04:05.000"), e.Type, who, e.Text)
	}
}

// taskNote is what the AWS APIs do not tell of a task.
type taskNote struct {
	Task     string
	Restarts int
	Last     *state.TaskEvent
}

func taskNotes(ctx context.Context, c config.Config) (map[string]taskNote, error) {
	answer, err := get(ctx, c, "/_hatoba/tasks")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var notes []taskNote
	if answer.StatusCode == http.StatusOK { // an older Hatoba has no such page
		if err := json.NewDecoder(answer.Body).Decode(&notes); err != nil {
			return nil, err
		}
	}
	out := map[string]taskNote{}
	for _, n := range notes {
		out[n.Task] = n
	}
	return out, nil
}
