package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/config"
	"github.com/hatoba/hatoba/internal/state"
)

func servicesCommand(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "services",
		Short: "List services with their deployments",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.load()
			if err != nil {
				return err
			}
			services, err := listServices(cmd.Context(), ecs.NewFromConfig(sdk(c)))
			if err != nil {
				return explain(c, err)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "SERVICE\tCLUSTER\tDEFINITION\tDESIRED\tRUNNING\tPENDING\tAGE\tDEPLOYMENT\tLAST EVENT")
			for _, svc := range services {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\t%s\n",
					aws.ToString(svc.ServiceName), lastPart(svc.ClusterArn), lastPart(svc.TaskDefinition),
					svc.DesiredCount, svc.RunningCount, svc.PendingCount, age(svc.CreatedAt), rollout(svc), lastEvent(svc))
			}
			return w.Flush()
		},
	}
}

// rollout is where a service's deployment stands, in a few words.
func rollout(svc ecstypes.Service) string {
	if len(svc.Deployments) == 0 {
		return strings.ToLower(aws.ToString(svc.Status))
	}
	p := svc.Deployments[0]
	out := strings.ToLower(strings.ReplaceAll(string(p.RolloutState), "_", " "))
	if old := len(svc.Deployments) - 1; old > 0 {
		left := int32(0)
		for _, d := range svc.Deployments[1:] {
			left += d.RunningCount + d.PendingCount
		}
		out += fmt.Sprintf(", %d of %d new, %d old", p.RunningCount, p.DesiredCount, left)
	}
	if p.FailedTasks > 0 {
		out += fmt.Sprintf(", %d failed", p.FailedTasks)
	}
	return out
}

func lastEvent(svc ecstypes.Service) string {
	if len(svc.Events) == 0 {
		return ""
	}
	return words(aws.ToString(svc.Events[0].Message))
}

// words is a message of a service's event without the service's name in front.
func words(message string) string {
	if _, rest, ok := strings.Cut(message, ") "); ok && strings.HasPrefix(message, "(service ") {
		return rest
	}
	return message
}

// listServices describes the services of every cluster.
func listServices(ctx context.Context, client *ecs.Client) (out []ecstypes.Service, err error) {
	clusters := ecs.NewListClustersPaginator(client, &ecs.ListClustersInput{})
	for clusters.HasMorePages() {
		page, err := clusters.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, cluster := range page.ClusterArns {
			services := ecs.NewListServicesPaginator(client, &ecs.ListServicesInput{Cluster: &cluster})
			for services.HasMorePages() {
				page, err := services.NextPage(ctx)
				if err != nil {
					return nil, err
				}
				if len(page.ServiceArns) == 0 {
					continue
				}
				described, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: page.ServiceArns})
				if err != nil {
					return nil, err
				}
				out = append(out, described.Services...)
			}
		}
	}
	return out, nil
}

// serviceNamed reads what `hatoba events` is asked for as a service: NAME of
// the default cluster, CLUSTER/NAME, or an ARN. What could be a task's id is
// none.
func serviceNamed(given string) (cluster, name string, ok bool) {
	if arn, found := strings.CutPrefix(given, "arn:"); found {
		parts := strings.Split(arn, ":")
		rest, is := strings.CutPrefix(parts[len(parts)-1], "service/")
		cluster, name, long := strings.Cut(rest, "/")
		return cluster, name, is && long
	}
	if cluster, name, long := strings.Cut(given, "/"); long {
		return cluster, name, name != "" && !strings.Contains(name, "/")
	}
	return "default", given, given != "" && strings.Trim(given, "0123456789abcdef") != ""
}

// serviceEvents prints what happened to a service.
func serviceEvents(ctx context.Context, c config.Config, w io.Writer, cluster, name string, follow, asJSON bool) error {
	page := "/_hatoba/services/" + url.PathEscape(cluster) + "/" + url.PathEscape(name) + "/events"
	if follow {
		page += "?follow=1"
	}
	answer, err := get(ctx, c, page)
	if err != nil {
		return explain(c, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(answer.Body, 1000))
		return fmt.Errorf("service %s in cluster %s: %s", name, cluster, strings.TrimSpace(string(why)))
	}
	if asJSON {
		_, err = io.Copy(w, answer.Body)
		return err
	}
	return printServiceEvents(w, answer.Body)
}

func printServiceEvents(w io.Writer, lines io.Reader) error {
	for in := json.NewDecoder(lines); ; {
		var e state.ServiceEvent
		if err := in.Decode(&e); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		text := words(e.Message)
		if e.Message == "" {
			if e.Name != "" && e.Name != "SERVICE_DEPLOYMENT_IN_PROGRESS" {
				continue // a message tells it as well
			}
			text = e.Reason
		}
		fmt.Fprintf(w, "%s  %s\n", e.At.Local().Format("2006-01-02 15:04:05.000"), text)
	}
}
