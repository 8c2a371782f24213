package taskdef

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Names of kernel parameters that belong to a namespace of a container's own.
// What is no plain name, as one with a slash or two dots in a row, could lead
// out of the namespace.
var (
	networkControl = regexp.MustCompile(`^net(\.[a-zA-Z0-9_-]+)+$`)
	queueControl   = regexp.MustCompile(`^fs\.mqueue\.[a-z_]+$`)
	ipcControls    = strings.Fields(`kernel.msgmax kernel.msgmnb kernel.msgmni kernel.sem kernel.shmall kernel.shmmax
		kernel.shmmni kernel.shm_rmid_forced`)
)

// checkSystemControls takes the parameters AWS takes, where the task's network
// and IPC modes leave the namespace to the task.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_SystemControl.html
func checkSystemControls(def types.TaskDefinition) error {
	for _, c := range def.ContainerDefinitions {
		seen := map[string]bool{}
		for _, s := range c.SystemControls {
			name, value := aws.ToString(s.Namespace), aws.ToString(s.Value)
			network := networkControl.MatchString(name)
			ipc := queueControl.MatchString(name) || slices.Contains(ipcControls, name)
			switch {
			case name == "" || value == "":
				return refuseContainer(c, "A systemControl must have a namespace and a value.")
			case !network && !ipc:
				return refuseContainer(c, "The systemControl namespace '%s' is not supported. It should be one of %v, or start with 'fs.mqueue.' or 'net.'.", name, ipcControls)
			case network && def.NetworkMode == types.NetworkModeHost:
				return refuseContainer(c, "The systemControl namespace '%s' is not supported when networkMode=host.", name)
			case ipc && def.IpcMode == types.IpcModeHost:
				return refuseContainer(c, "The systemControl namespace '%s' is not supported when ipcMode=host.", name)
			case strings.ContainsAny(value, "\x00\n"):
				return refuseContainer(c, "The value of the systemControl '%s' contains invalid characters.", name)
			case seen[name]:
				return refuseContainer(c, "The systemControl '%s' is set more than once.", name)
			}
			seen[name] = true
		}
	}
	return nil
}
