package ecs

import (
	"cmp"
	"slices"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

const (
	// keepDeployments is how long a service deployment can be described, and
	// mostDeployments how many of a service are.
	//
	// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/view-service-deployment.html
	keepDeployments = 90 * 24 * time.Hour
	mostDeployments = 200
)

// prune erases old deployments of a service, and the revisions that nothing
// speaks of any more.
func prune(w store.Writer, scope state.Scope, svc state.Service, now time.Time) {
	type kept struct {
		key state.Key
		dep state.ServiceDeployment
	}
	var all []kept
	for k, d := range store.ServiceDeployments.List(w, scope, svc.ID()+"/") {
		all = append(all, kept{k, d})
	}
	slices.SortFunc(all, func(a, b kept) int {
		return cmp.Or(b.dep.CreatedAt.Compare(a.dep.CreatedAt), cmp.Compare(a.key.ID, b.key.ID))
	})
	needed := map[string]bool{svc.LastCompleted: true}
	for _, r := range svc.Rollouts {
		needed[r.Revision] = true
	}
	for i, d := range all {
		if d.dep.FinishedAt != nil && (i >= mostDeployments || now.Sub(*d.dep.FinishedAt) > keepDeployments) {
			store.ServiceDeployments.Delete(w, d.key)
			continue
		}
		needed[d.dep.Target], needed[d.dep.RollbackTo] = true, true
		for _, s := range d.dep.Sources {
			needed[s.Revision] = true
		}
	}
	var old []state.Key
	for k, r := range store.ServiceRevisions.List(w, scope, svc.ID()+"/") {
		if !needed[r.Number] {
			old = append(old, k)
		}
	}
	for _, k := range old {
		store.ServiceRevisions.Delete(w, k)
	}
}
