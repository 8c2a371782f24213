package restxml

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of an XML document.
const (
	maxDocument = 4 << 20
	maxDepth    = 32
)

// node is an element.
type node struct {
	name     string
	attrs    []xml.Attr
	text     string
	children []*node
}

// errMalformed is any document that is not what its operation takes.
var errMalformed = errors.New("malformed XML")

// parse reads one document; nil when there is none.
func parse(body io.Reader) (*node, error) {
	limited := &io.LimitedReader{R: body, N: maxDocument + 1}
	d := xml.NewDecoder(limited)
	var root *node
	var stack []*node
	for {
		token, err := d.Token()
		if limited.N <= 0 {
			return nil, fmt.Errorf("%w: more than %d bytes", errMalformed, maxDocument)
		}
		if errors.Is(err, io.EOF) && len(stack) == 0 {
			return root, nil
		}
		var syntax *xml.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("%w: line %d: %s", errMalformed, syntax.Line, syntax.Msg)
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			n := &node{name: t.Name.Local, attrs: t.Attr}
			switch {
			case len(stack) >= maxDepth:
				return nil, fmt.Errorf("%w: more than %d levels", errMalformed, maxDepth)
			case len(stack) > 0:
				parent := stack[len(stack)-1]
				parent.children = append(parent.children, n)
			case root != nil:
				return nil, fmt.Errorf("%w: two roots", errMalformed)
			default:
				root = n
			}
			stack = append(stack, n)
		case xml.EndElement:
			n := stack[len(stack)-1]
			if len(n.children) > 0 {
				n.text = ""
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text += string(t)
			} else if strings.TrimSpace(string(t)) != "" {
				return nil, fmt.Errorf("%w: text outside of the root", errMalformed)
			}
		}
	}
}
