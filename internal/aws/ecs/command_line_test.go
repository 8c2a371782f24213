package ecs

import (
	"slices"
	"strings"
	"testing"
)

func TestSplitCommand(t *testing.T) {
	for line, want := range map[string][]string{
		"/bin/sh":                          {"/bin/sh"},
		`sh -c "ls -l | wc"`:               {"sh", "-c", "ls -l | wc"},
		`echo 'one  two' three\ four`:      {"echo", "one  two", "three four"},
		`echo "a \"quote\" and \\" ''`:     {"echo", `a "quote" and \`, ""},
		"echo a#b # the rest is a comment": {"echo", "a#b"},
		" \t\n":                            nil,
		`printf "é\n"`:                     {"printf", "én"},
	} {
		if got, err := splitCommand(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q %v", line, got, err)
		}
	}
	for _, line := range []string{`sh -c "x`, `it's`, `x\`} {
		if got, err := splitCommand(line); err == nil {
			t.Errorf("%s: %q", line, got)
		}
	}
}

func FuzzSplitCommand(f *testing.F) {
	f.Add(`sh -c "ls | wc" 'x y' \z # c`)
	f.Fuzz(func(t *testing.T, line string) {
		words, err := splitCommand(line)
		if err != nil {
			return
		}
		// What was split can be quoted and split again.
		for i, w := range words {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		again, err := splitCommand(strings.Join(words, " "))
		if err != nil || len(again) != len(words) {
			t.Errorf("%q became %q: %v", words, again, err)
		}
	})
}
