package state

import (
	"time"

	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// KMSKey is a symmetric KMS key. ID: a UUID. Writer: the KMS operations.
type KMSKey struct {
	ID          string
	ARN         string
	Description string
	Manager     kmstypes.KeyManagerType // CUSTOMER, or AWS for aws/SERVICE
	State       kmstypes.KeyState       // Enabled, Disabled or PendingDeletion
	CreatedAt   time.Time
	DeleteAt    *time.Time // when PendingDeletion
	Policy      string     // JSON
	Tags        []kmstypes.Tag
	// RotationDays is the period of automatic rotation, 0 when it is off.
	RotationDays int32
	RotateAt     *time.Time
	// Material is what encrypts, sealed; the last is the current one. Earlier
	// ones stay, so that what they encrypted can be read.
	Material []KMSMaterial
}

// KMSMaterial is one generation of a key.
type KMSMaterial struct {
	ID        string // 64 hex digits
	CreatedAt time.Time
	OnDemand  bool
	Sealed    Sealed
}

// KMSAlias is a name for a key. ID: the name, with "alias/". Writer: the KMS
// operations.
type KMSAlias struct {
	Name      string
	KeyID     string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// KMSKeyARN names a key.
func (s Scope) KMSKeyARN(id string) string { return s.ARN("kms", "key/"+id) }
