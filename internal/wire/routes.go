package wire

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// restRoute is an operation's line of Bindings.Operations: what a request must
// be to ask for it. The shapes are there when the operation is served.
type restRoute struct {
	operation *operation
	method    string
	segments  []segment
	greedy    bool
	literals  map[string]string // of the query: "uploads" to ""
	queries   map[string]bool   // parameters, and whether a request must have them
	headers   []string          // that a request must have
	weight    int
	status    int

	in, out *restShape
}

// segment is a part of a path: text, or the label that takes it.
type segment struct {
	text   string
	label  string
	greedy bool
}

// routes are all operations of a service's bindings, served or not: a request
// for one that is not served must not be taken for another.
type routes struct {
	all []*restRoute // the one that asks most of a request first
	// choosing are parameters that tell operations apart. One that an
	// operation does not take is none of its requests.
	choosing map[string]bool
}

func newRoutes(svc *service) (*routes, error) {
	rs := &routes{choosing: map[string]bool{}}
	inputs, err := svc.Bindings.inputs()
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(svc.Bindings.Operations)) {
		op := svc.operations[name]
		if op == nil {
			op = &operation{Operation: Operation{Name: name}, service: svc}
		}
		r, err := newRoute(svc.Bindings.Operations[name], op, inputs[name+"Input"])
		if err != nil {
			return nil, fmt.Errorf("operation %s: %w", name, err)
		}
		op.rest = r
		rs.all = append(rs.all, r)
		rs.choose(r)
	}
	for name, op := range svc.operations {
		if op.rest == nil {
			return nil, fmt.Errorf("operation %s has no line in the bindings", name)
		}
	}
	slices.SortStableFunc(rs.all, func(a, b *restRoute) int { return cmp.Compare(b.weight, a.weight) })
	return rs, nil
}

// choose notes the parameters that make a request one for r: the literals of
// its line, or those it cannot do without where it has none.
func (rs *routes) choose(r *restRoute) {
	for name := range r.literals {
		rs.choosing[name] = true
	}
	for name, required := range r.queries {
		if required && len(r.literals) == 0 {
			rs.choosing[name] = true
		}
	}
}

// inputs are the bindings of parameters and headers, by type.
func (b *Bindings) inputs() (map[string][]binding, error) {
	out := map[string][]binding{}
	for member, line := range b.Members {
		typ, _, _ := strings.Cut(member, ".")
		if !strings.HasSuffix(typ, "Input") {
			continue
		}
		parsed, err := parseBinding(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", member, err)
		}
		if parsed.place == inQuery || parsed.place == inHeader {
			out[typ] = append(out[typ], parsed)
		}
	}
	return out, nil
}

func newRoute(line string, op *operation, inputs []binding) (*restRoute, error) {
	words := strings.Fields(line)
	if len(words) < 2 || len(words) > 3 {
		return nil, fmt.Errorf("line %q is not METHOD PATH [STATUS]", line)
	}
	r := &restRoute{operation: op, method: words[0], status: http.StatusOK, literals: map[string]string{}, queries: map[string]bool{}}
	if len(words) == 3 {
		var err error
		if r.status, err = strconv.Atoi(words[2]); err != nil {
			return nil, err
		}
	}
	path, query, _ := strings.Cut(words[1], "?")
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		name, isLabel := strings.CutPrefix(part, "{")
		if !isLabel {
			r.segments = append(r.segments, segment{text: part})
			r.weight += 100
			continue
		}
		name, greedy := strings.CutSuffix(strings.TrimSuffix(name, "}"), "+")
		r.segments = append(r.segments, segment{label: name, greedy: greedy})
		r.greedy = r.greedy || greedy
	}
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); name != "" && name != "x-id" { // x-id is for logs
			r.literals[name] = value
			r.weight += 4
		}
	}
	for _, b := range inputs {
		switch {
		case b.place == inQuery:
			r.queries[b.name] = b.required
			if b.required {
				r.weight += 2
			}
		case b.required:
			r.headers = append(r.headers, http.CanonicalHeaderKey(b.name))
			r.weight++
		}
	}
	if op.in == nil {
		return r, nil
	}
	r.in, r.out = newRestShape(op.in), newRestShape(op.out)
	return r, r.check()
}

// check holds that each label of the path is a member, and the reverse.
func (r *restRoute) check() error {
	for _, f := range r.in.bound {
		if f.binding.place == inLabel && !slices.ContainsFunc(r.segments, func(s segment) bool { return s.label == f.binding.name }) {
			return fmt.Errorf("label %s is not in the path", f.binding.name)
		}
	}
	for _, s := range r.segments {
		if s.label != "" && !slices.ContainsFunc(r.in.bound, func(f *field) bool { return f.binding.place == inLabel && f.binding.name == s.label }) {
			return fmt.Errorf("label %s of the path is no member", s.label)
		}
	}
	return nil
}

// find returns the operation a request asks for, served or not, with the
// values of its labels as they were sent.
func (rs *routes) find(method, path string, query url.Values, header http.Header) (*restRoute, []string) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for _, r := range rs.all {
		if r.method != method {
			continue
		}
		if labels, ok := r.match(parts); ok && rs.asks(r, query, header) {
			return r, labels
		}
	}
	return nil, nil
}

// asks tells whether parameters and headers are those of a route's requests.
func (rs *routes) asks(r *restRoute, query url.Values, header http.Header) bool {
	for name, want := range r.literals {
		if !query.Has(name) || want != "" && !slices.Contains(query[name], want) {
			return false
		}
	}
	for name, required := range r.queries {
		if required && !query.Has(name) {
			return false
		}
	}
	for _, name := range r.headers {
		if len(header[name]) == 0 {
			return false
		}
	}
	for name := range query {
		_, literal := r.literals[name]
		if _, own := r.queries[name]; rs.choosing[name] && !literal && !own {
			return false
		}
	}
	return true
}

// match takes the labels' values out of a path's parts, as they were sent. A
// slash at the end counts for a greedy label alone.
func (r *restRoute) match(parts []string) (values []string, ok bool) {
	if last := len(parts) - 1; !r.greedy && last > 0 && parts[last] == "" {
		parts = parts[:last]
	}
	for i, s := range r.segments {
		switch {
		case s.greedy: // what follows it is taken from the end
			rest := len(r.segments) - i - 1
			if len(parts)-rest <= i {
				return nil, false
			}
			value := strings.Join(parts[i:len(parts)-rest], "/")
			if value == "" {
				return nil, false
			}
			values = append(values, value)
			parts = append(append(slices.Clone(parts[:i]), ""), parts[len(parts)-rest:]...)
		case i >= len(parts):
			return nil, false
		case s.label != "":
			if parts[i] == "" {
				return nil, false
			}
			values = append(values, parts[i])
		case s.text != parts[i]:
			return nil, false
		}
	}
	return values, len(parts) == len(r.segments)
}
