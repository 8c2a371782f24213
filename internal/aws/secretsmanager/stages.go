package secretsmanager

import (
	"maps"
	"slices"
)

// The staging labels that Secrets Manager moves by itself.
// Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version
const (
	stageCurrent  = "AWSCURRENT"
	stagePrevious = "AWSPREVIOUS"
)

// maxStages is how many staging labels a secret may have.
// Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
const maxStages = 20

// attach moves labels to a version. The version that loses AWSCURRENT gets
// AWSPREVIOUS; the first version of a secret gets AWSCURRENT whatever labels
// it was put with.
func attach(stages map[string]string, version string, labels []string) map[string]string {
	out := maps.Clone(stages)
	if out == nil {
		out = map[string]string{}
	}
	for _, label := range labels {
		if label != stageCurrent {
			out[label] = version
		}
	}
	// Last, so that AWSPREVIOUS follows even where the caller named it too.
	current, had := stages[stageCurrent]
	switch {
	case !had:
		out[stageCurrent] = version
	case slices.Contains(labels, stageCurrent) && current != version:
		out[stageCurrent], out[stagePrevious] = version, current
	}
	return out
}

// moveStage is UpdateSecretVersionStage: label leaves the version from (""
// when it is on none) and goes to the version to ("" for nowhere).
func moveStage(stages map[string]string, label, from, to string) (map[string]string, error) {
	holder, held := stages[label]
	switch {
	case from == "" && to == "":
		return nil, invalidParameter("You must provide MoveToVersionId or RemoveFromVersionId.")
	case label == stageCurrent && to == "":
		return nil, invalidParameter("You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.")
	case from == "" && held && holder != to:
		return nil, invalidParameter("The parameter RemoveFromVersionId can't be empty. Staging label %s is currently attached to version %s, so you must explicitly reference that version in RemoveFromVersionId.", label, holder)
	case from != "" && holder != from:
		return nil, invalidParameter("The staging label %s isn't attached to version %s. It can't be removed from that version.", label, from)
	case to != "":
		return attach(stages, to, []string{label}), nil
	}
	out := maps.Clone(stages)
	delete(out, label)
	return out, nil
}

// labelsOf returns a version's labels, sorted.
func labelsOf(stages map[string]string, version string) (out []string) {
	for label, v := range stages {
		if v == version {
			out = append(out, label)
		}
	}
	slices.Sort(out)
	return out
}

// byVersion turns label→version into version→labels.
func byVersion(stages map[string]string) map[string][]string {
	if len(stages) == 0 {
		return nil
	}
	out := map[string][]string{}
	for _, version := range stages {
		out[version] = labelsOf(stages, version)
	}
	return out
}
