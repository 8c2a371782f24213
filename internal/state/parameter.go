package state

import (
	"fmt"
	"strings"
	"time"

	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// Parameter is a Parameter Store parameter without its values. ID: the name as
// sent. Writer: the SSM operations.
type Parameter struct {
	Name    string
	ARN     string
	Version int64 // the latest
	Oldest  int64 // the oldest version kept
	Latest  ParameterDetails
	Labels  map[string]int64 // label to version: a label is on one version only
	Tags    []ssmtypes.Tag
}

// ParameterDetails is what each version has besides its value.
type ParameterDetails struct {
	Type           ssmtypes.ParameterType
	Tier           ssmtypes.ParameterTier // Standard or Advanced
	DataType       string
	Description    string
	AllowedPattern string
	KeyID          string // SecureString only
	ModifiedAt     time.Time
	ModifiedBy     string // ARN
}

// ParameterVersion is one version. It never changes. ID:
// ParameterVersionID(name, version). Values of every type are sealed.
type ParameterVersion struct {
	Version int64
	Details ParameterDetails
	Value   Sealed
}

// ParameterVersionPrefix is what the store ids of a parameter's versions begin
// with; a name has no colon.
func ParameterVersionPrefix(name string) string { return name + ":" }

// ParameterVersionID is the store id of a version; versions sort by number.
func ParameterVersionID(name string, version int64) string {
	return fmt.Sprintf("%s%019d", ParameterVersionPrefix(name), version)
}

// ParameterARN names a parameter: arn:…:parameter/NAME, where a hierarchy's
// leading slash is the one after "parameter".
func (s Scope) ParameterARN(name string) string {
	return s.ARN("ssm", "parameter/"+strings.TrimPrefix(name, "/"))
}
