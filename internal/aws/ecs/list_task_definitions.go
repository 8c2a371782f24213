package ecs

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// listTaskDefinitions lists by family, then revision, as AWS sorts.
func (s *Service) listTaskDefinitions(ctx context.Context, caller wire.Caller, in *ecs.ListTaskDefinitionsInput) (*ecs.ListTaskDefinitionsOutput, error) {
	const kind = "ecs/task-definitions"
	size, after, err := page(kind, in.MaxResults, in.NextToken, maxPage)
	if err != nil {
		return nil, err
	}
	status := in.Status
	if status == "" {
		status = types.TaskDefinitionStatusActive
	}
	if !slices.Contains(status.Values(), status) {
		return nil, invalid("status should be one of %v.", status.Values())
	}
	if in.Sort != "" && !slices.Contains(in.Sort.Values(), in.Sort) {
		return nil, invalid("sort should be one of %v.", in.Sort.Values())
	}
	descending := in.Sort == types.SortOrderDesc
	out := &ecs.ListTaskDefinitionsOutput{TaskDefinitionArns: []string{}}
	err = s.view(ctx, func(r store.Reader) error {
		last := ""
		for _, family := range families(r, caller.Scope, aws.ToString(in.FamilyPrefix), descending) {
			for _, id := range revisions(r, caller.Scope, family, descending) {
				if !follows(id, after, descending) {
					continue
				}
				def, _ := store.TaskDefinitions.Get(r, caller.Scope.Key(id))
				if def.Definition.Status != status || s.gone(r, caller.Scope, def) {
					continue
				}
				if len(out.TaskDefinitionArns) == size {
					out.NextToken = nextToken(kind, last, true)
					return nil
				}
				out.TaskDefinitionArns = append(out.TaskDefinitionArns, aws.ToString(def.Definition.TaskDefinitionArn))
				last = id
			}
		}
		return nil
	})
	return out, err
}

// families returns the one family, or all of the scope when it is "".
func families(r store.Reader, scope state.Scope, only string, descending bool) []string {
	if only != "" {
		return []string{only}
	}
	var out []string
	for _, f := range store.TaskFamilies.List(r, scope, "") {
		out = append(out, f.Family)
	}
	if descending {
		slices.Reverse(out)
	}
	return out
}

// revisions returns the store ids of a family's revisions.
func revisions(r store.Reader, scope state.Scope, family string, descending bool) []string {
	var out []string
	for key := range store.TaskDefinitions.List(r, scope, family+"/") {
		out = append(out, key.ID)
	}
	if descending {
		slices.Reverse(out)
	}
	return out
}

// follows tells whether id comes after the page that ended with after.
// Families are compared before revisions: "/" does not sort first.
func follows(id, after string, descending bool) bool {
	if after == "" {
		return true
	}
	family, revision, _ := strings.Cut(id, "/")
	lastFamily, lastRevision, _ := strings.Cut(after, "/")
	c := strings.Compare(family, lastFamily)
	if c == 0 {
		c = strings.Compare(revision, lastRevision)
	}
	if descending {
		return c < 0
	}
	return c > 0
}
