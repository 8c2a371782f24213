package state

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// ContainerInstance is a node's membership in a cluster: what EC2-type tasks
// are placed on. A node may be one in several clusters at once. ID:
// ContainerInstanceKey(cluster, id). Writer: the ECS container-instance
// operations.
type ContainerInstance struct {
	ID            string // 32 hexadecimal digits
	ARN           string
	ClusterName   string
	Node          string
	EC2InstanceID string
	Status        string // ACTIVE, DRAINING or INACTIVE
	RegisteredAt  time.Time
	SubnetID      string // the default subnet the machine is said to stand in
	Zone          string // of that subnet
	VPCID         string
	Attributes    []ecstypes.Attribute // custom ones, by name
	Tags          []ecstypes.Tag
	Version       int64
}

// ContainerInstanceKey is the store id of a container instance.
func ContainerInstanceKey(cluster, id string) string { return cluster + "/" + id }

// ContainerInstanceID is the id of a node in a cluster: always the same one.
func ContainerInstanceID(scope Scope, cluster, node string) string {
	sum := sha256.Sum256([]byte("container instance " + scope.Account + " " + scope.Region + " " + cluster + " " + node))
	return hex.EncodeToString(sum[:16])
}

// EC2InstanceID is the id a node has as a machine.
func EC2InstanceID(node string) string {
	sum := sha256.Sum256([]byte("machine " + node))
	return "i-0" + hex.EncodeToString(sum[:])[:16]
}

// ContainerInstanceARN names a container instance in the long form.
func (s Scope) ContainerInstanceARN(cluster, id string) string {
	return s.ARN("ecs", "container-instance/"+cluster+"/"+id)
}

// AccountSetting is an ECS account setting of a principal; the root's is the
// account's default. ID: AccountSettingID(principal, name). Writer: the
// account-setting operations.
type AccountSetting struct {
	Name      string
	Value     string
	Principal string // ARN
}

// AccountSettingID is the store id of a principal's setting.
func AccountSettingID(principal, name string) string { return principal + "|" + name }
