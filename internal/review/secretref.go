package review

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// SecretRef is what a valueFrom names.
type SecretRef struct {
	Store     string // secretsmanager, ssm; empty if it names neither
	Region    string // empty is the task's own
	Account   string
	ID        string // the secret's ARN without key and version, the parameter's name or ARN
	Name      string // the secret's or parameter's name as far as the reference tells
	Key       string // one member of a JSON secret
	Stage     string
	VersionID string
	Broken    string // why no agent understands it; empty if one does
}

// ParseSecretRef reads a valueFrom. What is no ARN is a parameter's name.
func ParseSecretRef(valueFrom string) SecretRef {
	a, err := arn.Parse(valueFrom)
	switch {
	case err != nil && strings.HasPrefix(valueFrom, "arn:"):
		return SecretRef{Broken: "it begins as an ARN and is none"}
	case err != nil:
		return SecretRef{Store: "ssm", ID: valueFrom, Name: valueFrom}
	}
	r := SecretRef{Region: a.Region, Account: a.AccountID}
	parts := strings.Split(a.Resource, ":")
	switch {
	case a.Service == "ssm" && strings.HasPrefix(a.Resource, "parameter"):
		r.Store, r.ID = "ssm", valueFrom
		r.Name = strings.TrimPrefix(a.Resource, "parameter/")
	case a.Service == "secretsmanager" && parts[0] == "secret" && len(parts) > 1:
		r.Store, r.Name = "secretsmanager", parts[1]
		// The agent takes one part behind "secret", or four.
		switch len(parts) {
		case 2:
		case 5:
			r.Key, r.Stage, r.VersionID = parts[2], parts[3], parts[4]
		default:
			r.Broken = "behind the secret's name stand neither none nor three more parts (json-key:version-stage:version-id; empty ones keep their colons)"
		}
		a.Resource = parts[0] + ":" + parts[1]
		r.ID = a.String()
	default:
		r.Broken = "it is the ARN of neither a secret nor a parameter"
	}
	return r
}
