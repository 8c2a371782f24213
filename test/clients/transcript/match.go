package transcript

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Bindings are the values of a run, by their names.
type Bindings map[string]string

var placeholder = regexp.MustCompile(`\{[a-z]+(?:-\d+)?\}`)

// Fill puts values into a request.
func (b Bindings) Fill(text string) (string, error) {
	var missing string
	text = placeholder.ReplaceAllStringFunc(text, func(name string) string {
		if v, ok := b[name]; ok {
			return v
		}
		missing = name
		return name
	})
	if missing != "" {
		return "", fmt.Errorf("no answer has said %s", missing)
	}
	return text, nil
}

// Match compares an answer with the recorded one. All that was recorded must be
// there, with the same values but for those that have names; new members are no
// difference. Names are bound as they are met, only if all of it matches.
func (b Bindings) Match(recorded, answer string) error {
	r, err := tree(recorded)
	if err != nil {
		return fmt.Errorf("recorded: %w", err)
	}
	a, err := tree(answer)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, answer)
	}
	try := Bindings{}
	for k, v := range b {
		try[k] = v
	}
	if err := try.match("", r, a); err != nil {
		return err
	}
	for k, v := range try {
		b[k] = v
	}
	return nil
}

func (b Bindings) match(at string, recorded, answer any) error {
	if recorded == "{any}" {
		return nil
	}
	switch r := recorded.(type) {
	case map[string]any:
		a, ok := answer.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: %s, not an object", at, brief(answer))
		}
		for name, value := range r {
			got, ok := a[name]
			if !ok {
				return fmt.Errorf("%s.%s is missing; it was %s", at, name, brief(value))
			}
			if err := b.match(at+"."+name, value, got); err != nil {
				return err
			}
		}
		return nil
	case []any:
		a, ok := answer.([]any)
		if !ok || len(a) != len(r) {
			return fmt.Errorf("%s: %s, not a list of %d", at, brief(answer), len(r))
		}
		for i := range r {
			if err := b.match(fmt.Sprintf("%s[%d]", at, i), r[i], a[i]); err != nil {
				return err
			}
		}
		return nil
	case string:
		return b.text(at, r, answer)
	}
	if brief(recorded) != brief(answer) {
		return fmt.Errorf("%s: %s, not %s", at, brief(answer), brief(recorded))
	}
	return nil
}

// text compares a string that may hold names.
func (b Bindings) text(at, recorded string, answer any) error {
	if recorded == "{time}" || recorded == "{token}" {
		if s := fmt.Sprint(answer); answer == nil || s == "" {
			return fmt.Errorf("%s: %s, not a value", at, brief(answer))
		}
		return nil
	}
	got, ok := answer.(string)
	if !ok {
		return fmt.Errorf("%s: %s, not %q", at, brief(answer), recorded)
	}
	var pattern strings.Builder
	var names []string
	last := 0
	for _, m := range placeholder.FindAllStringIndex(recorded, -1) {
		pattern.WriteString(regexp.QuoteMeta(recorded[last:m[0]]))
		name := recorded[m[0]:m[1]]
		if v, ok := b[name]; ok {
			pattern.WriteString(regexp.QuoteMeta(v))
		} else {
			pattern.WriteString(`(.+?)`)
			names = append(names, name)
		}
		last = m[1]
	}
	pattern.WriteString(regexp.QuoteMeta(recorded[last:]))
	found := regexp.MustCompile(`(?s)^` + pattern.String() + `$`).FindStringSubmatch(got)
	if found == nil {
		return fmt.Errorf("%s: %q, not %q", at, got, recorded)
	}
	for i, name := range names {
		if name != "{time}" && name != "{token}" {
			b[name] = found[i+1]
		}
	}
	return nil
}

func brief(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(text) > 200 {
		text = append(text[:200:200], "…"...)
	}
	return string(text)
}

// tree reads JSON, XML or nothing.
func tree(text string) (any, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return nil, nil
	case strings.HasPrefix(text, "<"):
		return readXML(text)
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	return v, err
}

