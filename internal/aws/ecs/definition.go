package ecs

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// keepDeleted is how long a deleted definition that nothing refers to can
// still be described.
const keepDeleted = time.Hour

// definitionRef is a task definition as a request names it.
type definitionRef struct {
	family   string
	revision int32 // 0: the latest active one
}

// String is the name as people write it.
func (d definitionRef) String() string {
	if d.revision == 0 {
		return d.family
	}
	return fmt.Sprintf("%s:%d", d.family, d.revision)
}

// parseDefinition reads a family, family:revision or ARN.
func parseDefinition(scope state.Scope, id *string) (definitionRef, error) {
	if aws.ToString(id) == "" {
		return definitionRef{}, client("Task definition can not be blank.")
	}
	text, _, err := resource(scope, "task-definition", *id)
	if err != nil {
		return definitionRef{}, err
	}
	family, revision, has := strings.Cut(text, ":")
	if !resourceName.MatchString(family) {
		return definitionRef{}, invalid("Invalid task definition name: '%s'.", text)
	}
	if !has {
		return definitionRef{family: family}, nil
	}
	n, err := strconv.ParseInt(revision, 10, 32)
	if err != nil || n < 1 {
		return definitionRef{}, invalid("Invalid revision number. Number: %s", revision)
	}
	return definitionRef{family: family, revision: int32(n)}, nil
}

// definition reads the revision; without a number the latest active one.
func (s *Service) definition(r store.Reader, scope state.Scope, ref definitionRef) (state.TaskDefinition, bool) {
	if ref.revision != 0 {
		def, ok := store.TaskDefinitions.Get(r, scope.Key(state.TaskDefinitionID(ref.family, ref.revision)))
		return def, ok && !s.gone(r, scope, def)
	}
	family, _ := store.TaskFamilies.Get(r, scope.Key(ref.family))
	for n := family.LastRevision; n > 0; n-- {
		def, ok := store.TaskDefinitions.Get(r, scope.Key(state.TaskDefinitionID(ref.family, n)))
		if ok && def.Definition.Status == types.TaskDefinitionStatusActive {
			return def, true
		}
	}
	return state.TaskDefinition{}, false
}

// gone tells whether a deleted definition has outlived its last use.
func (s *Service) gone(r store.Reader, scope state.Scope, def state.TaskDefinition) bool {
	d := def.Definition
	if d.Status != types.TaskDefinitionStatusDeleteInProgress || d.DeleteRequestedAt == nil ||
		s.cfg.Now().Sub(*d.DeleteRequestedAt) < keepDeleted {
		return false
	}
	for _, t := range store.Tasks.List(r, scope, "") {
		if t.Spec.TaskDefinitionARN == aws.ToString(d.TaskDefinitionArn) {
			return false
		}
	}
	for _, rev := range store.ServiceRevisions.List(r, scope, "") {
		if rev.TaskDefinitionARN == aws.ToString(d.TaskDefinitionArn) {
			return false
		}
	}
	return true
}
