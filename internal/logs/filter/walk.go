package filter

import (
	"bytes"
	"encoding/json"
)

// looksLikeJSON tells whether a message is an object or an array, by its ends.
func looksLikeJSON(b []byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) >= 2 && (b[0] == '{' && b[len(b)-1] == '}' || b[0] == '[' && b[len(b)-1] == ']')
}

// walk calls visit with the values that path selects until visit returns true,
// and tells whether it did. It reads only as far as it must; containers are
// visited, with kind 'c', only if asked for. What is no JSON selects nothing.
func walk(b []byte, p path, visit func(value) bool, containers bool) bool {
	i := skipSpace(b, 0)
	if i == len(b) {
		return false
	}
	if len(p) == 0 {
		v := leaf(b[i:])
		return (v.kind != 'c' || containers) && v.kind != 0 && visit(v)
	}
	s := p[0]
	switch b[i] {
	case '{':
		if s.index >= 0 {
			return false
		}
		return eachMember(b[i:], func(key, v []byte) bool {
			return (s.all || sameKey(key, s.key)) && walk(v, p[1:], visit, containers)
		})
	case '[':
		if s.index < 0 && !s.all {
			return false
		}
		n := -1
		return eachElement(b[i:], func(v []byte) bool {
			n++
			return (s.all || n == s.index) && walk(v, p[1:], visit, containers)
		})
	}
	return false
}

// eachMember calls fn with the members of an object, the key as it is between
// the quotes, until fn returns true.
func eachMember(b []byte, fn func(key, v []byte) bool) bool {
	for i := skipSpace(b, 1); i < len(b) && b[i] == '"'; i = skipSpace(b, i+1) {
		end := skipString(b, i)
		if end < 0 {
			return false
		}
		key := b[i+1 : end-1]
		i = skipSpace(b, end)
		if i == len(b) || b[i] != ':' {
			return false
		}
		i = skipSpace(b, i+1)
		if end = skipValue(b, i); end < 0 {
			return false
		}
		if fn(key, b[i:end]) {
			return true
		}
		i = skipSpace(b, end)
		if i == len(b) || b[i] != ',' {
			return false
		}
	}
	return false
}

// eachElement calls fn with the elements of an array until fn returns true.
func eachElement(b []byte, fn func(v []byte) bool) bool {
	for i := skipSpace(b, 1); i < len(b) && b[i] != ']'; i = skipSpace(b, i+1) {
		end := skipValue(b, i)
		if end < 0 {
			return false
		}
		if fn(b[i:end]) {
			return true
		}
		i = skipSpace(b, end)
		if i == len(b) || b[i] != ',' {
			return false
		}
	}
	return false
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return min(i, len(b))
}

// skipString returns the end of the string that begins at i, -1 for none.
func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}

// skipValue returns the end of the value that begins at i, -1 for none.
func skipValue(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch c := b[i]; c {
		case '"':
			if i = skipString(b, i); i < 0 {
				return -1
			}
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			if depth--; depth < 0 {
				return -1
			}
			i++
		case ',', ':', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return -1
			}
			i++
			continue
		default:
			for i < len(b) && !bytes.ContainsRune([]byte(",:]} \t\n\r"), rune(b[i])) {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
	return -1
}

func sameKey(raw []byte, key string) bool {
	if bytes.IndexByte(raw, '\\') >= 0 {
		return string(unescape(raw)) == key
	}
	return string(raw) == key
}

// unescape reads the inside of a JSON string; nil when it is none.
func unescape(raw []byte) []byte {
	var s string
	if err := json.Unmarshal(append(append([]byte{'"'}, raw...), '"'), &s); err != nil {
		return nil
	}
	return []byte(s)
}

// leaf reads a value; kind 0 is none.
func leaf(b []byte) value {
	end := skipValue(b, 0)
	if end <= 0 {
		return value{}
	}
	b = b[:end]
	switch c := b[0]; {
	case c == '{' || c == '[':
		return value{kind: 'c'}
	case c == '"':
		text := b[1 : len(b)-1]
		if bytes.IndexByte(text, '\\') >= 0 {
			text = unescape(text)
		}
		return value{kind: 's', text: text}
	case string(b) == "true" || string(b) == "false":
		return value{kind: 'b', text: b}
	case string(b) == "null":
		return value{kind: '0'}
	case c == '-' || c >= '0' && c <= '9':
		return value{kind: 'n', text: b}
	}
	return value{}
}
