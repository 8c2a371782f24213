package state

import (
	"time"

	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// Keyring remembers which master key the store's sealed values need, so that
// a lost key file is refused by name and never replaced by a new one. ID:
// "master", under the scope {"-", "-"}. Writer: whoever opens the store.
type Keyring struct {
	KeyID string
}

// Sealed is an encrypted value: AES-256-GCM under a data key of its own, which
// is wrapped by a master key kept outside the store. Both are bound to the key
// of the record that holds them. Package secrets makes and opens it.
type Sealed struct {
	KeyID   string // of the master key
	DataKey []byte // wrapped: nonce, ciphertext, tag
	Data    []byte // nonce, ciphertext, tag
}

// String keeps ciphertext out of logs.
func (Sealed) String() string { return "[sealed]" }

// Secret is a Secrets Manager secret without its values. ID: the name.
// Writer: the Secrets Manager operations.
type Secret struct {
	Name        string
	Suffix      string // the ARN's six characters; tells apart secrets that had one name in turn
	ARN         string
	Description string
	KmsKeyID    string // as sent; "" is aws/secretsmanager
	CreatedAt   time.Time
	ChangedAt   time.Time
	AccessedDay *time.Time // the UTC day of the last read of a value
	DeletedAt   *time.Time // DeleteSecret was called; the value cannot be read
	PurgeAt     *time.Time // end of the recovery window
	Tags        []smtypes.Tag
	Policy      string // JSON as sent, "" is none
	// Stages maps each staging label to the version that has it, so that no
	// label is ever on two versions.
	Stages map[string]string
}

// SecretVersion is one value of a secret. It never changes, but for the day it
// was read. ID: SecretVersionID(name, suffix, version).
type SecretVersion struct {
	ID          string
	CreatedAt   time.Time
	AccessedDay *time.Time
	Binary      bool // the value was sent as SecretBinary
	// Key is the ARN of the customer's KMS key that the value is encrypted
	// under before it is sealed; "" for none.
	Key   string
	Value Sealed
}

// SecretVersionPrefix is what the store ids of a secret's versions begin with.
// A name has no colon, so no other secret's versions begin so.
func SecretVersionPrefix(name, suffix string) string { return name + ":" + suffix + ":" }

// SecretVersionID is the store id of a version.
func SecretVersionID(name, suffix, version string) string {
	return SecretVersionPrefix(name, suffix) + version
}

// SecretARN names a secret.
func (s Scope) SecretARN(name, suffix string) string {
	return s.ARN("secretsmanager", "secret:"+name+"-"+suffix)
}
