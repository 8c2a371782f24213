package math

import (
	"slices"
)

// Expression is a parsed expression. It may be evaluated concurrently.
type Expression struct {
	root node
	refs []string
	uses map[string]bool // functions
}

// node is a part of an expression.
type node interface {
	eval(env *Env) (Value, error)
}

type (
	numberNode struct{ value float64 }
	textNode   struct{ text string }
	wordNode   struct{ word string } // REPEAT, ASC and so on
	refNode    struct{ id string }
	listNode   struct{ items []node }
	minusNode  struct{ of node }
	binaryNode struct {
		op          string
		left, right node
	}
	callNode struct {
		name string
		args []node
		fn   *function
	}
)

// maxDepth bounds what nests.
const maxDepth = 64

// Parse reads an expression.
func Parse(text string) (*Expression, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := parser{tokens: tokens, e: &Expression{uses: map[string]bool{}}}
	p.e.root, err = p.binary(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != endToken {
		return nil, unexpected(t)
	}
	return p.e, nil
}

type parser struct {
	tokens []token
	depth  int
	e      *Expression
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != endToken {
		p.tokens = p.tokens[1:]
	}
	return t
}

// accept takes the next token if it is the operator.
func (p *parser) accept(op string) bool {
	if t := p.peek(); t.kind != operatorToken || t.text != op {
		return false
	}
	p.next()
	return true
}

func unexpected(t token) error {
	if t.kind == endToken {
		return errorf("the expression ends where something should follow")
	}
	return errorf("unexpected %q at %d", t.text, t.at+1)
}

// levels are the operators, those that bind least first.
var levels = [...][]string{
	{"||", "OR"}, {"&&", "AND"}, {"==", "!=", "<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/"},
}

var canonical = map[string]string{"OR": "||", "AND": "&&"}

func (p *parser) binary(level int) (node, error) {
	if level == len(levels) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	for err == nil {
		t := p.peek()
		if t.kind != operatorToken && t.kind != nameToken || !slices.Contains(levels[level], t.text) {
			return left, nil
		}
		p.next()
		op := t.text
		if c := canonical[op]; c != "" {
			op = c
		}
		var right node
		right, err = p.binary(level + 1)
		left = &binaryNode{op, left, right}
	}
	return nil, err
}

func (p *parser) unary() (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errorf("the expression nests deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.accept("-") {
		of, err := p.unary()
		return &minusNode{of}, err
	}
	base, err := p.primary()
	if err != nil || !p.accept("^") {
		return base, err
	}
	power, err := p.unary()
	return &binaryNode{"^", base, power}, err
}

func (p *parser) primary() (node, error) {
	switch t := p.next(); {
	case t.kind == numberToken:
		return &numberNode{t.number}, nil
	case t.kind == textToken:
		return &textNode{t.text}, nil
	case t.kind == operatorToken && t.text == "(":
		inner, err := p.binary(0)
		if err == nil && !p.accept(")") {
			err = unexpected(p.peek())
		}
		return inner, err
	case t.kind == operatorToken && t.text == "[":
		items, err := p.list("]")
		return &listNode{items}, err
	case t.kind == nameToken && p.accept("("):
		return p.call(t)
	case t.kind == nameToken && words[t.text]:
		return &wordNode{t.text}, nil
	case t.kind == nameToken && ValidID(t.text):
		if !slices.Contains(p.e.refs, t.text) {
			p.e.refs = append(p.e.refs, t.text)
		}
		return &refNode{t.text}, nil
	case t.kind == nameToken:
		return nil, errorf("%q at %d is neither an id, which begins with a lower-case letter, nor a function", t.text, t.at+1)
	default:
		return nil, unexpected(t)
	}
}

// words are arguments of some functions.
var words = map[string]bool{"REPEAT": true, "LINEAR": true, "ASC": true, "DESC": true, "AVG": true, "MIN": true, "MAX": true, "SUM": true}

func (p *parser) call(name token) (node, error) {
	fn, ok := functions[name.text]
	switch {
	case !ok && unsupported[name.text]:
		return nil, &Error{Text: "Hatoba does not support the function " + name.text + " yet", Unsupported: true}
	case !ok:
		return nil, errorf("there is no function %s", name.text)
	}
	args, err := p.list(")")
	if err != nil {
		return nil, err
	}
	if len(args) < fn.least || len(args) > fn.most {
		return nil, errorf("%s does not take %d arguments", name.text, len(args))
	}
	p.e.uses[name.text] = true
	return &callNode{name.text, args, &fn}, nil
}

// list reads what is between commas, up to its end.
func (p *parser) list(end string) (out []node, err error) {
	if p.accept(end) {
		return nil, nil
	}
	for {
		item, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		out = append(out, item)
		if p.accept(end) {
			return out, nil
		}
		if !p.accept(",") {
			return nil, unexpected(p.peek())
		}
	}
}

// ValidID tells whether a query may be called so.
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
func ValidID(id string) bool {
	if id == "" || len(id) > 255 || id[0] < 'a' || id[0] > 'z' {
		return false
	}
	for i := range len(id) {
		if !isLetter(id[i]) && !isDigit(id[i]) {
			return false
		}
	}
	return true
}
