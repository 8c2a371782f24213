package taskdef

import (
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

var ecrImage = regexp.MustCompile(`^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/`)

// checkFargateTask is what Fargate asks of network mode and size.
func checkFargateTask(def types.TaskDefinition) error {
	if def.NetworkMode != types.NetworkModeAwsvpc {
		return refuse("Fargate only supports network mode ‘awsvpc’.") // the quotes are AWS's
	}
	return CheckFargateSize(aws.ToString(def.Cpu), aws.ToString(def.Memory))
}

// checkFargate is what a definition must be to run on Fargate.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
func checkFargate(def types.TaskDefinition) error {
	if err := checkFargateTask(def); err != nil {
		return err
	}
	switch {
	case def.PidMode == types.PidModeHost:
		return refuse("Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'.")
	case def.IpcMode != "":
		return refuse("Fargate does not support ipcMode.")
	case len(def.PlacementConstraints) > 0:
		return refuse("Fargate does not support task placement constraints.")
	}
	if err := CheckEphemeralStorage(def.EphemeralStorage); err != nil {
		return err
	}
	for _, v := range def.Volumes {
		if v.Host != nil && aws.ToString(v.Host.SourcePath) != "" {
			return refuse("host.sourcePath should not be set for volumes in Fargate.")
		}
		if v.DockerVolumeConfiguration != nil {
			return refuse("Fargate does not support dockerVolumeConfiguration.")
		}
	}
	for _, c := range def.ContainerDefinitions {
		if err := checkFargateContainer(def, c); err != nil {
			return err
		}
	}
	return checkFargateLogs(def)
}

// CheckEphemeralStorage keeps Fargate's range; nil is the default of 20 GiB.
func CheckEphemeralStorage(e *types.EphemeralStorage) error {
	if e != nil && (e.SizeInGiB < 21 || e.SizeInGiB > 200) {
		return refuse("Invalid ephemeral storage size. The size should be between 21 GiB and 200 GiB.")
	}
	return nil
}

func checkFargateContainer(def types.TaskDefinition, c types.ContainerDefinition) error {
	if def.ExecutionRoleArn == nil && ecrImage.MatchString(aws.ToString(c.Image)) {
		return refuse("Fargate requires task definition to have execution role ARN to support ECR images.")
	}
	if def.ExecutionRoleArn == nil && c.RepositoryCredentials != nil {
		return refuse("Fargate requires task definition to have execution role ARN to support repositoryCredentials.")
	}
	for _, r := range []struct {
		field string
		set   bool
	}{
		{"privileged", aws.ToBool(c.Privileged)},
		{"dockerSecurityOptions", len(c.DockerSecurityOptions) > 0},
	} {
		if r.set {
			return refuse("Fargate does not support '%s'; container '%s' has it.", r.field, aws.ToString(c.Name))
		}
	}
	for _, t := range []*int32{c.StartTimeout, c.StopTimeout} {
		if t != nil && *t != 0 && (*t < 2 || *t > 120) {
			return refuseContainer(c, "The 'startTimeout' and 'stopTimeout' must be between 2 and 120 seconds on Fargate.")
		}
	}
	if f := c.FirelensConfiguration; f != nil && f.Options["config-file-type"] == "s3" {
		return refuse("Fargate launch type does not support FirelensConfiguration config file from 's3'")
	}
	return checkFargateLinux(c)
}

func checkFargateLinux(c types.ContainerDefinition) error {
	l := c.LinuxParameters
	if l == nil {
		return nil
	}
	for _, r := range []struct {
		field string
		set   bool
	}{
		{"devices", len(l.Devices) > 0},
		{"sharedMemorySize", aws.ToInt32(l.SharedMemorySize) != 0},
		{"maxSwap", aws.ToInt32(l.MaxSwap) != 0},
		{"swappiness", aws.ToInt32(l.Swappiness) != 0},
	} {
		if r.set {
			return refuse("Fargate does not support linuxParameters '%s'; container '%s' has it.", r.field, aws.ToString(c.Name))
		}
	}
	if l.Capabilities != nil {
		for _, add := range l.Capabilities.Add {
			if add != "SYS_PTRACE" {
				return refuse("Fargate only supports adding the SYS_PTRACE kernel capability; container '%s' adds %s.", aws.ToString(c.Name), add)
			}
		}
	}
	return nil
}

func compatibilities(def types.TaskDefinition, fargate bool) []types.Compatibility {
	out := []types.Compatibility{types.CompatibilityEc2}
	if def.NetworkMode != types.NetworkModeAwsvpc {
		out = []types.Compatibility{types.CompatibilityExternal, types.CompatibilityEc2}
	}
	if fargate {
		out = append(out, types.CompatibilityFargate)
	}
	return out
}
