package state

import (
	"strings"
	"time"

	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// IAMScope is where an account's users, roles and policies are kept: IAM has
// no regions.
func IAMScope(account string) Scope { return Scope{Account: account, Region: "-"} }

// IAMKey is the key of an IAM record: names are not told apart by case.
func IAMKey(account, name string) Key { return IAMScope(account).Key(strings.ToLower(name)) }

// IAMARN names a user, group, role, policy or instance profile; path begins
// and ends with a slash.
func IAMARN(account, kind, path, name string) string {
	return "arn:aws:iam::" + account + ":" + kind + path + name
}

// Grants is what users, groups and roles have in common: the policies that
// tell what they may do.
type Grants struct {
	Inline   map[string]string // documents as sent, by policy name
	Attached []string          // ARNs of managed policies, in the order they were attached
}

// User is an IAM user. ID: the name in lower case. Writer: the IAM operations.
type User struct {
	Name      string
	Path      string
	ID        string // AIDA…
	ARN       string
	CreatedAt time.Time
	Grants    Grants
	Groups    []string // names, in lower case
	Boundary  string   // ARN of a policy, "" without one
	Tags      []iamtypes.Tag
}

// AccessKey is a user's long-term key. ID: the access key id, under the scope
// {"-", "-"}, for whoever signs says no more than that. Writer: the IAM
// operations.
type AccessKey struct {
	ID        string // AKIA…
	Account   string
	User      string
	Active    bool
	CreatedAt time.Time
	Secret    Sealed
}

// AccessKeyScope is where access keys are kept.
func AccessKeyScope() Scope { return Scope{Account: "-", Region: "-"} }

// Group is an IAM group. ID: the name in lower case. Its members are in their
// own records. Writer: the IAM operations.
type Group struct {
	Name      string
	Path      string
	ID        string // AGPA…
	ARN       string
	CreatedAt time.Time
	Grants    Grants
}

// Role is an IAM role. ID: the name in lower case. Writer: the IAM operations.
type Role struct {
	Name               string
	Path               string
	ID                 string // AROA…
	ARN                string
	CreatedAt          time.Time
	Description        string
	TrustPolicy        string // as sent
	MaxSessionDuration int32  // seconds
	Grants             Grants
	Boundary           string
	Tags               []iamtypes.Tag
	ServiceLinked      bool
}

// Policy is a customer managed policy. ID: the name in lower case. Writer:
// the IAM operations.
type Policy struct {
	Name        string
	Path        string
	ID          string // ANPA…
	ARN         string
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Description string
	Versions    []PolicyVersion // oldest first
	Default     string          // "v1"
	LastVersion int             // the highest number ever given
	Tags        []iamtypes.Tag
}

// PolicyVersion is one document of a policy.
type PolicyVersion struct {
	ID        string // "v1"
	Document  string // as sent
	CreatedAt time.Time
}

// InstanceProfile carries a role to an instance. ID: the name in lower case.
// Writer: the IAM operations.
type InstanceProfile struct {
	Name      string
	Path      string
	ID        string // AIPA…
	ARN       string
	CreatedAt time.Time
	Role      string // name, "" without one
	Tags      []iamtypes.Tag
}

// Document returns the default version's document.
func (p Policy) Document() string {
	for _, v := range p.Versions {
		if v.ID == p.Default {
			return v.Document
		}
	}
	return ""
}

// TaskRoles tells under which roles a task runs and is started, as the
// definition or the overrides name them: an ARN, a bare name, or "".
func TaskRoles(task Task, def TaskDefinition) (own, execution string) {
	own, execution = deref(def.Definition.TaskRoleArn), deref(def.Definition.ExecutionRoleArn)
	if o := task.Spec.Overrides; o != nil {
		if v := deref(o.TaskRoleArn); v != "" {
			own = v
		}
		if v := deref(o.ExecutionRoleArn); v != "" {
			execution = v
		}
	}
	return roleARN(task, own), roleARN(task, execution)
}

// roleARN completes a bare role name with the account of the task.
func roleARN(task Task, role string) string {
	if role == "" || strings.HasPrefix(role, "arn:") {
		return role
	}
	parts := strings.SplitN(task.ARN, ":", 6)
	if len(parts) < 6 {
		return role
	}
	return IAMARN(parts[4], "role", "/", role)
}

// RoleName is the name at the end of a role's ARN.
func RoleName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
