package input

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Variables that are there without a path.
const (
	RuleARN   = "aws.events.rule-arn"
	RuleName  = "aws.events.rule-name"
	Ingestion = "aws.events.event.ingestion-time"
	Event     = "aws.events.event"      // without its detail
	EventJSON = "aws.events.event.json" // with it
)

var (
	reserved = []string{RuleARN, RuleName, Ingestion, Event, EventJSON}
	variable = regexp.MustCompile(`<([A-Za-z0-9_.-]+)>`)
)

// Transformer fills a template.
type Transformer struct {
	paths    map[string]Path
	template []piece
}

// piece is text, or a variable between two of them.
type piece struct {
	text   string
	name   string // of a variable; "": text
	quoted bool   // it stands in a string
}

// ParseTransformer reads a template and the paths of its variables. The
// template is one JSON value, or lines of strings, once its variables are
// filled in.
func ParseTransformer(paths map[string]string, template string) (*Transformer, error) {
	t := &Transformer{paths: map[string]Path{}}
	for name, text := range paths {
		if strings.HasPrefix(strings.ToLower(name), "aws.") {
			return nil, fmt.Errorf("InputPathsMap: a variable cannot be called %s: names that begin with AWS are reserved", name)
		}
		p, err := ParsePath(text)
		if err != nil {
			return nil, fmt.Errorf("InputPathsMap: %w", err)
		}
		t.paths[name] = p
	}
	if strings.TrimSpace(template) == "" {
		return nil, fmt.Errorf("InputTemplate: it is empty")
	}
	inside, from := false, 0
	for _, at := range variable.FindAllStringSubmatchIndex(template, -1) {
		name := template[at[2]:at[3]]
		if _, known := t.paths[name]; !known && !slices.Contains(reserved, name) {
			return nil, fmt.Errorf("InputTemplate: Invalid InputTemplate: the variable <%s> is not in InputPathsMap", name)
		}
		text := template[from:at[0]]
		inside = quotes(text, inside)
		t.template = append(t.template, piece{text: text}, piece{name: name, quoted: inside})
		from = at[1]
	}
	t.template = append(t.template, piece{text: template[from:]})
	if quotes(template[from:], inside) {
		return nil, fmt.Errorf("InputTemplate: a string does not end")
	}
	trial := t.fill(func(piece) string { return "" }, func(piece) string { return `""` })
	if !valid(trial) {
		return nil, fmt.Errorf("InputTemplate: it is no JSON: strings and templates of text need quotation marks")
	}
	return t, nil
}

// quotes tells whether a string is open behind text.
func quotes(text string, inside bool) bool {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && inside:
			i++
		case text[i] == '"':
			inside = !inside
		}
	}
	return inside
}

// valid tells whether a filled template is JSON, or lines of strings.
func valid(text string) bool {
	if json.Valid([]byte(text)) {
		return true
	}
	for line := range strings.Lines(text) {
		var s string
		if line = strings.TrimSpace(line); line != "" && json.Unmarshal([]byte(line), &s) != nil {
			return false
		}
	}
	return true
}

func (t *Transformer) fill(inString, asValue func(piece) string) string {
	var out strings.Builder
	for _, p := range t.template {
		switch {
		case p.name == "":
			out.WriteString(p.text)
		case p.quoted:
			out.WriteString(inString(p))
		default:
			out.WriteString(asValue(p))
		}
	}
	return out.String()
}

// Apply fills the template from an event. given are the variables of the rule:
// RuleARN, RuleName and Ingestion. A path that leads nowhere gives an empty
// string. What is no string stands in a string as its JSON, escaped.
func (t *Transformer) Apply(event []byte, given map[string]string) (string, error) {
	v, err := decode(event)
	if err != nil {
		return "", err
	}
	value := func(name string) any {
		switch name {
		case EventJSON:
			return v
		case Event:
			return withoutDetail(v)
		}
		if text, ok := given[name]; ok {
			return text
		}
		found, ok := t.paths[name].in(v)
		if !ok {
			return ""
		}
		return found
	}
	return t.fill(func(p piece) string {
		text, ok := value(p.name).(string)
		if !ok {
			text = encode(value(p.name))
		}
		escaped := encode(text)
		return escaped[1 : len(escaped)-1]
	}, func(p piece) string { return encode(value(p.name)) }), nil
}

func withoutDetail(v any) any {
	object, _ := v.(map[string]any)
	out := map[string]any{}
	for k, member := range object {
		if k != "detail" {
			out[k] = member
		}
	}
	return out
}

// ByPath is the part of an event that a path leads to, as JSON; false where it
// leads nowhere.
func ByPath(path string, event []byte) (string, bool, error) {
	p, err := ParsePath(path)
	if err != nil {
		return "", false, err
	}
	v, ok := p.Of(event)
	if !ok {
		return "", false, nil
	}
	return encode(v), true, nil
}
