package alarm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// parser reads a rule by recursive descent; elements bounds how deep it goes.
type parser struct {
	tokens   []token
	elements int
	children []string
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != end {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) unexpected(t token, want string) error {
	return fmt.Errorf("character %d: expected %s, found %s", t.at+1, want, t.text)
}

func (p *parser) expect(k kind, want string) error {
	if t := p.next(); t.kind != k {
		return p.unexpected(t, want)
	}
	return nil
}

// element counts what a rule is made of.
func (p *parser) element() error {
	if p.elements++; p.elements > maxElements {
		return fmt.Errorf("the rule has more than %d elements", maxElements)
	}
	return nil
}

func (p *parser) keyword(text string) bool {
	if t := p.peek(); t.kind != word || t.text != text {
		return false
	}
	p.next()
	return true
}

func (p *parser) or() (node, error) {
	first, err := p.and()
	if err != nil {
		return nil, err
	}
	parts := one{first}
	for p.keyword("OR") {
		part, err := p.and()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	if len(parts) == 1 {
		return first, nil
	}
	return parts, nil
}

func (p *parser) and() (node, error) {
	first, err := p.not()
	if err != nil {
		return nil, err
	}
	parts := all{first}
	for p.keyword("AND") {
		part, err := p.not()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	if len(parts) == 1 {
		return first, nil
	}
	return parts, nil
}

func (p *parser) not() (node, error) {
	if err := p.element(); err != nil {
		return nil, err
	}
	if p.keyword("NOT") {
		of, err := p.not()
		return inverse{of}, err
	}
	return p.term()
}

func (p *parser) term() (node, error) {
	t := p.next()
	if t.kind == open {
		inner, err := p.or()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(shut, ")")
	}
	if t.kind == word {
		switch t.text {
		case "TRUE", "FALSE":
			return constant(t.text == "TRUE"), nil
		case "AT_LEAST":
			return p.atLeast()
		}
		if state, ok := stateOf(t.text); ok {
			names, err := p.names(1)
			if err != nil {
				return nil, err
			}
			return in{child: names[0], state: state}, nil
		}
	}
	return nil, p.unexpected(t, "ALARM, OK, INSUFFICIENT_DATA, AT_LEAST, TRUE, FALSE, NOT or (")
}

func stateOf(text string) (types.StateValue, bool) {
	state := types.StateValue(text)
	return state, slices.Contains(state.Values(), state)
}

// names reads alarms in parentheses: at most so many, 0 for any number.
func (p *parser) names(most int) (out []string, err error) {
	if err := p.expect(open, "("); err != nil {
		return nil, err
	}
	for {
		t := p.next()
		if t.kind != word && t.kind != quoted || t.text == "" {
			return nil, p.unexpected(t, "the name or ARN of an alarm")
		}
		if err := p.element(); err != nil {
			return nil, err
		}
		out = append(out, t.text)
		if !slices.Contains(p.children, t.text) {
			p.children = append(p.children, t.text)
		}
		if p.peek().kind != comma || len(out) == most {
			return out, p.expect(shut, ")")
		}
		p.next()
	}
}

// atLeast reads AT_LEAST(M or P%, state, (alarms)), its word being read.
func (p *parser) atLeast() (node, error) {
	if err := p.expect(open, "("); err != nil {
		return nil, err
	}
	t := p.next()
	digits, percent := strings.CutSuffix(t.text, "%")
	n, err := strconv.Atoi(digits)
	if err != nil || t.kind != word || n < 1 || percent && n > 100 {
		return nil, p.unexpected(t, "a number of alarms, or 1% to 100%")
	}
	if err := p.expect(comma, ","); err != nil {
		return nil, err
	}
	not := p.keyword("NOT")
	t = p.next()
	state, ok := stateOf(t.text)
	if !ok || t.kind != word {
		return nil, p.unexpected(t, "ALARM, OK or INSUFFICIENT_DATA, with or without NOT")
	}
	if err := p.expect(comma, ","); err != nil {
		return nil, err
	}
	names, err := p.names(0)
	if err != nil {
		return nil, err
	}
	if !percent && n > len(names) {
		return nil, fmt.Errorf("character %d: AT_LEAST asks for %d of %d alarms", t.at+1, n, len(names))
	}
	out := atLeast{n: n, percent: percent}
	for _, name := range names {
		out.some = append(out.some, in{child: name, state: state, not: not})
	}
	return out, p.expect(shut, ")")
}
