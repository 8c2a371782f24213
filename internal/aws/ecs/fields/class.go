// Package fields keeps, for every field of the ECS operations, one of three
// classes: done, accepted without effect (with the reason) or refused by name
// (with what to do instead). The tables drive both the refusals and
// docs/compatibility.md; a test walks the SDK's own types, so that a field
// AWS adds cannot go unclassed.
package fields

import "strings"

// Class says what becomes of a field.
type Class string

// The three classes.
const (
	Done     Class = "done"
	NoEffect Class = "accepted without effect"
	Refused  Class = "refused"
)

// Field is one row of a table.
type Field struct {
	// Path is the wire path: list elements are "[]", known map keys "{key}",
	// all other keys "{*}". A row that is Refused or NoEffect also covers
	// everything below it; Done is said field by field.
	Path  string
	Class Class
	// Note is the reason of NoEffect, and what to do of Refused. For Done it
	// is optional.
	Note string
	// Values, when set, are the only values of a Done field that are taken;
	// others are refused.
	Values []string
}

// Table is the rows of one operation's input.
type Table struct {
	Operation string
	Fields    []Field
}

// Find returns the row for a path: its own, or the nearest one above that is
// not Done.
func (t Table) Find(path string) (Field, bool) {
	for p := path; p != ""; p = parent(p) {
		for _, f := range t.Fields {
			if f.Path == p && (p == path || f.Class != Done) {
				return f, true
			}
		}
	}
	return Field{}, false
}

func parent(path string) string {
	if p, ok := strings.CutSuffix(path, "[]"); ok {
		return p
	}
	if i := strings.LastIndexByte(path, '{'); i >= 0 && strings.HasSuffix(path, "}") {
		return path[:i]
	}
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i]
	}
	return ""
}

func done(path string) Field { return Field{Path: path, Class: Done} }

func noEffect(path, reason string) Field { return Field{Path: path, Class: NoEffect, Note: reason} }

func refused(path, instead string) Field { return Field{Path: path, Class: Refused, Note: instead} }

// only takes some values and refuses the others.
func only(path, instead string, values ...string) Field {
	return Field{Path: path, Class: Done, Note: instead, Values: values}
}

// doneBelow is done for each of the names under the prefix.
func doneBelow(prefix string, names ...string) (out []Field) {
	for _, n := range names {
		out = append(out, done(prefix+n))
	}
	return out
}

func rows(groups ...[]Field) (out []Field) {
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}
