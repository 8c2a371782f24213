package wire

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// decodeBound reads the members of an input that travel outside the body.
func decodeBound(r *restRoute, req *request, v reflect.Value) *shapeError {
	labels, n := map[string]string{}, 0
	for _, s := range r.segments {
		if s.label != "" {
			labels[s.label] = req.labels[n]
			n++
		}
	}
	for _, f := range r.in.bound {
		if err := decodeBoundMember(r, f, labels, req, v.Field(f.index)); err != nil {
			return err.inMember(f.name)
		}
	}
	return nil
}

func decodeBoundMember(r *restRoute, f *field, labels map[string]string, req *request, v reflect.Value) *shapeError {
	b := f.binding
	switch b.place {
	case inLabel:
		text, err := url.PathUnescape(labels[b.name])
		if err != nil {
			return shapeErrorf("the path is not well encoded")
		}
		return decodeBoundText(f.plan, b, text, v)
	case inQuery:
		return decodeBoundTexts(f.plan, b, req.query[b.name], v)
	case inQueries:
		return decodeQueries(r, f.plan, req.query, v)
	case inHeader:
		return decodeHeader(f.plan, b, req.http.Header.Values(b.name), v)
	case inHeaders:
		return decodeHeaders(f.plan, b.name, req.http.Header, v)
	}
	return nil
}

// decodeBoundTexts reads a parameter, which may be there several times for a
// list.
func decodeBoundTexts(p *plan, b *binding, texts []string, v reflect.Value) *shapeError {
	if len(texts) == 0 {
		return nil
	}
	if p.kind != kindList {
		return decodeBoundText(p, b, texts[0], v)
	}
	v.Set(reflect.MakeSlice(p.typ, len(texts), len(texts)))
	for i, text := range texts {
		if err := decodeBoundText(p.elem, b, text, v.Index(i)); err != nil {
			return err.inElement(i)
		}
	}
	return nil
}

// decodeQueries takes the parameters that no other member takes.
func decodeQueries(r *restRoute, p *plan, query url.Values, v reflect.Value) *shapeError {
	for name, texts := range query {
		taken := slices.ContainsFunc(r.in.bound, func(f *field) bool { return f.binding.place == inQuery && f.binding.name == name })
		if _, literal := r.literals[name]; taken || literal || strings.HasPrefix(name, "X-Amz-") {
			continue
		}
		if v.IsNil() {
			v.Set(reflect.MakeMap(p.typ))
		}
		elem := reflect.New(p.elem.typ).Elem()
		if err := decodeBoundTexts(p.elem, &binding{}, texts, elem); err != nil {
			return err.inMember(name)
		}
		v.SetMapIndex(reflect.ValueOf(name).Convert(p.typ.Key()), elem)
	}
	return nil
}

// decodeHeader reads a header; a list is written with commas.
func decodeHeader(p *plan, b *binding, values []string, v reflect.Value) *shapeError {
	if len(values) == 0 {
		return nil
	}
	if p.kind != kindList {
		return decodeBoundText(p, b, strings.TrimSpace(strings.Join(values, ",")), v)
	}
	if strings.TrimSpace(strings.Join(values, "")) == "" {
		return nil
	}
	return decodeBoundTexts(p, b, splitHeader(strings.Join(values, ","), p.elem.kind == kindTime && b.time != timeISO), v)
}

// splitHeader takes a header's list apart. Elements may be quoted, and a date
// of HTTP has a comma of its own.
func splitHeader(text string, dates bool) (out []string) {
	var part strings.Builder
	quoted, commas := false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quoted && i+1 < len(text):
			i++
			part.WriteByte(text[i])
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			if commas++; dates && commas%2 == 1 {
				part.WriteByte(c)
				continue
			}
			out = append(out, strings.TrimSpace(part.String()))
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	return append(out, strings.TrimSpace(part.String()))
}

// decodeHeaders reads the headers with a prefix into a map; their names come
// in lower case, as AWS keeps them.
func decodeHeaders(p *plan, prefix string, header http.Header, v reflect.Value) *shapeError {
	for name, values := range header {
		rest, ok := strings.CutPrefix(strings.ToLower(name), strings.ToLower(prefix))
		if !ok || rest == "" && prefix != "" {
			continue
		}
		if v.IsNil() {
			v.Set(reflect.MakeMap(p.typ))
		}
		elem := reflect.New(p.elem.typ).Elem()
		if err := decodeBoundText(p.elem, &binding{}, strings.Join(values, ","), elem); err != nil {
			return err.inMember(rest)
		}
		v.SetMapIndex(reflect.ValueOf(rest).Convert(p.typ.Key()), elem)
	}
	return nil
}

