package ec2

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hatoba/hatoba/internal/wire"
)

// Filter is a condition on what is described: one of the values matches.
type Filter struct {
	Name   string
	Values []string `ec2:"Value"`
}

// listing tells how a kind of thing is described: AWS's filters of it and its
// pages.
type listing[T any] struct {
	name     string // of the operation: page tokens are its own
	idList   string // the parameter that names ids
	least    int32  // the smallest MaxResults
	id       func(T) string
	notFound func(id string) error
	filters  map[string]func(T) []string
	tags     func(T) []Tag // nil: the kind has none
}

// wanted is which of them are asked for.
type wanted struct {
	ids     []string
	filters []Filter
	max     *int32
	token   string
}

const (
	maxPage         = 1000
	maxFilterValues = 200
)

// page is a page of items, and the token of the next one.
func (l listing[T]) page(items []T, w wanted) ([]T, string, error) {
	after, err := wire.ReadPageToken(l.name, w.token)
	if err != nil {
		return nil, "", invalid("Unable to parse the value of the parameter NextToken: %s", w.token)
	}
	size := maxPage
	if w.max != nil {
		switch {
		case len(w.ids) > 0:
			return nil, "", badCombination("The parameter %s cannot be used with the parameter maxResults", l.idList)
		case *w.max < l.least:
			return nil, "", invalid("Value ( %d ) for parameter maxResults is invalid. Expecting a value greater than %d.", *w.max, l.least)
		}
		size = min(int(*w.max), maxPage)
	}
	matches, err := l.compile(w.filters)
	if err != nil {
		return nil, "", err
	}
	if items, err = l.named(items, w.ids); err != nil {
		return nil, "", err
	}
	slices.SortFunc(items, func(a, b T) int { return cmp.Compare(l.id(a), l.id(b)) })
	out := []T{}
	for _, item := range items {
		if l.id(item) <= after || !matches(item) {
			continue
		}
		if len(out) == size {
			return out, wire.PageToken(l.name, l.id(out[size-1])), nil
		}
		out = append(out, item)
	}
	return out, "", nil
}

// named are the items with the ids; each must be there.
func (l listing[T]) named(items []T, ids []string) ([]T, error) {
	if len(ids) == 0 {
		return items, nil
	}
	missing := map[string]bool{}
	for _, id := range ids {
		missing[id] = true
	}
	var out []T
	for _, item := range items {
		if slices.Contains(ids, l.id(item)) {
			out = append(out, item)
			delete(missing, l.id(item))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(missing)) {
		return nil, l.notFound(id)
	}
	return out, nil
}

// compile makes one condition of all filters.
func (l listing[T]) compile(filters []Filter) (func(T) bool, error) {
	var conditions []func(T) bool
	values := 0
	for _, f := range filters {
		read, ok := l.reader(f.Name)
		if !ok {
			return nil, invalid("The filter '%s' is invalid", f.Name)
		}
		if values += len(f.Values); values > maxFilterValues {
			return nil, wire.Errorf("FilterLimitExceeded", "The maximum number of filter values specified on a single call is %d", maxFilterValues)
		}
		conditions = append(conditions, func(item T) bool {
			for _, have := range read(item) {
				for _, pattern := range f.Values {
					if like(pattern, have) {
						return true
					}
				}
			}
			return false
		})
	}
	return func(item T) bool {
		for _, holds := range conditions {
			if !holds(item) {
				return false
			}
		}
		return true
	}, nil
}

// reader is what a filter looks at.
func (l listing[T]) reader(name string) (func(T) []string, bool) {
	if read, ok := l.filters[name]; ok {
		return read, true
	}
	if l.tags == nil {
		return nil, false
	}
	if key, ok := strings.CutPrefix(name, "tag:"); ok {
		return func(item T) (out []string) {
			for _, t := range l.tags(item) {
				if t.Key == key {
					out = append(out, t.Value)
				}
			}
			return out
		}, true
	}
	if name != "tag-key" {
		return nil, false
	}
	return func(item T) (out []string) {
		for _, t := range l.tags(item) {
			out = append(out, t.Key)
		}
		return out
	}, true
}

// like matches AWS's wildcards: * any text, ? any character, \ takes the next
// as it is.
func like(pattern, text string) bool {
	if !strings.ContainsAny(pattern, `*?\`) {
		return pattern == text
	}
	p, t := []rune(pattern), []rune(text)
	star, from := -1, 0
	i, j := 0, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, from = i, j
			i++
			continue
		case i < len(p) && p[i] == '\\' && i+1 < len(p) && p[i+1] == t[j]:
			i, j = i+2, j+1
			continue
		case i < len(p) && (p[i] == '?' || p[i] == t[j] && p[i] != '\\'):
			i, j = i+1, j+1
			continue
		case star < 0:
			return false
		}
		from++
		i, j = star+1, from
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// one reads a single text, many several.
func one[T any](read func(T) string) func(T) []string {
	return func(item T) []string { return []string{read(item)} }
}

func yesNo[T any](read func(T) bool) func(T) []string {
	return func(item T) []string { return []string{strconv.FormatBool(read(item))} }
}

func each[T, E any](list func(T) []E, read func(E) string) func(T) []string {
	return func(item T) (out []string) {
		for _, e := range list(item) {
			out = append(out, read(e))
		}
		return out
	}
}

// none are filters of AWS's that nothing here has a value for.
func none[T any](T) []string { return nil }
