package ecs

import (
	"errors"
	"strings"
)

// errQuote means that a quotation does not end.
var errQuote = errors.New("EOF found when expecting closing quote")

// splitCommand splits a command into words as AWS's agent does inside
// containers: blanks, both kinds of quotes, backslashes and comments; no shell
// is involved, so there are no variables, pipes or patterns.
//
// Source: https://github.com/aws/amazon-ssm-agent/blob/mainline/agent/session/shell/shell_unix.go
func splitCommand(line string) (words []string, err error) {
	var word strings.Builder
	inside, escaped, quote := false, false, rune(0)
	end := func() {
		if inside {
			words = append(words, word.String())
		}
		word.Reset()
		inside = false
	}
	comment := false
	for _, c := range line {
		switch {
		case comment:
			comment = c != '\n'
		case escaped:
			word.WriteRune(c)
			escaped = false
		case quote == '\'':
			if c == quote {
				quote = 0
			} else {
				word.WriteRune(c)
			}
		case quote == '"':
			switch c {
			case quote:
				quote = 0
			case '\\':
				escaped = true
			default:
				word.WriteRune(c)
			}
		case c == '\'' || c == '"':
			inside, quote = true, c
		case c == '\\':
			inside, escaped = true, true
		case strings.ContainsRune(" \t\r\n", c):
			end()
		case c == '#' && !inside:
			comment = true
		default:
			inside = true
			word.WriteRune(c)
		}
	}
	if quote != 0 {
		return nil, errQuote
	}
	if escaped {
		return nil, errors.New("EOF found after escape character")
	}
	end()
	return words, nil
}
