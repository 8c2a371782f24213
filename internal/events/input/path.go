// Package input makes what a target is given of an event: a part of it by a
// path, or a template with parts filled in.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
package input

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Path is a JSON path: $, .name, ['name'], [0], [*] and .*.
type Path []step

// step is a field, an index, or all there are.
type step struct {
	field string
	index int // with field ""
	all   bool
}

// ParsePath reads a path.
func ParsePath(text string) (Path, error) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return nil, fmt.Errorf("the path %q does not begin with $", text)
	}
	var out Path
	for rest != "" {
		s, n, ok := nextStep(rest)
		if !ok {
			return nil, fmt.Errorf("the path %q cannot be read at %q", text, rest)
		}
		out, rest = append(out, s), rest[n:]
	}
	return out, nil
}

// nextStep reads a step, and tells its length.
func nextStep(s string) (step, int, bool) {
	switch {
	case strings.HasPrefix(s, ".*"):
		return step{all: true}, 2, true
	case strings.HasPrefix(s, "[*]"):
		return step{all: true}, 3, true
	case strings.HasPrefix(s, "['"), strings.HasPrefix(s, `["`):
		end := strings.Index(s[2:], s[1:2]+"]")
		if end < 1 {
			return step{}, 0, false
		}
		return step{field: s[2 : 2+end]}, end + 4, true
	case strings.HasPrefix(s, "["):
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return step{}, 0, false
		}
		n, err := strconv.ParseUint(s[1:end], 10, 31)
		return step{index: int(n)}, end + 1, err == nil
	case strings.HasPrefix(s, "."):
		end := 1 + strings.IndexAny(s[1:]+".", ".[")
		name := s[1:end]
		bad := strings.ContainsFunc(name, func(r rune) bool {
			inName := r == '_' || r == '-' || r == '/' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 127
			return !inName
		})
		return step{field: name}, end, name != "" && !bad
	}
	return step{}, 0, false
}

// Of is what the path leads to in a JSON text; false where it leads nowhere.
func (p Path) Of(event []byte) (any, bool) {
	v, err := decode(event)
	if err != nil {
		return nil, false
	}
	return p.in(v)
}

func (p Path) in(v any) (any, bool) {
	for i, s := range p {
		if s.all {
			return p[i+1:].inAll(v)
		}
		if s.field == "" {
			list, ok := v.([]any)
			if !ok || s.index >= len(list) {
				return nil, false
			}
			v = list[s.index]
			continue
		}
		object, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = object[s.field]; !ok {
			return nil, false
		}
	}
	return v, true
}

// inAll is the list of what is found in each item, or in each member in the
// order of their names.
func (p Path) inAll(v any) (any, bool) {
	var items []any
	switch v := v.(type) {
	case []any:
		items = v
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			items = append(items, v[name])
		}
	default:
		return nil, false
	}
	out := []any{}
	for _, item := range items {
		if found, ok := p.in(item); ok {
			out = append(out, found)
		}
	}
	return out, true
}

func decode(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

// encode writes a value as it was, without the escapes that web pages need.
func encode(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "null" // not of what was decoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}
