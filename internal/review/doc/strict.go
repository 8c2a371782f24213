package doc

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Strict reads a document whose every member is known: what a user misspells is
// told with its place instead of being ignored. Mistakes are collected, so that
// one reading tells them all.
type Strict struct {
	File string
	errs []error
}

// Field says how a member is read.
type Field struct {
	Read     func(*Node)
	Required bool
}

// Fail notes a mistake at a value.
func (s *Strict) Fail(n *Node, format string, args ...any) {
	line, col := n.Pos()
	s.FailAt(line, col, format, args...)
}

// FailAt notes a mistake at a position.
func (s *Strict) FailAt(line, col int, format string, args ...any) {
	s.errs = append(s.errs, fmt.Errorf("%s:%d:%d: %s", s.File, line, col, fmt.Sprintf(format, args...)))
}

// Err is all mistakes, a line each; nil if there are none.
func (s *Strict) Err() error { return errors.Join(s.errs...) }

// Object reads an object whose members are these and no others.
func (s *Strict) Object(n *Node, fields map[string]Field) {
	if n.Kind != Object {
		s.Fail(n, "an object is asked for")
		return
	}
	seen := map[string]bool{}
	for _, m := range n.Members {
		f, known := fields[m.Name]
		switch {
		case !known:
			s.FailAt(m.line, m.col, "%q is not known here; known are %s", m.Name, names(fields))
		case seen[m.Name]:
			s.FailAt(m.line, m.col, "%q stands here twice", m.Name)
		default:
			f.Read(m.Value)
		}
		seen[m.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if fields[name].Required && !seen[name] {
			s.Fail(n, "%q is missing", name)
		}
	}
}

func names(fields map[string]Field) string {
	return strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
}

// List reads each item of a list.
func (s *Strict) List(n *Node, item func(*Node)) {
	if n.Kind != Array {
		s.Fail(n, "a list is asked for")
		return
	}
	for _, i := range n.Items {
		item(i)
	}
}

// String reads a string that says something.
func (s *Strict) String(n *Node) string {
	switch {
	case n.Kind != String:
		s.Fail(n, "a string is asked for")
	case strings.TrimSpace(n.Text) == "":
		s.Fail(n, "it is empty")
	}
	return n.Text
}

// Into is a field that is a string.
func (s *Strict) Into(into *string, required bool) Field {
	return Field{Required: required, Read: func(n *Node) { *into = s.String(n) }}
}

// Value is the node as encoding/json would give it, except that whole numbers
// are int64.
func (n *Node) Value() any {
	switch n.Kind {
	case Bool:
		return n.Text == "true"
	case Number:
		return number(n.Text)
	case String:
		return n.Text
	case Array:
		out := make([]any, 0, len(n.Items))
		for _, i := range n.Items {
			out = append(out, i.Value())
		}
		return out
	case Object:
		out := make(map[string]any, len(n.Members))
		for _, m := range n.Members {
			out[m.Name] = m.Value.Value()
		}
		return out
	}
	return nil
}

func number(text string) any {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i
	}
	f, _ := strconv.ParseFloat(text, 64) // out of range is infinite, as good as any
	return f
}