// readXML reads elements as objects and lists, in the manner of AWS: a name
// that repeats, or member and item, is a list.
func readXML(text string) (any, error) {
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := dec.Token()
		if err != nil {
			return nil, err
		}
		if start, ok := token.(xml.StartElement); ok {
			v, err := element(dec)
			return map[string]any{start.Name.Local: v}, err
		}
	}
}

func element(dec *xml.Decoder) (any, error) {
	var text strings.Builder
	fields := map[string]any{}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil, io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			v, err := element(dec)
			if err != nil {
				return nil, err
			}
			name := token.Name.Local
			before, again := fields[name]
			list, isList := before.([]any)
			switch {
			case isList:
				fields[name] = append(list, v)
			case again:
				fields[name] = []any{before, v}
			case name == "member" || name == "item":
				fields[name] = []any{v}
			default:
				fields[name] = v
			}
		case xml.CharData:
			text.Write(token)
		case xml.EndElement:
			if len(fields) > 0 {
				return fields, nil
			}
			return strings.TrimSpace(text.String()), nil
		}
	}
}

// width is how long a line of JSON may get.
const width = 140

// tidy writes an answer to be read: JSON in lines that are full, XML a line an
// element, tokens and times by their names, and {any} for members that are named.
func tidy(text string, members []string) string {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "<") {
		return indentXML(text)
	}
	if v, err := tree(text); err == nil && v != nil {
		return lay(nameless("", v, members), "") + "\n"
	}
	return text
}

// tidyRequest writes a request to be read, and changes nothing of it.
func tidyRequest(text string) string {
	if v, err := tree(text); err == nil && v != nil {
		return lay(v, "") + "\n"
	}
	return text
}

// lay writes a value on one line if it fits, else its members below each other.
func lay(v any, indent string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return "null"
	}
	line := strings.TrimSpace(b.String())
	if len(indent)+len(line) <= width {
		return line
	}
	deeper := indent + " "
	var lines []string
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			lines = append(lines, fmt.Sprintf("%s%q: %s", deeper, name, lay(v[name], deeper)))
		}
		return "{\n" + strings.Join(lines, ",\n") + "\n" + indent + "}"
	case []any:
		for _, item := range v {
			lines = append(lines, deeper+lay(item, deeper))
		}
		return "[\n" + strings.Join(lines, ",\n") + "\n" + indent + "]"
	}
	return line
}

var (
	secret = regexp.MustCompile(`(?i)(token|tokenValue)$`)
	epoch  = regexp.MustCompile(`^1([0-9]{9,}(\.[0-9]+)?|(\.[0-9]+)?[eE]\+?(9|12))$`)
)

// nameless gives values that differ every time their names.
func nameless(name string, v any, members []string) any {
	if slices.Contains(members, name) {
		return "{any}"
	}
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = nameless(k, v[k], members)
		}
	case []any:
		for i := range v {
			v[i] = nameless("", v[i], members)
		}
	case json.Number:
		if epoch.MatchString(v.String()) {
			return "{time}"
		}
	case string:
		if secret.MatchString(name) && len(v) > 20 {
			return "{token}"
		}
	}
	return v
}

func indentXML(text string) string {
	var out strings.Builder
	dec := xml.NewDecoder(strings.NewReader(text))
	depth, open := 0, false
	for {
		token, err := dec.Token()
		if err != nil {
			return strings.TrimPrefix(out.String(), "\n") + "\n"
		}
		switch token := token.(type) {
		case xml.StartElement:
			fmt.Fprintf(&out, "\n%s<%s>", strings.Repeat(" ", depth), token.Name.Local)
			depth, open = depth+1, true
		case xml.EndElement:
			depth--
			if !open {
				fmt.Fprintf(&out, "\n%s", strings.Repeat(" ", depth))
			}
			fmt.Fprintf(&out, "</%s>", token.Name.Local)
			open = false
		case xml.CharData:
			if s := strings.TrimSpace(string(token)); s != "" {
				_ = xml.EscapeText(&out, []byte(s))
			}
		}
	}
}
