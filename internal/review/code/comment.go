package code

import "strings"

// Uncomment replaces comments by spaces; newlines stay. It knows strings well
// enough not to take a URL's // for a comment. A Python text in triple quotes
// is mostly a document: it goes too.
func Uncomment(language Language, text string) string {
	hash := language == Python || language == Ruby || language == Shell || language == PHP
	slash := !hash || language == PHP
	out := []byte(text)
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			if out[i] != '\n' {
				out[i] = ' '
			}
		}
	}
	for i := 0; i < len(text); {
		rest := text[i:]
		end := i + 1
		switch c := text[i]; {
		case language == Python && (strings.HasPrefix(rest, `"""`) || strings.HasPrefix(rest, `'''`)):
			end = after(text, i+3, rest[:3])
			blank(i, end)
		case slash && strings.HasPrefix(rest, "/*"):
			end = after(text, i+2, "*/")
			blank(i, end)
		case slash && strings.HasPrefix(rest, "//"), hash && c == '#' && (i == 0 || strings.IndexByte(" \t\n;", text[i-1]) >= 0):
			end = i + len(rest)
			if n := strings.IndexByte(rest, '\n'); n >= 0 {
				end = i + n
			}
			blank(i, end)
		case c == '"', c == '`', c == '\'' && language != Rust: // Rust's lifetimes begin with '
			end = quoted(text, i, language)
		}
		i = end
	}
	return string(out)
}

func after(text string, from int, mark string) int {
	if n := strings.Index(text[from:], mark); n >= 0 {
		return from + n + len(mark)
	}
	return len(text)
}

// quoted is the end of the string that begins at i; one that does not end on
// its line is none, unless the language has strings of many lines.
func quoted(text string, i int, language Language) int {
	many := text[i] == '`' && (language == Go || language == JavaScript)
	for j := i + 1; j < len(text); j++ {
		switch {
		case text[j] == '\\' && (!many || language != Go):
			j++
		case text[j] == text[i]:
			return j + 1
		case text[j] == '\n' && !many:
			return i + 1
		}
	}
	return i + 1
}
