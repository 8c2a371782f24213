package state

import (
	"time"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Cluster is an ECS cluster. ID: the cluster's name.
// Writer: the ECS cluster operations.
type Cluster struct {
	Name                            string
	ARN                             string
	Status                          string // ACTIVE or INACTIVE
	CreatedAt                       time.Time
	Settings                        []ecstypes.ClusterSetting
	Configuration                   *ecstypes.ClusterConfiguration
	CapacityProviders               []string
	DefaultCapacityProviderStrategy []ecstypes.CapacityProviderStrategyItem
	ServiceConnectDefaults          *ecstypes.ClusterServiceConnectDefaults
	Tags                            []ecstypes.Tag
}

// TaskFamily counts the revisions of a family. The counter never goes back,
// also after deregistration and deletion. ID: the family's name.
type TaskFamily struct {
	Family       string
	LastRevision int32
}

// TaskDefinition is one revision, kept as registered after AWS's
// normalisation (task cpu in units, memory in MiB, defaults filled).
// ID: TaskDefinitionID(family, revision). Writer: the ECS task-definition
// operations; only Status and DeregisteredAt/DeleteRequestedAt ever change.
type TaskDefinition struct {
	Definition ecstypes.TaskDefinition
	Tags       []ecstypes.Tag
}
