package read

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// state is what is read of a Terraform state file, format 4.
type state struct {
	Version int
	Outputs map[string]struct {
		Value any
	}
	Resources []struct {
		Module, Mode, Type, Name string
		Instances                []struct {
			IndexKey   any `json:"index_key"`
			Attributes map[string]any
		}
	}
}

// lookup finds an attribute in a state by its address.
func lookup(text []byte, address string) (string, error) {
	var s state
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber() // a port is 8080, not 8.08e+03
	if err := dec.Decode(&s); err != nil {
		return "", err
	}
	if s.Version != 4 {
		return "", fmt.Errorf("state format %d is not read, only 4", s.Version)
	}
	steps, err := split(address)
	if err != nil {
		return "", err
	}
	if len(steps) >= 2 && steps[0].name == "output" {
		out, ok := s.Outputs[steps[1].name]
		if !ok {
			return "", fmt.Errorf("it has no output %s", steps[1].name)
		}
		return attribute(out.Value, steps[2:], address)
	}
	var module []string
	for len(steps) >= 2 && steps[0].name == "module" {
		name := "module." + steps[1].name
		if steps[1].indexed {
			name += "[" + steps[1].quoted() + "]"
		}
		module, steps = append(module, name), steps[2:]
	}
	mode := "managed"
	if len(steps) > 0 && steps[0].name == "data" {
		mode, steps = "data", steps[1:]
	}
	if len(steps) < 3 {
		return "", fmt.Errorf("%s: an address is TYPE.NAME.ATTRIBUTE", address)
	}
	for _, r := range s.Resources {
		if r.Module != strings.Join(module, ".") || r.Mode != mode || r.Type != steps[0].name || r.Name != steps[1].name {
			continue
		}
		for _, i := range r.Instances {
			if steps[1].indexed && fmt.Sprint(i.IndexKey) != steps[1].index {
				continue
			}
			return attribute(any(i.Attributes), steps[2:], address)
		}
	}
	return "", fmt.Errorf("it has no %s", address)
}

// step is a name of an address, with an index if it has one.
type step struct {
	name, index string
	indexed     bool
	text        bool // the index is a string
}

func (s step) quoted() string {
	if s.text {
		return strconv.Quote(s.index)
	}
	return s.index
}

// split reads a.b['c'].d[0].
func split(address string) ([]step, error) {
	var out []step
	rest := address
	for rest != "" {
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			return append(out, step{name: rest}), nil
		}
		s := step{name: rest[:end]}
		if s.name == "" {
			return nil, fmt.Errorf("%s: a name is empty", address)
		}
		if rest[end] == '[' {
			stop := strings.IndexByte(rest[end:], ']')
			if stop < 0 {
				return nil, fmt.Errorf("%s: ] is missing", address)
			}
			index := rest[end+1 : end+stop]
			s.indexed = true
			s.index = strings.Trim(index, `'"`)
			s.text = s.index != index
			rest = rest[end+stop+1:]
			if rest != "" && rest[0] != '.' {
				return nil, fmt.Errorf("%s: what follows ] must be a dot", address)
			}
		} else {
			rest = rest[end:]
		}
		out = append(out, s)
		rest = strings.TrimPrefix(rest, ".")
	}
	return out, nil
}

// attribute goes down into a value; what it ends at must be a plain one.
func attribute(v any, steps []step, address string) (string, error) {
	for _, s := range steps {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[s.name]
			if !ok {
				return "", fmt.Errorf("%s: it has no %s", address, s.name)
			}
			v = next
		case []any:
			n, err := strconv.Atoi(s.name)
			if err != nil || n < 0 || n >= len(at) {
				return "", fmt.Errorf("%s: it has no item %s", address, s.name)
			}
			v = at[n]
		default:
			return "", fmt.Errorf("%s: there is nothing below that", address)
		}
		if s.indexed {
			list, ok := v.([]any)
			n, err := strconv.Atoi(s.index)
			if !ok || err != nil || n < 0 || n >= len(list) {
				return "", fmt.Errorf("%s: it has no item %s", address, s.index)
			}
			v = list[n]
		}
	}
	switch v.(type) {
	case map[string]any, []any, nil:
		return "", fmt.Errorf("%s is no plain value", address)
	}
	return fmt.Sprint(v), nil
}
