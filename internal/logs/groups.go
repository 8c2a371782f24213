package logs

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// CreateGroup makes a group; Created and StoredBytes are the store's to fill.
// A group of that name is ErrExists.
func (e *Engine) CreateGroup(_ context.Context, scope state.Scope, g Group) error {
	return e.change(func(t *tables) ([]byte, uint64, error) {
		if _, err := t.find(scope, g.Name); err == nil {
			return nil, 0, fmt.Errorf("log group %q: %w", g.Name, ErrExists)
		}
		return t.newGroup(scope, g, e.now()), 0, nil
	})
}

func (t *tables) newGroup(scope state.Scope, g Group, now int64) []byte {
	g.Created = now
	g.Tags = maps.Clone(g.Tags)
	r := groupRecord{ID: t.newID(), Scope: scope, Group: g}
	t.putGroup(r)
	return encodeJSON(kindGroup, r)
}

// DeleteGroup removes a group with all its streams and events, and frees
// their space. A protected group is ErrProtected.
func (e *Engine) DeleteGroup(_ context.Context, scope state.Scope, name string) error {
	return e.change(func(t *tables) ([]byte, uint64, error) {
		g, err := t.find(scope, name)
		if err != nil {
			return nil, 0, err
		}
		if g.DeletionProtection {
			return nil, 0, fmt.Errorf("%q: %w", name, ErrProtected)
		}
		t.deleteGroup(g.id)
		return encodeDeleteGroup(g.id), 0, nil
	})
}

// UpdateGroup lets fn change a group's retention, tags and protection. fn must
// not block; an error of it changes nothing and is returned. The name, the
// creation time and the class stay.
func (e *Engine) UpdateGroup(_ context.Context, scope state.Scope, name string, fn func(g *Group) error) error {
	defer token(e.sweep) // a shorter retention expires events
	return e.change(func(t *tables) ([]byte, uint64, error) {
		g, err := t.find(scope, name)
		if err != nil {
			return nil, 0, err
		}
		next := g.Group
		next.Tags = maps.Clone(g.Tags)
		if err := fn(&next); err != nil {
			return nil, 0, err
		}
		next.Name, next.Created, next.Class = g.Name, g.Created, g.Class
		g.Group = next
		return encodeJSON(kindGroup, g.record()), 0, nil
	})
}

// GetGroup returns a group.
func (e *Engine) GetGroup(_ context.Context, scope state.Scope, name string) (Group, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	g, err := e.tables.find(scope, name)
	if err != nil {
		return Group{}, err
	}
	return e.tables.public(g), nil
}

// ListGroups calls fn with the groups of the scope whose names begin with
// prefix and come after the name given, in order of names, until fn returns
// false. fn must not block or call the engine.
func (e *Engine) ListGroups(_ context.Context, scope state.Scope, prefix, after string, fn func(Group) bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	root := groupKey(scope, prefix)
	start := max(root, groupKey(scope, after))
	e.tables.groups.Ascend(start, func(key string, g *group) bool {
		if !strings.HasPrefix(key, root) {
			return false
		}
		if g.Name == after {
			return true
		}
		return fn(e.tables.public(g))
	})
}
