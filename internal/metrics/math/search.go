package math

import (
	"slices"
	"strings"
	"unicode"

	"github.com/hatoba/hatoba/internal/metrics"
)

// Search is the text of a SEARCH: a schema in braces, terms that must be there
// in part or, in double quotes, as they are, and AND, OR and NOT between them.
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
type Search struct {
	schema     bool
	namespace  string
	dimensions []string
	where      condition // nil: all
}

// condition is a part of a search.
type condition func(s *metrics.Series) bool

// Matches tells whether a metric is found.
func (s *Search) Matches(m *metrics.Series) bool {
	if s.schema {
		if m.Namespace != s.namespace || len(m.Dimensions) != len(s.dimensions) {
			return false
		}
		for _, d := range m.Dimensions {
			if !slices.Contains(s.dimensions, d.Name) {
				return false
			}
		}
	}
	return s.where == nil || s.where(m)
}

// ParseSearch reads the text of a SEARCH.
func ParseSearch(text string) (*Search, error) {
	words, err := searchWords(text)
	if err != nil {
		return nil, err
	}
	p := searchParser{words: words}
	s := &Search{}
	if p.accept("{") {
		if err := p.schema(s); err != nil {
			return nil, err
		}
	}
	if p.more() {
		if s.where, err = p.or(); err != nil {
			return nil, err
		}
	}
	if p.more() {
		return nil, errorf("unexpected %q in the search", p.words[0].text)
	}
	if !s.schema && s.where == nil {
		return nil, errorf("a search needs a schema or a term")
	}
	return s, nil
}

type searchWord struct {
	text   string
	quoted bool
	mark   bool // punctuation
}

func searchWords(s string) (out []searchWord, err error) {
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		switch {
		case s[0] == '"':
			end := textEnd(s, 0)
			if end < 0 {
				return nil, errorf("a quoted text in the search does not end")
			}
			out = append(out, searchWord{text: unescape(s[1:end], '"'), quoted: true})
			s = s[end+1:]
		case strings.IndexByte("{}(),=", s[0]) >= 0:
			out = append(out, searchWord{text: s[:1], mark: true})
			s = s[1:]
		default:
			end := strings.IndexAny(s, " \t\r\n\"{}(),=")
			if end < 0 {
				end = len(s)
			}
			out = append(out, searchWord{text: s[:end]})
			s = s[end:]
		}
	}
	return out, nil
}

type searchParser struct {
	words []searchWord
	depth int
}

func (p *searchParser) more() bool { return len(p.words) > 0 }

func (p *searchParser) next() searchWord {
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

func (p *searchParser) accept(mark string) bool {
	if !p.more() || !p.words[0].mark || p.words[0].text != mark {
		return false
	}
	p.next()
	return true
}

// keyword takes AND, OR or NOT.
func (p *searchParser) keyword(name string) bool {
	if !p.more() || p.words[0].mark || p.words[0].quoted || p.words[0].text != name {
		return false
	}
	p.next()
	return true
}

func (p *searchParser) schema(s *Search) error {
	s.schema = true
	var names []string
	for {
		if !p.more() || p.words[0].mark {
			return errorf("the schema of the search names a namespace and dimensions, with commas between them")
		}
		names = append(names, p.next().text)
		if p.accept("}") {
			break
		}
		if !p.accept(",") {
			return errorf("the schema of the search does not end")
		}
	}
	s.namespace, s.dimensions = names[0], names[1:]
	return nil
}

func (p *searchParser) or() (condition, error) {
	left, err := p.and()
	for err == nil && p.keyword("OR") {
		var right condition
		right, err = p.and()
		l := left
		left = func(s *metrics.Series) bool { return l(s) || right(s) }
	}
	return left, err
}

func (p *searchParser) and() (condition, error) {
	left, err := p.not()
	for err == nil && p.more() && (!p.words[0].mark || p.words[0].text == "(") && (p.words[0].quoted || p.words[0].text != "OR") {
		p.keyword("AND")
		var right condition
		right, err = p.not()
		l := left
		left = func(s *metrics.Series) bool { return l(s) && right(s) }
	}
	return left, err
}

func (p *searchParser) not() (condition, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errorf("the search nests deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.keyword("NOT") {
		of, err := p.not()
		return func(s *metrics.Series) bool { return !of(s) }, err
	}
	if p.accept("(") {
		inner, err := p.or()
		if err == nil && !p.accept(")") {
			err = errorf("a parenthesis in the search is not closed")
		}
		return inner, err
	}
	return p.term()
}

// term is a text, or PROPERTY=text, where text may be several in parentheses.
func (p *searchParser) term() (condition, error) {
	if !p.more() || p.words[0].mark {
		return nil, errorf("the search ends where a term should follow")
	}
	w := p.next()
	if !p.accept("=") {
		return matching(anyProperty, w), nil
	}
	if strings.HasPrefix(w.text, ":aws.") {
		return nil, &Error{Text: "Hatoba does not support " + w.text + " in a search yet", Unsupported: true}
	}
	of := property(w.text)
	if !p.accept("(") {
		if !p.more() || p.words[0].mark {
			return nil, errorf("%s= is not followed by a value in the search", w.text)
		}
		return matching(of, p.next()), nil
	}
	var either []condition
	for {
		if !p.more() || p.words[0].mark {
			return nil, errorf("the values of %s in the search do not end", w.text)
		}
		either = append(either, matching(of, p.next()))
		if p.accept(")") {
			break
		}
		if !p.keyword("OR") {
			return nil, errorf("there is OR between the values of %s in a search", w.text)
		}
	}
	return func(s *metrics.Series) bool {
		return slices.ContainsFunc(either, func(c condition) bool { return c(s) })
	}, nil
}

// anyProperty gives all texts of a metric.
func anyProperty(s *metrics.Series) []string {
	out := []string{s.Namespace, s.Name}
	for _, d := range s.Dimensions {
		out = append(out, d.Name, d.Value)
	}
	return out
}

func property(name string) func(*metrics.Series) []string {
	return func(s *metrics.Series) []string {
		switch name {
		case "Namespace":
			return []string{s.Namespace}
		case "MetricName":
			return []string{s.Name}
		}
		for _, d := range s.Dimensions {
			if d.Name == name {
				return []string{d.Value}
			}
		}
		return nil
	}
}

// matching finds a quoted text as it is, and every word of another one in
// whatever case.
func matching(of func(*metrics.Series) []string, w searchWord) condition {
	if w.quoted {
		return func(s *metrics.Series) bool { return slices.Contains(of(s), w.text) }
	}
	want := split(w.text)
	return func(s *metrics.Series) bool {
		return slices.ContainsFunc(of(s), func(text string) bool {
			have := split(text)
			have = append(have, strings.ToLower(text))
			for _, x := range want {
				if !slices.Contains(have, x) {
					return false
				}
			}
			return true
		})
	}
}

// split cuts a text into its words: at whatever is no letter or digit, between
// letters and digits, and where a capital follows a small letter.
func split(text string) (out []string) {
	var word []rune
	end := func() {
		if len(word) > 0 {
			out = append(out, strings.ToLower(string(word)))
		}
		word = word[:0]
	}
	last := ' '
	for _, r := range text {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
		case unicode.IsUpper(r) && unicode.IsLower(last), unicode.IsDigit(r) != unicode.IsDigit(last):
			end()
			word = append(word, r)
		default:
			word = append(word, r)
		}
		last = r
	}
	end()
	return out
}
