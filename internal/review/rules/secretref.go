package rules

import "strings"

// secretRef is what a valueFrom refers to.
type secretRef struct {
	Store               string // secretsmanager or ssm
	Base                string // the secret's or parameter's ARN or name
	Key, Stage, Version string // of a secret
	Broken              string // why no agent understands it
}

// parseSecretRef reads a valueFrom as the agent does: of a secret's ARN it takes
// one part behind "secret", or four.
func parseSecretRef(v string) secretRef {
	parts := strings.Split(v, ":")
	if parts[0] != "arn" {
		return secretRef{Store: "ssm", Base: v}
	}
	switch {
	case len(parts) >= 6 && parts[2] == "ssm" && strings.HasPrefix(parts[5], "parameter"):
		return secretRef{Store: "ssm", Base: v}
	case len(parts) < 7 || parts[2] != "secretsmanager" || parts[5] != "secret":
		return secretRef{Broken: "it is the ARN of neither a secret nor a parameter"}
	}
	ref := secretRef{Store: "secretsmanager", Base: strings.Join(parts[:7], ":")}
	switch len(parts) {
	case 7:
	case 10:
		ref.Key, ref.Stage, ref.Version = parts[7], parts[8], parts[9]
	default:
		ref.Broken = "behind the secret's name stand neither none nor three more parts (json-key:version-stage:version-id; empty ones keep their colons)"
	}
	return ref
}
