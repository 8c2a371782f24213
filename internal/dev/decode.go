package dev

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Fields that describe calls add to a definition, and that say nothing to the
// operation that makes one.
var described = struct{ taskDef, service []string }{
	taskDef: []string{"taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy", "deregisteredAt", "deleteRequestedAt"},
	service: []string{
		"serviceArn", "clusterArn", "status", "runningCount", "pendingCount", "deployments", "events", "createdAt", "createdBy", "roleArn", "taskSets",
		"taskDefinition", "platformFamily", "currentServiceDeployment", "currentServiceRevisions", "resourceManagementType",
	},
}

// decode reads a definition as an operation's input, in the wrapping of a
// describe call or without. A field that neither has is an error: the AWS CLI
// would refuse it too.
func decode(file string, text []byte, wrapping string, drop []string, into any) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if inner, ok := fields[wrapping]; ok && bytes.HasPrefix(bytes.TrimSpace(inner), []byte("{")) {
		fields = nil
		if err := json.Unmarshal(inner, &fields); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	for name, value := range fields {
		if slices.Contains(drop, name) || string(value) == "null" {
			delete(fields, name)
		}
	}
	clean, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(clean))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}
