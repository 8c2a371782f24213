package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/spf13/cobra"
)

func psCommand(s *settings) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "ps",
		Short: "List tasks with their containers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			tasks, err := listTasks(cmd.Context(), ecs.NewFromConfig(sdk(c)), all)
			if err != nil {
				return explain(c, err)
			}
			more, err := taskNotes(cmd.Context(), c)
			if err != nil {
				return explain(c, err)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "TASK\tCLUSTER\tDEFINITION\tSTATUS\tAGE\tHEALTH\tRESTARTS\tADDRESS\tCONTAINERS\tREASON")
			for _, t := range tasks {
				n := more[lastPart(t.TaskArn)]
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n",
					lastPart(t.TaskArn), lastPart(t.ClusterArn), lastPart(t.TaskDefinitionArn), statusSince(t), age(t.CreatedAt),
					t.HealthStatus, n.Restarts, taskAddress(t), containerSummary(t.Containers), reason(t, n))
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "stopped tasks too")
	return cmd
}

// reason is why a task is as it is: why it ends, or the last thing that
// happened to it.
func reason(t ecstypes.Task, n taskNote) string {
	if t.StoppedReason != nil {
		return *t.StoppedReason
	}
	if n.Last == nil {
		return ""
	}
	if n.Last.Container != "" {
		return n.Last.Container + ": " + n.Last.Text
	}
	return n.Last.Text
}

func age(since *time.Time) string {
	if since == nil {
		return "-"
	}
	return time.Since(*since).Round(time.Second).String()
}

// listTasks describes the tasks of every cluster.
func listTasks(ctx context.Context, client *ecs.Client, all bool) (out []ecstypes.Task, err error) {
	statuses := []ecstypes.DesiredStatus{ecstypes.DesiredStatusRunning}
	if all {
		statuses = append(statuses, ecstypes.DesiredStatusStopped)
	}
	clusters := ecs.NewListClustersPaginator(client, &ecs.ListClustersInput{})
	for clusters.HasMorePages() {
		page, err := clusters.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, cluster := range page.ClusterArns {
			for _, status := range statuses {
				tasks, err := clusterTasks(ctx, client, cluster, status)
				if err != nil {
					return nil, err
				}
				out = append(out, tasks...)
			}
		}
	}
	return out, nil
}

func clusterTasks(ctx context.Context, client *ecs.Client, cluster string, status ecstypes.DesiredStatus) (out []ecstypes.Task, err error) {
	pages := ecs.NewListTasksPaginator(client, &ecs.ListTasksInput{Cluster: &cluster, DesiredStatus: status})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		if len(page.TaskArns) == 0 {
			continue
		}
		described, err := client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: page.TaskArns})
		if err != nil {
			return nil, err
		}
		out = append(out, described.Tasks...)
	}
	return out, nil
}

func lastPart(arn *string) string {
	s := aws.ToString(arn)
	return s[strings.LastIndex(s, "/")+1:]
}

func statusSince(t ecstypes.Task) string {
	status := aws.ToString(t.LastStatus)
	if status == "RUNNING" && t.StartedAt != nil {
		return status + " " + time.Since(*t.StartedAt).Round(time.Second).String()
	}
	return status
}

// taskAddress is the task's private address, "-" before it has one.
func taskAddress(t ecstypes.Task) string {
	for _, a := range t.Attachments {
		for _, d := range a.Details {
			if aws.ToString(d.Name) == "privateIPv4Address" {
				return aws.ToString(d.Value)
			}
		}
	}
	var ports []string
	for _, c := range t.Containers {
		for _, b := range c.NetworkBindings {
			host, inside := aws.ToString(b.HostPortRange), aws.ToString(b.ContainerPortRange)
			if host == "" {
				host, inside = strconv.Itoa(int(aws.ToInt32(b.HostPort))), strconv.Itoa(int(aws.ToInt32(b.ContainerPort)))
			}
			ports = append(ports, "localhost:"+host+"->"+aws.ToString(c.Name)+":"+inside+"/"+string(b.Protocol))
		}
	}
	if len(ports) == 0 {
		return "-"
	}
	return strings.Join(ports, ",")
}

func containerSummary(containers []ecstypes.Container) string {
	var parts []string
	for _, c := range containers {
		part := aws.ToString(c.Name) + "=" + aws.ToString(c.LastStatus)
		if c.ExitCode != nil {
			part += fmt.Sprintf("(%d)", *c.ExitCode)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ",")
}
