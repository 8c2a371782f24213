package alarm

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind int

const (
	end kind = iota
	open
	shut
	comma
	word   // unquoted: a keyword, a number or a name
	quoted // a name
)

type token struct {
	kind kind
	text string
	at   int
}

// lex cuts a rule into tokens. A word is what has no spaces, parentheses,
// commas or quotes.
func lex(text string) (out []token, err error) {
	for at := 0; at < len(text); {
		c, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case c == utf8.RuneError && size == 1:
			return nil, fmt.Errorf("the rule is not UTF-8 at character %d", at+1)
		case unicode.IsSpace(c):
			at += size
		case c == '(':
			out = append(out, token{open, "(", at})
			at++
		case c == ')':
			out = append(out, token{shut, ")", at})
			at++
		case c == ',':
			out = append(out, token{comma, ",", at})
			at++
		case c == '"':
			name, length, ok := unquote(text[at:])
			if !ok {
				return nil, fmt.Errorf("the quote at character %d is not closed", at+1)
			}
			out = append(out, token{quoted, name, at})
			at += length
		default:
			n := strings.IndexFunc(text[at:], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`(),"`, r) })
			if n < 0 {
				n = len(text) - at
			}
			out = append(out, token{word, text[at : at+n], at})
			at += n
		}
	}
	return append(out, token{end, "the end", len(text)}), nil
}

// unquote reads a quoted name, in which \" is a quote and \\ a backslash.
func unquote(text string) (name string, length int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return b.String(), i + 1, utf8.ValidString(b.String())
		case text[i] == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(text[i])
		}
	}
	return "", 0, false
}
