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
}

// ParseSecretRef reads a valueFrom. What is no ARN is a parameter's name.
func ParseSecretRef(valueFrom string) SecretRef {
	a, err := arn.Parse(valueFrom)
	if err != nil {
		return SecretRef{Store: "ssm", ID: valueFrom, Name: valueFrom}
	}
	r := SecretRef{Region: a.Region, Account: a.AccountID}
	switch a.Service {
	case "ssm":
		r.Store, r.ID = "ssm", valueFrom
		r.Name = strings.TrimPrefix(a.Resource, "parameter/")
	case "secretsmanager":
		r.Store = "secretsmanager"
		parts := append(strings.Split(a.Resource, ":"), "", "", "", "")
		r.Name, r.Key, r.Stage, r.VersionID = parts[1], parts[2], parts[3], parts[4]
		a.Resource = parts[0] + ":" + parts[1]
		r.ID = a.String()
	}
	return r
}
