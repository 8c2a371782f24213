package wire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Bindings tells where the members of a REST service's inputs and outputs
// travel, as far as the SDK's types do not say: in the path, the query string,
// headers or as the whole body, and how XML spells them. It is made from
// botocore's model of the service by test/bindings.
type Bindings struct {
	Service   string // and version, for people
	Namespace string `json:",omitempty"` // XML
	// Operations maps a name to "METHOD /path/{Label}/{Greedy+}?literal [STATUS]".
	Operations map[string]string
	// Members maps "Type.Field" to words:
	//
	//	label NAME · query NAME · queries · header NAME · headers PREFIX · status · payload [ROOT]
	//	name=NAME  the wire name, where it is not the field's
	//	time=iso | time=http | time=epoch
	//	flat · attribute · item=NAME · key=NAME · value=NAME · ns=URI · prefix=NAME   (XML)
	Members map[string]string
	// Errors maps an exception's code to its HTTP status, where it is not 400.
	Errors map[string]int `json:",omitempty"`
	// Plain is for S3, whose errors have no ErrorResponse around them.
	Plain bool `json:",omitempty"`
}

// ParseBindings reads a table.
func ParseBindings(table []byte) (*Bindings, error) {
	b := &Bindings{}
	if err := json.Unmarshal(table, b); err != nil {
		return nil, fmt.Errorf("wire: bindings: %w", err)
	}
	return b, nil
}

// place is where a member travels.
type place uint8

const (
	inBody place = iota
	inLabel
	inQuery
	inQueries // a map: all parameters that have no member of their own
	inHeader
	inHeaders // a map: all headers with a prefix
	inStatus
	isBody
)

var places = map[string]place{
	"label": inLabel, "query": inQuery, "queries": inQueries, "header": inHeader, "headers": inHeaders,
	"status": inStatus, "payload": isBody,
}

// timeForm is how a member writes times; zero is what its place does.
type timeForm uint8

const (
	timeDefault timeForm = iota
	timeISO
	timeHTTP
	timeEpoch
)

var timeForms = map[string]timeForm{"iso": timeISO, "http": timeHTTP, "epoch": timeEpoch}

// binding is a line of Bindings.Members.
type binding struct {
	place place
	name  string // of the label, parameter or header; of the payload's root element
	wire  string // name in the body
	time  timeForm

	flat, attribute        bool
	item, key, value       string
	namespace, spacePrefix string
}

func parseBinding(line string) (b binding, err error) {
	words := strings.Fields(line)
	for i := 0; i < len(words); i++ {
		word, value, given := strings.Cut(words[i], "=")
		switch {
		case given:
			if err := b.set(word, value); err != nil {
				return b, err
			}
		case word == "flat":
			b.flat = true
		case word == "attribute":
			b.attribute = true
		default:
			at, known := places[word]
			if !known {
				return b, fmt.Errorf("wire: bindings: unknown word %q", word)
			}
			b.place = at
			if next := i + 1; next < len(words) && !strings.Contains(words[next], "=") && at != inQueries && at != inStatus {
				b.name = words[next]
				i++
			}
		}
	}
	return b, nil
}

func (b *binding) set(word, value string) error {
	texts := map[string]*string{"name": &b.wire, "item": &b.item, "key": &b.key, "value": &b.value, "ns": &b.namespace, "prefix": &b.spacePrefix}
	if into, ok := texts[word]; ok {
		*into = value
		return nil
	}
	form, ok := timeForms[value]
	if word != "time" || !ok {
		return fmt.Errorf("wire: bindings: unknown word %q", word+"="+value)
	}
	b.time = form
	return nil
}

// restRoute is an operation's line of Bindings.Operations, and its members by
// place.
type restRoute struct {
	method   string
	segments []segment
	literals map[string]string // of the query: "uploads" to ""
	status   int

	in, out *restShape
}

// segment is a part of a path: text, or the label that takes it.
type segment struct {
	text   string
	label  string
	greedy bool
}

// restShape is an input or output taken apart: what has its own place, the
// member that is the whole body, and the plan of what is left for the body.
type restShape struct {
	bound   []*field
	payload *field
	body    *plan
}

func (b *Bindings) route(op *operation) (*restRoute, error) {
	line, ok := b.Operations[op.Name]
	if !ok {
		return nil, fmt.Errorf("has no line in the bindings of %s", b.Service)
	}
	words := strings.Fields(line)
	if len(words) < 2 || len(words) > 3 {
		return nil, fmt.Errorf("line %q is not METHOD PATH [STATUS]", line)
	}
	r := &restRoute{method: words[0], status: http.StatusOK, literals: map[string]string{}}
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
			continue
		}
		name, greedy := strings.CutSuffix(strings.TrimSuffix(name, "}"), "+")
		r.segments = append(r.segments, segment{label: name, greedy: greedy})
	}
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); name != "" {
			r.literals[name] = value
		}
	}
	if op.in == nil { // only its path counts
		r.in = &restShape{}
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

func newRestShape(p *plan) *restShape {
	s := &restShape{body: &plan{kind: p.kind, typ: p.typ, byName: map[string]int{}}}
	for i := range p.fields {
		f := &p.fields[i]
		switch {
		case f.binding == nil || f.binding.place == inBody:
			s.body.byName[f.name] = len(s.body.fields)
			s.body.fields = append(s.body.fields, *f)
		case f.binding.place == isBody:
			s.payload = f
		default:
			s.bound = append(s.bound, f)
		}
	}
	return s
}

// find returns the operation a request asks for, with the values of its
// labels: of those that match the one that is most exact.
func (s *service) find(method, path string, query map[string][]string) (best *operation, labels []string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	score := -1
	for _, op := range s.inOrder {
		if op.rest.method != method {
			continue
		}
		values, exact, ok := op.rest.match(parts)
		if !ok {
			continue
		}
		for key, want := range op.rest.literals {
			if got, given := query[key]; !given || want != "" && !slices.Contains(got, want) {
				ok = false
			}
			exact++
		}
		for _, f := range op.rest.in.bound {
			if f.binding.place == inQuery {
				if _, given := query[f.binding.name]; given {
					exact++
				}
			}
		}
		if ok && exact > score {
			best, labels, score = op, values, exact
		}
	}
	return best, labels
}

// match takes the labels' values out of a path's parts, as they were sent.
func (r *restRoute) match(parts []string) (values []string, exact int, ok bool) {
	for i, s := range r.segments {
		switch {
		case s.greedy: // what follows it is taken from the end
			rest := len(r.segments) - i - 1
			if len(parts)-rest <= i {
				return nil, 0, false
			}
			values = append(values, strings.Join(parts[i:len(parts)-rest], "/"))
			parts = append(append(slices.Clone(parts[:i]), ""), parts[len(parts)-rest:]...)
		case i >= len(parts):
			return nil, 0, false
		case s.label != "":
			if parts[i] == "" {
				return nil, 0, false
			}
			values = append(values, parts[i])
		case s.text != parts[i]:
			return nil, 0, false
		default:
			exact += 10
		}
	}
	return values, exact, len(parts) == len(r.segments)
}

// errorStatus is the HTTP status of an exception.
func (b *Bindings) errorStatus(f *failure) int {
	if status, ok := b.Errors[f.code]; ok && f.extra != (reflect.Value{}) {
		return status
	}
	return f.status
}
