package ecs

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/sessions"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// executeCommand grants a session in which a command runs in a container. The
// command begins when the session's stream is opened.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommand.html
func (s *Service) executeCommand(ctx context.Context, caller wire.Caller, in *ecs.ExecuteCommandInput) (*ecs.ExecuteCommandOutput, error) {
	args, err := checkExecuteCommand(in)
	if err != nil {
		return nil, err
	}
	out := &ecs.ExecuteCommandOutput{Interactive: true}
	target := sessions.Target{Scope: caller.Scope, Args: args}
	err = s.view(ctx, func(r store.Reader) error {
		cluster, err := activeCluster(r, caller.Scope, in.Cluster)
		if err != nil {
			return err
		}
		id, err := taskID(caller.Scope, cluster.Name, *in.Task)
		if err != nil {
			return err
		}
		task, def, ok := findTask(r, caller.Scope, cluster.Name, id)
		if !ok {
			return invalid("The referenced task was not found.")
		}
		plan, err := execTarget(task, def, aws.ToString(in.Container))
		if err != nil {
			return err
		}
		target.Task, target.Node, target.Container = caller.Scope.Key(id), task.Placement.Node, plan.Name
		target.Transcript, target.TranscriptScope = transcript(cluster, plan, caller.Scope)
		out.ClusterArn, out.TaskArn = aws.String(cluster.ARN), aws.String(task.ARN)
		out.ContainerName, out.ContainerArn = aws.String(plan.Name), aws.String(task.Spec.ContainerARNs[plan.Name])
		return nil
	})
	if err != nil {
		return nil, err
	}
	if s.cfg.Sessions == nil {
		return nil, notConnected()
	}
	grant, err := s.cfg.Sessions.Open(target)
	if errors.Is(err, sessions.ErrTooMany) {
		return nil, client("The container has as many sessions as it can have.")
	}
	if err != nil {
		return nil, notConnected()
	}
	out.Session = &types.Session{
		SessionId: aws.String(grant.ID), TokenValue: aws.String(grant.Token),
		StreamUrl: aws.String(streamURL(caller.Endpoint, grant.ID)),
	}
	return out, nil
}

// streamURL is where the session's data channel is: where the request was sent.
func streamURL(endpoint, id string) string {
	return "ws" + strings.TrimPrefix(endpoint, "http") + sessions.Path + id + "?role=publish_subscribe"
}

// checkExecuteCommand checks what needs no store, and splits the command.
func checkExecuteCommand(in *ecs.ExecuteCommandInput) ([]string, error) {
	if !in.Interactive {
		return nil, invalid("Interactive is the only mode supported currently.")
	}
	if aws.ToString(in.Task) == "" {
		return nil, invalid("Task cannot be empty.")
	}
	args, err := splitCommand(aws.ToString(in.Command))
	if err != nil {
		return nil, invalid("The command cannot be read: %s.", err)
	}
	if len(args) == 0 {
		return nil, invalid("Command cannot be empty.")
	}
	return args, nil
}

// execTarget finds the container a command is for.
func execTarget(task state.Task, def state.TaskDefinition, name string) (state.ContainerPlan, error) {
	plans := state.Effective(task, def)
	plan := state.ContainerPlan{}
	switch {
	case name == "" && len(plans) == 1:
		plan = plans[0]
	case name == "":
		return plan, invalid("A container name must be specified, because the task has more than one container.")
	default:
		for _, p := range plans {
			if p.Name == name {
				plan = p
			}
		}
		if plan.Name == "" {
			return plan, invalid("The container does not exist in the task.")
		}
	}
	if !task.Spec.EnableExecuteCommand || task.Observed.Status < state.TaskRunning || task.Observed.Status > state.TaskRunning {
		return plan, invalid("The execute command failed because execute command was not enabled when the task was run or the execute command agent isn't running. " +
			"Wait and try again or run a new task with execute command enabled and try again.")
	}
	for _, c := range task.Observed.Containers {
		if c.Name == plan.Name && c.Status == state.ContainerRunning {
			return plan, nil
		}
	}
	return plan, notConnected()
}

func notConnected() error {
	return &types.TargetNotConnectedException{Message: aws.String("The execute command failed due to an internal error. Try again later.")}
}

// transcript is the log group that keeps what the session shows: the
// container's own, unless the cluster says otherwise.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
func transcript(cluster state.Cluster, plan state.ContainerPlan, scope state.Scope) (string, state.Scope) {
	logging := types.ExecuteCommandLoggingDefault
	if c := cluster.Configuration; c != nil && c.ExecuteCommandConfiguration != nil {
		if c.ExecuteCommandConfiguration.Logging != "" {
			logging = c.ExecuteCommandConfiguration.Logging
		}
		if l := c.ExecuteCommandConfiguration.LogConfiguration; logging == types.ExecuteCommandLoggingOverride && l != nil {
			return aws.ToString(l.CloudWatchLogGroupName), scope
		}
	}
	if logging != types.ExecuteCommandLoggingDefault || plan.LogDriver != string(types.LogDriverAwslogs) {
		return "", scope
	}
	if region := plan.LogOptions["awslogs-region"]; region != "" {
		scope.Region = region
	}
	return plan.LogOptions["awslogs-group"], scope
}

// checkExecConfiguration checks a cluster's configuration of ECS Exec.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommandConfiguration.html
func checkExecConfiguration(c *types.ClusterConfiguration) error {
	if c == nil || c.ExecuteCommandConfiguration == nil {
		return nil
	}
	e := c.ExecuteCommandConfiguration
	switch e.Logging {
	case "", types.ExecuteCommandLoggingNone, types.ExecuteCommandLoggingDefault:
		if e.LogConfiguration != nil {
			return invalid("logConfiguration can only be specified when the logging is OVERRIDE.")
		}
	case types.ExecuteCommandLoggingOverride:
		if e.LogConfiguration == nil || aws.ToString(e.LogConfiguration.CloudWatchLogGroupName) == "" {
			return invalid("logConfiguration must be specified when the logging is OVERRIDE.")
		}
	default:
		return invalid("logging should be one of %v.", e.Logging.Values())
	}
	return nil
}