// decodeBoundText reads one value.
func decodeBoundText(p *plan, b *binding, text string, v reflect.Value) *shapeError {
	if p.kind == kindPointer {
		v.Set(reflect.New(p.elem.typ))
		return decodeBoundText(p.elem, b, text, v.Elem())
	}
	switch {
	case p.kind == kindTime:
		t, err := parseTime(text, b)
		v.Set(reflect.ValueOf(t))
		return err
	case p.kind == kindString:
		return setText(v, text)
	case p.kind == kindBool:
		text = strings.ToLower(text) // Python's clients write True
	case p.kind == kindRefused:
		return refusedShape()
	case p.kind < kindString:
		return mismatch("STRING_VALUE", p.kind)
	}
	return decodeText(p, text, v)
}

func setText(v reflect.Value, text string) *shapeError {
	if !utf8.ValidString(text) {
		return shapeErrorf("the text is not UTF-8")
	}
	v.SetString(text)
	return nil
}

// timeLayouts are the forms a client may write a time in, where it is not
// seconds since the epoch: those of HTTP and ISO 8601.
var timeLayouts = [...]string{http.TimeFormat, time.RFC3339Nano, time.RFC1123Z, time.RFC1123, time.RFC850, time.ANSIC, time.DateOnly}

// parseTime reads a time.
func parseTime(text string, b *binding) (time.Time, *shapeError) {
	if b.time == timeEpoch {
		return parseEpoch(text)
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, mismatch("STRING_VALUE", kindTime)
}

// encodeBound writes the members of an output that travel outside the body.
func encodeBound(shape *restShape, req *request, v reflect.Value) error {
	for _, f := range shape.bound {
		member := v.Field(f.index)
		if f.plan.absent(member) {
			continue
		}
		switch b := f.binding; b.place {
		case inStatus:
			if n := reflect.Indirect(member); n.Kind() == reflect.Int32 && n.Int() >= 100 && n.Int() < 600 {
				req.status = int(n.Int())
			}
		case inHeader:
			text, err := boundText(f.plan, b, member)
			if err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			if text != "" {
				req.header.Set(b.name, text)
			}
		case inHeaders:
			for _, key := range member.MapKeys() {
				text, err := boundText(f.plan.elem, b, member.MapIndex(key))
				if err != nil {
					return fmt.Errorf("%s: %w", f.name, err)
				}
				req.header[b.name+key.String()] = []string{text} // in the case it has: some clients keep what they see
			}
		}
	}
	return nil
}

// boundText writes one value.
func boundText(p *plan, b *binding, v reflect.Value) (string, error) {
	switch p.kind {
	case kindPointer:
		return boundText(p.elem, b, v.Elem())
	case kindList:
		parts := make([]string, v.Len())
		for i := range parts {
			text, err := boundText(p.elem, b, v.Index(i))
			if err != nil {
				return "", err
			}
			if p.elem.kind == kindString && strings.ContainsAny(text, `",`) {
				text = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
			}
			parts[i] = text
		}
		return strings.Join(parts, ", "), nil
	case kindString:
		return v.String(), nil
	case kindBool:
		return strconv.FormatBool(v.Bool()), nil
	case kindInt:
		return strconv.FormatInt(v.Int(), 10), nil
	case kindFloat:
		if name, ok := specialFloat(v.Float()); ok {
			return name, nil
		}
		return strconv.FormatFloat(v.Float(), 'g', -1, p.typ.Bits()), nil
	case kindTime:
		return timeText(v.Interface().(time.Time), b), nil
	case kindBlob:
		return base64.StdEncoding.EncodeToString(v.Bytes()), nil
	}
	return "", fmt.Errorf("wire: a value of type %v cannot be written outside the body", p.typ)
}

func timeText(t time.Time, b *binding) string {
	form := b.time
	if form == timeDefault && b.place == inHeader {
		form = timeHTTP
	}
	switch form {
	case timeEpoch:
		return string(appendEpoch(nil, &t))
	case timeHTTP:
		return t.UTC().Format(http.TimeFormat)
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
