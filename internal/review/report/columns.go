package report

import (
	"fmt"
	"strings"
	"unicode"
)

// printable takes the power from what users name things: a container called
// ESC[2J would else clear the reader's screen, and a right-to-left mark turn the
// sentence round. Line breaks become blanks.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteByte(' ')
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r) && r != '\u200d', unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r), r == unicode.ReplacementChar:
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// columns is how many columns of a terminal a text takes.
func columns(s string) (n int) {
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// runeColumns is 2 for the wide characters of East Asia.
func runeColumns(r rune) int {
	switch {
	case unicode.Is(unicode.Mn, r):
		return 0
	case r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf && r != 0x303f || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0xffe0 && r <= 0xffe6 ||
		r >= 0x1f300 && r <= 0x1faff || r >= 0x20000 && r <= 0x3fffd):
		return 2
	}
	return 1
}

// pad fills a text up with blanks.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-columns(s)))
}

// wrap breaks a text into lines of at most width columns: at blanks, and between
// wide characters, but no line begins with what closes. 0 does not break.
func wrap(s string, width int) (lines []string) {
	if width <= 0 {
		return []string{s}
	}
	line, used := "", 0
	for _, w := range pieces(s) {
		n := columns(strings.TrimRight(w, " "))
		if used > 0 && used+n > width {
			lines = append(lines, strings.TrimRight(line, " "))
			line, used = "", 0
		}
		line += w
		used += columns(w)
	}
	return append(lines, strings.TrimRight(line, " "))
}

// pieces are what a line is not broken within.
func pieces(s string) (out []string) {
	runes := []rune(s)
	begin := 0
	for i := 1; i < len(runes); i++ {
		before, after := runes[i-1], runes[i]
		wide := runeColumns(before) == 2 || runeColumns(after) == 2
		if before == ' ' && after != ' ' || wide && after != ' ' && before != ' ' && !strings.ContainsRune("、。,.)」』】ー・!?:;,.):;々ぁぃぅぇぉっゃゅょァィゥェォッャュョ", after) && !strings.ContainsRune("(「『【(", before) {
			out = append(out, string(runes[begin:i]))
			begin = i
		}
	}
	return append(out, string(runes[begin:]))
}
