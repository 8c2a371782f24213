package taskdef

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const (
	remoteAPI  = "com.amazonaws.ecs.capability.docker-remote-api."
	capability = "ecs.capability."
	amazonCap  = "com.amazonaws.ecs.capability."
)

// attributes are what a container instance would need to run the definition,
// as RegisterTaskDefinition tells, each once, in the order they are met.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html
func attributes(def types.TaskDefinition) []types.Attribute {
	var out []types.Attribute
	seen := map[string]bool{}
	add := func(when bool, names ...string) {
		for _, n := range names {
			if when && !seen[n] {
				seen[n] = true
				out = append(out, types.Attribute{Name: aws.String(n)})
			}
		}
	}
	role := def.ExecutionRoleArn != nil
	for _, c := range def.ContainerDefinitions {
		awslogs := c.LogConfiguration != nil && c.LogConfiguration.LogDriver == types.LogDriverAwslogs
		add(awslogs, amazonCap+"logging-driver.awslogs")
		add(awslogs && role, capability+"execution-role-awslogs")
		ecr := ecrImage.MatchString(aws.ToString(c.Image))
		add(ecr, amazonCap+"ecr-auth")
		add(ecr && role, capability+"execution-role-ecr-pull")
		add(awslogs || ecr, remoteAPI+"1.19")
		add(aws.ToInt32(c.MemoryReservation) > 0, remoteAPI+"1.21")
		add(c.HealthCheck != nil, capability+"container-health-check", remoteAPI+"1.29")
		add(c.RepositoryCredentials != nil, capability+"private-registry-authentication.secretsmanager")
		add(len(c.DependsOn) > 0, capability+"container-ordering")
		add(c.LinuxParameters != nil && aws.ToBool(c.LinuxParameters.InitProcessEnabled), remoteAPI+"1.25")
		add(c.LinuxParameters != nil && len(c.LinuxParameters.Tmpfs) > 0, remoteAPI+"1.22")
		add(aws.ToBool(c.Privileged), amazonCap+"privileged-container")
		for _, p := range c.PortMappings {
			add(p.ContainerPortRange != nil, capability+"container-port-range")
		}
		for _, s := range c.Secrets {
			manager := strings.Contains(aws.ToString(s.ValueFrom), ":secretsmanager:")
			add(manager, capability+"secrets.asm.environment-variables")
			add(!manager, capability+"secrets.ssm.environment-variables")
		}
	}
	add(def.PidMode != "" || def.IpcMode != "", capability+"pid-ipc-namespace-sharing")
	for _, v := range def.Volumes {
		add(v.DockerVolumeConfiguration != nil, capability+"docker-plugin.local", remoteAPI+"1.25")
	}
	add(def.TaskRoleArn != nil, amazonCap+"task-iam-role")
	add(true, remoteAPI+"1.18")
	add(def.NetworkMode == types.NetworkModeAwsvpc, capability+"task-eni")
	return out
}
