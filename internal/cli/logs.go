package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/config"
)

func logsCommand(s *settings) *cobra.Command {
	var follow bool
	var since time.Duration
	cmd := &cobra.Command{
		Use:   "logs [-f] GROUP|TASK",
		Short: "Print a log group's events, or those of one task's containers",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			start := int64(0)
			if since > 0 {
				start = time.Now().Add(-since).UnixMilli()
			}
			targets, err := logTargets(cmd, c, args[0])
			if err != nil {
				return explain(c, err)
			}
			if follow {
				return explain(c, followLogs(cmd, c, targets, start))
			}
			for _, t := range targets {
				if err := printLogs(cmd, c, t, start); err != nil {
					return explain(c, err)
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with events as they arrive")
	cmd.Flags().DurationVar(&since, "since", 0, "only events of the last while, for example 10m")
	return cmd
}

// logTarget is a group, or one stream of it.
type logTarget struct{ group, stream string }

// logTargets reads a group's name, or the id of a task: then the streams of
// its containers.
func logTargets(cmd *cobra.Command, c config.Config, name string) ([]logTarget, error) {
	id := name[strings.LastIndex(name, "/")+1:]
	if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" {
		return []logTarget{{group: name}}, nil
	}
	client := ecs.NewFromConfig(sdk(c))
	tasks, err := listTasks(cmd.Context(), client, true)
	if err != nil {
		return nil, err
	}
	for _, t := range tasks {
		if lastPart(t.TaskArn) != id {
			continue
		}
		def, err := client.DescribeTaskDefinition(cmd.Context(), &ecs.DescribeTaskDefinitionInput{TaskDefinition: t.TaskDefinitionArn})
		if err != nil {
			return nil, err
		}
		var out []logTarget
		for _, container := range def.TaskDefinition.ContainerDefinitions {
			if l := container.LogConfiguration; l != nil && l.LogDriver == "awslogs" {
				out = append(out, logTarget{l.Options["awslogs-group"], l.Options["awslogs-stream-prefix"] + "/" + aws.ToString(container.Name) + "/" + id})
			}
		}
		if len(out) == 0 {
			return nil, fmt.Errorf("task %s logs to no awslogs group", id)
		}
		return out, nil
	}
	return nil, fmt.Errorf("no task %s: `hatoba ps -a` lists them", id)
}

func printLogs(cmd *cobra.Command, c config.Config, t logTarget, start int64) error {
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &t.group, StartTime: aws.Int64(start)}
	if t.stream != "" {
		in.LogStreamNames = []string{t.stream}
	}
	pages := cloudwatchlogs.NewFilterLogEventsPaginator(cloudwatchlogs.NewFromConfig(sdk(c)), in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(cmd.Context())
		if err != nil {
			return err
		}
		for _, e := range page.Events {
			printEvent(cmd.OutOrStdout(), aws.ToInt64(e.Timestamp), aws.ToString(e.LogStreamName), aws.ToString(e.Message))
		}
	}
	return nil
}

func printEvent(w io.Writer, at int64, stream, message string) {
	fmt.Fprintf(w, "%s %s %s\n", time.UnixMilli(at).Format("15:04:05.000"), stream, message)
}

// followLogs reads the streams the server keeps open, until the caller ends.
func followLogs(cmd *cobra.Command, c config.Config, targets []logTarget, start int64) error {
	done := make(chan error, len(targets))
	lines := make(chan func())
	for _, t := range targets {
		go func() { done <- tailOne(cmd, c, t, start, lines) }()
	}
	for range targets {
	wait:
		for {
			select {
			case print := <-lines:
				print()
			case err := <-done:
				if err != nil && cmd.Context().Err() == nil {
					return err
				}
				break wait
			}
		}
	}
	return nil
}

func tailOne(cmd *cobra.Command, c config.Config, t logTarget, start int64, lines chan<- func()) error {
	q := url.Values{"group": {t.group}, "start": {strconv.FormatInt(start, 10)}, "region": {c.Region}, "account": {c.AccountID}}
	if t.stream != "" {
		q.Set("stream", t.stream)
	}
	answer, err := get(cmd.Context(), c, "/_hatoba/logs/tail?"+q.Encode())
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(answer.Body, 1000))
		return fmt.Errorf("log group %s: %s", t.group, strings.TrimSpace(string(why)))
	}
	var e struct {
		Timestamp       int64
		Stream, Message string
	}
	for events := json.NewDecoder(answer.Body); ; {
		if err := events.Decode(&e); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		event := e
		lines <- func() { printEvent(cmd.OutOrStdout(), event.Timestamp, event.Stream, event.Message) }
	}
}
