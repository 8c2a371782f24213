package filter

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// golden calls fn with the cases of testdata: a pattern and the lines below
// it.
func golden(t testing.TB, fn func(where, pattern string, lines []string)) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(string(b), "\n\n") {
			lines := strings.Split(strings.TrimRight(block, "\n"), "\n")
			if pattern, ok := strings.CutPrefix(lines[0], "pattern:"); ok {
				fn(filepath.Base(file), strings.TrimSpace(pattern), lines[1:])
			}
		}
	}
}

func TestGolden(t *testing.T) {
	golden(t, func(where, pattern string, lines []string) {
		p, err := Parse(pattern)
		for _, line := range lines {
			message := strings.TrimPrefix(line[1:], " ")
			if line[0] == '!' {
				if err == nil || err.Error() != message {
					t.Errorf("%s: %s: got error %v, want %s", where, pattern, err, message)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %s: %v", where, pattern, err)
				break
			}
			if got := p.Match([]byte(message)); got != (line[0] == '+') {
				t.Errorf("%s: %s: matches %s: %v", where, pattern, message, got)
			}
			checkNeedles(t, p, message)
		}
	})
}

// checkNeedles checks that a matching message holds a needle.
func checkNeedles(t *testing.T, p *Pattern, message string) {
	t.Helper()
	if p.Needles() == nil || !p.Match([]byte(message)) {
		return
	}
	for _, n := range p.Needles() {
		if n != "" && strings.Contains(message, n) {
			return
		}
	}
	t.Errorf("%q matches but holds none of %q", message, p.Needles())
}

func TestNeedlesAreKnownWhereTheyHelp(t *testing.T) {
	for pattern, want := range map[string]string{
		`a longword b`:                  "longword",
		`?one ?two`:                     "one two",
		`-no`:                           "",
		`{ $.level = "ERROR" }`:         `ERROR \u`,
		`{ $.status >= 500 }`:           `status \u`,
		`{ $.x NOT EXISTS }`:            "",
		`{ $.a = "xy" || $.b = "uvw" }`: `xy \u uvw \u`,
		`[a = *.html*, b]`:              ".html",
		`%re%`:                          "",
	} {
		p, err := Parse(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(p.Needles(), " "); got != want {
			t.Errorf("%s: got %q, want %q", pattern, got, want)
		}
	}
}

func TestLongPatternsAreRefused(t *testing.T) {
	if _, err := Parse(strings.Repeat("あ", 1024)); err != nil {
		t.Error(err)
	}
	if _, err := Parse(strings.Repeat("a", 1025)); err == nil {
		t.Error("1025 characters are taken")
	}
	if _, err := Parse("{" + strings.Repeat("(", 1000)); err == nil {
		t.Error("1000 open parentheses are taken")
	}
}

func FuzzParse(f *testing.F) {
	golden(f, func(_, pattern string, lines []string) {
		for _, line := range lines {
			f.Add(pattern, line[1:])
		}
	})
	f.Fuzz(func(t *testing.T, pattern, message string) {
		p, err := Parse(pattern)
		if err != nil {
			return
		}
		before := []byte(message)
		p.Match(before)
		if !bytes.Equal(before, []byte(message)) {
			t.Error("the message was changed")
		}
		checkNeedles(t, p, message)
	})
}
