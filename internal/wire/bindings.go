package wire

import (
	"encoding/json"
	"fmt"
	"reflect"
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
	//	required   of a parameter or header: a request without it asks for something else
	//	flat · attribute · item=NAME · key=NAME · value=NAME · ns=URI · prefix=NAME   (XML)
	Members map[string]string
	// Errors maps an exception's code to its HTTP status, where it is not 400.
	Errors map[string]int `json:",omitempty"`
	// Plain is for S3, whose errors have no ErrorResponse around them.
	Plain bool `json:",omitempty"`
	// Root names the document that an operation answers with; nil: NAMEResponse.
	Root func(operation string) string `json:"-"`
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
	required               bool
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
		case word == "required":
			b.required = true
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

// restShape is an input or output taken apart: what has its own place, the
// member that is the whole body, and the plan of what is left for the body.
type restShape struct {
	bound   []*field
	payload *field
	body    *plan
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

// errorStatus is the HTTP status of an exception.
func (b *Bindings) errorStatus(f *failure) int {
	if status, ok := b.Errors[f.code]; ok && f.extra != (reflect.Value{}) {
		return status
	}
	return f.status
}
