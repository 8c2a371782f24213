package filter

import (
	"regexp"
	"strconv"
	"strings"
)

// What a regular expression may hold besides letters and digits.
const (
	regexSymbols   = ":_#=@/;,-"
	regexOperators = `^$?[]{}|\*+.`
	regexEscapes   = "dDsSwWx" + regexOperators + regexSymbols + "%"
)

// regex reads %re%.
func (p *parser) regex() (func(b []byte) bool, error) {
	p.take("%")
	end := -1
	for i := 0; i < len(p.rest) && end < 0; i++ {
		switch p.rest[i] {
		case '\\':
			i++
		case '%':
			end = i
		}
	}
	if end < 0 {
		return nil, invalid("a closing %% is missing")
	}
	text := p.rest[:end]
	p.rest = p.rest[end+1:]
	if p.regexes++; p.regexes > maxRegexes {
		return nil, invalid("it has more than %d regular expressions", maxRegexes)
	}
	if text == "" {
		return nil, invalid("a regular expression is empty")
	}
	if err := checkRegex(text); err != nil {
		return nil, err
	}
	if repeats(text) > maxRepeats {
		return nil, invalid("the regular expression '%s' repeats more than %d times", text, maxRepeats)
	}
	re, err := regexp.Compile(strings.ReplaceAll(text, `\%`, "%"))
	if err != nil {
		return nil, invalid("the regular expression '%s' is none", text)
	}
	return re.Match, nil
}

func checkRegex(text string) error {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' {
			if i++; i == len(text) || strings.IndexByte(regexEscapes, text[i]) < 0 {
				return invalid("the regular expression '%s' has an escape that is not supported", text)
			}
			continue
		}
		if !isAlphanumeric(c) && strings.IndexByte(regexSymbols+regexOperators, c) < 0 {
			return &SyntaxError{"Invalid character(s) in term '" + firstRunes(text[i:], 1) + "'"}
		}
	}
	return nil
}

// maxRepeats bounds the counted repetitions of an expression, which cost time
// and memory for each.
const maxRepeats = 1000

// repeats sums the numbers in braces.
func repeats(text string) (sum int) {
	for _, part := range strings.Split(text, "{")[1:] {
		counts, _, _ := strings.Cut(part, "}")
		for _, n := range strings.Split(counts, ",") {
			if v, err := strconv.Atoi(n); err == nil {
				sum += v
			}
		}
	}
	return sum
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
