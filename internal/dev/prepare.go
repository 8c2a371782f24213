package dev

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// prepare makes what has no content of its own and is missing: the cluster, log
// groups. It says so, since elsewhere somebody must have made them.
func (l *loop) prepare(ctx context.Context, p *Project, def *ecs.RegisterTaskDefinitionInput) error {
	l.cluster = nil
	if p.Cluster != "" {
		l.cluster = &p.Cluster
		out, err := l.ECS.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{p.Cluster}})
		if err != nil {
			return err
		}
		if len(out.Clusters) == 0 || aws.ToString(out.Clusters[0].Status) != "ACTIVE" {
			if _, err := l.ECS.CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: &p.Cluster}); err != nil {
				return err
			}
			l.say("cluster %s was not there: made, until the end", p.Cluster)
			l.made = p.Cluster
		}
	}
	for _, c := range def.ContainerDefinitions {
		if err := l.logGroup(ctx, c); err != nil {
			return err
		}
	}
	if p.Service == nil && p.Network == nil && def.NetworkMode == ecstypes.NetworkModeAwsvpc {
		subnets, err := l.Subnets(ctx)
		if err != nil {
			return err
		}
		p.Network = &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{Subnets: subnets}}
	}
	return nil
}

// logGroup makes a container's log group, and begins to show what is written
// to it.
func (l *loop) logGroup(ctx context.Context, c ecstypes.ContainerDefinition) error {
	log := c.LogConfiguration
	if log == nil || log.LogDriver != ecstypes.LogDriverAwslogs || log.Options["awslogs-group"] == "" {
		return nil
	}
	group, prefix := log.Options["awslogs-group"], log.Options["awslogs-stream-prefix"]
	_, err := l.Logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group})
	var exists *logstypes.ResourceAlreadyExistsException
	switch {
	case err != nil && !errors.As(err, &exists):
		return err
	case err == nil:
		l.say("log group %s was not there: made", group)
	}
	name := aws.ToString(c.Name)
	if prefix != "" {
		prefix += "/" + name + "/"
	}
	if key := group + " " + prefix; !l.tailed[key] {
		l.tailed[key] = true
		since := time.Now()
		l.tails.Go(func() error {
			err := l.Tail(l.tailing, group, prefix, since, func(stream, message string) { l.line("│", "%s %s", tag(name, stream), message) })
			if err != nil && l.tailing.Err() == nil {
				l.fail(err)
			}
			return nil // what cannot be shown ends no loop
		})
	}
	return nil
}

// tag is a container with the beginning of its task's id.
func tag(container, stream string) string {
	id := stream[max(0, len(stream)-32):]
	return container + "/" + id[:min(6, len(id))]
}
