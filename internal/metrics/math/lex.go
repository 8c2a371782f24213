package math

import (
	"strconv"
	"strings"
)

type tokenKind uint8

const (
	endToken tokenKind = iota
	numberToken
	textToken
	nameToken
	operatorToken // also parentheses, brackets and commas
)

type token struct {
	kind   tokenKind
	text   string
	number float64
	at     int
}

// MaxLength is how long an expression may be.
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
const MaxLength = 2048

// lex cuts an expression into tokens; the last one is its end.
func lex(s string) (out []token, err error) {
	if len(s) > MaxLength {
		return nil, errorf("the expression is longer than %d characters", MaxLength)
	}
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
			continue
		case c >= '0' && c <= '9' || c == '.' && i+1 < len(s) && isDigit(s[i+1]):
			end := numberEnd(s, i)
			n, err := strconv.ParseFloat(s[i:end], 64)
			if err != nil {
				return nil, errorf("%q at %d is no number", s[i:end], i+1)
			}
			out = append(out, token{kind: numberToken, text: s[i:end], number: n, at: i})
			i = end
		case c == '"' || c == '\'':
			end := textEnd(s, i)
			if end < 0 {
				return nil, errorf("the text that begins at %d does not end", i+1)
			}
			out = append(out, token{kind: textToken, text: unescape(s[i+1:end], c), at: i})
			i = end + 1
		case isLetter(c):
			end := i + 1
			for end < len(s) && (isLetter(s[end]) || isDigit(s[end])) {
				end++
			}
			out = append(out, token{kind: nameToken, text: s[i:end], at: i})
			i = end
		default:
			op := operatorAt(s[i:])
			if op == "" {
				return nil, errorf("unexpected %q at %d", s[i:i+1], i+1)
			}
			out = append(out, token{kind: operatorToken, text: op, at: i})
			i += len(op)
		}
	}
	return append(out, token{kind: endToken, at: len(s)}), nil
}

func operatorAt(s string) string {
	for _, op := range [...]string{"==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", "[", "]", ","} {
		if strings.HasPrefix(s, op) {
			return op
		}
	}
	return ""
}

func numberEnd(s string, i int) int {
	for i < len(s) && (isDigit(s[i]) || s[i] == '.') {
		i++
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		if j < len(s) && isDigit(s[j]) {
			for i = j; i < len(s) && isDigit(s[i]); {
				i++
			}
		}
	}
	return i
}

// textEnd finds the quote that ends a text; one behind a backslash does not.
func textEnd(s string, i int) int {
	for quote, j := s[i], i+1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case quote:
			return j
		}
	}
	return -1
}

func unescape(s string, quote byte) string {
	return strings.ReplaceAll(s, `\`+string(quote), string(quote))
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
