package fields

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"
)

// Refusal is a field of a request that is not supported.
type Refusal struct {
	Field Field
	// Where is the path with the names of the elements it goes through, for
	// example containerDefinitions['app'].interactive.
	Where string
	Value string // set when only this value is refused
}

// Error names the field and says what to do.
func (r *Refusal) Error() string {
	what := r.Where
	if r.Value != "" {
		what += " '" + r.Value + "'"
	}
	return what + " is not supported by Hatoba yet: " + r.Field.Note
}

// Check returns the first field of in that the table refuses, nil when there
// is none. Empty values (nil, zero, false, and what holds only such) are never
// refused. in is a pointer to the SDK's Input.
func (t Table) Check(in any) *Refusal {
	return t.check(reflect.ValueOf(in), "", "")
}

func (t Table) check(v reflect.Value, path, where string) *Refusal {
	if empty(v) {
		return nil
	}
	if path != "" {
		if f, ok := t.Find(path); ok {
			if f.Class == Refused {
				return &Refusal{Field: f, Where: where}
			}
			if f.Class == NoEffect {
				return nil
			}
			if value := text(v); len(f.Values) > 0 && value != "" && !slices.Contains(f.Values, value) {
				return &Refusal{Field: f, Where: where, Value: value}
			}
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		return t.check(v.Elem(), path, where)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				name := wireName(f.Name)
				if r := t.check(v.Field(i), join(path, name), join(where, name)); r != nil {
					return r
				}
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if r := t.check(v.Index(i), path+"[]", where+element(v.Index(i), i)); r != nil {
				return r
			}
		}
	case reflect.Map:
		return t.checkMap(v, path, where)
	}
	return nil
}

func (t Table) checkMap(v reflect.Value, path, where string) *Refusal {
	keys := make([]string, 0, v.Len())
	for _, k := range v.MapKeys() {
		keys = append(keys, k.String())
	}
	sort.Strings(keys)
	for _, k := range keys {
		p := path + "{" + k + "}"
		if !t.has(p) {
			p = path + "{*}"
		}
		at := v.MapIndex(reflect.ValueOf(k).Convert(v.Type().Key()))
		if r := t.check(at, p, where+"['"+k+"']"); r != nil {
			return r
		}
	}
	return nil
}

func (t Table) has(path string) bool {
	return slices.ContainsFunc(t.Fields, func(f Field) bool { return f.Path == path })
}

// element names a list element by its name where it has one.
func element(v reflect.Value, i int) string {
	if v.Kind() == reflect.Struct {
		if f := v.FieldByName("Name"); f.IsValid() && f.Kind() == reflect.Pointer && !f.IsNil() {
			return fmt.Sprintf("['%v']", f.Elem())
		}
	}
	return fmt.Sprintf("[%d]", i)
}

func text(v reflect.Value) string {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Struct, reflect.Slice, reflect.Map:
		return ""
	}
	return fmt.Sprint(v)
}

func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return v.IsNil() || empty(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if !empty(v.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && !empty(v.Field(i)) {
				return false
			}
		}
		return true
	}
	return !v.IsValid() || v.IsZero()
}

// Leaves lists the wire paths of every field of the SDK's Input type that is
// not itself a structure, in the order of the type.
func Leaves(t reflect.Type) []string { return leaves(t, "") }

func leaves(t reflect.Type, path string) (out []string) {
	switch t.Kind() {
	case reflect.Pointer:
		return leaves(t.Elem(), path)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Struct {
			return leaves(t.Elem(), path+"[]")
		}
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() {
				out = append(out, leaves(f.Type, join(path, wireName(f.Name)))...)
			}
		}
		return out
	}
	return []string{path}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// wireName is ECS's rule: the first letter is lower case, no exceptions.
func wireName(goName string) string {
	return strings.ToLower(goName[:1]) + goName[1:]
}
