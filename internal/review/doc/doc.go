// Package doc reads a JSON document and keeps where everything stands.
package doc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Kind is what a node is.
type Kind byte

const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// Node is a value of the document.
type Node struct {
	Kind    Kind
	Text    string // of a string its value; of a number or bool its spelling
	Items   []*Node
	Members []Member // in the document's order
	line    int
	col     int
}

// Member is a name and its value.
type Member struct {
	Name  string
	Value *Node
	line  int
	col   int
}

// Pos is where the value begins, from 1; columns count characters. The zero
// position belongs to nodes that were not read from a file.
func (n *Node) Pos() (line, col int) {
	if n == nil {
		return 0, 0
	}
	return n.line, n.col
}

// Error says where a document is not JSON.
type Error struct {
	Line, Col int
	Err       error
}

func (e *Error) Error() string { return fmt.Sprintf("line %d, column %d: %v", e.Line, e.Col, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// maxDepth bounds nesting; encoding/json's own bound is 10,000.
const maxDepth = 200

// Parse reads one JSON value and nothing behind it.
func Parse(text []byte) (*Node, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	p := &parser{text: text, dec: json.NewDecoder(bytes.NewReader(text))}
	p.dec.UseNumber()
	root, err := p.value(0)
	if err != nil {
		return nil, p.at(err)
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, p.at(errors.New("there is more behind the document's end"))
	}
	return root, nil
}

type parser struct {
	text []byte
	dec  *json.Decoder
	// The position of the last token asked for, found by counting on from the
	// one before.
	offset    int
	line, col int
}

func (p *parser) at(err error) error {
	offset := int(p.dec.InputOffset())
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = int(syntax.Offset)
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	line, col := p.position(min(offset, len(p.text)))
	return &Error{Line: line, Col: col, Err: err}
}

// position of an offset; offsets mostly grow, so it counts on.
func (p *parser) position(offset int) (line, col int) {
	if offset < p.offset || p.line == 0 {
		p.offset, p.line, p.col = 0, 1, 1
	}
	for p.offset < offset {
		r, size := utf8.DecodeRune(p.text[p.offset:])
		p.offset += size
		if r == '\n' {
			p.line, p.col = p.line+1, 1
		} else {
			p.col++
		}
	}
	return p.line, p.col
}

// next is the position where the next token begins.
func (p *parser) next() (line, col int) {
	offset := int(p.dec.InputOffset())
	for offset < len(p.text) && strings.IndexByte(" \t\r\n,:", p.text[offset]) >= 0 {
		offset++
	}
	return p.position(offset)
}

func (p *parser) value(depth int) (*Node, error) {
	if depth > maxDepth {
		return nil, errors.New("nested too deep")
	}
	n := &Node{}
	n.line, n.col = p.next()
	token, err := p.dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case nil:
		n.Kind = Null
	case bool:
		n.Kind, n.Text = Bool, fmt.Sprint(t)
	case json.Number:
		n.Kind, n.Text = Number, t.String()
	case string:
		n.Kind, n.Text = String, t
	case json.Delim:
		if t == '[' {
			n.Kind = Array
			for p.dec.More() {
				item, err := p.value(depth + 1)
				if err != nil {
					return nil, err
				}
				n.Items = append(n.Items, item)
			}
		} else {
			n.Kind = Object
			for p.dec.More() {
				var m Member
				m.line, m.col = p.next()
				name, err := p.dec.Token()
				if err != nil {
					return nil, err
				}
				m.Name = name.(string)
				if m.Value, err = p.value(depth + 1); err != nil {
					return nil, err
				}
				n.Members = append(n.Members, m)
			}
		}
		if _, err := p.dec.Token(); err != nil { // the closing one
			return nil, err
		}
	}
	return n, nil
}

// Get is a member's value, nil if there is none. Names match as AWS's clients
// write them: exactly, else without regard to case.
func (n *Node) Get(name string) *Node {
	if m := n.member(name); m != nil {
		return m.Value
	}
	return nil
}

func (n *Node) member(name string) *Member {
	if n == nil || n.Kind != Object {
		return nil
	}
	var found *Member
	for i := range n.Members {
		m := &n.Members[i]
		if m.Name == name {
			return m
		}
		if found == nil && strings.EqualFold(m.Name, name) {
			found = m
		}
	}
	return found
}

// Find goes down a path of names and indexes. Where the path leaves the
// document, it stays at the last node there is: a finding about something that
// is missing points to where it should stand.
func (n *Node) Find(path ...any) *Node {
	for _, step := range path {
		var next *Node
		switch step := step.(type) {
		case string:
			if m := n.member(step); m != nil {
				// The name's place: that is what a reader looks for.
				at := *m.Value
				at.line, at.col = m.line, m.col
				next = &at
			}
		case int:
			if n != nil && n.Kind == Array && step >= 0 && step < len(n.Items) {
				next = n.Items[step]
			}
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}
