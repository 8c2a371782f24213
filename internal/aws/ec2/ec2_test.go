package ec2

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLike(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          bool
	}{
		{"web", "web", true}, {"web", "webs", false}, {"we*", "web", true}, {"*", "", true}, {"", "", true}, {"?", "", false},
		{"w?b", "wäb", true}, {"*b*d", "abcd", true}, {"*b*d", "abdc", false}, {`\*`, "*", true}, {`\*`, "x", false}, {`a\?c`, "abc", false},
		{"10.*.0.0/16", "10.1.0.0/16", true}, {"**a", "ba", true}, {"*ab", "aab", true},
	} {
		if got := like(tc.pattern, tc.text); got != tc.want {
			t.Errorf("like(%q, %q) = %v", tc.pattern, tc.text, got)
		}
	}
}

// FuzzLike holds that a text matches itself where every wildcard is escaped,
// and a star what stands between any two parts of it.
func FuzzLike(f *testing.F) {
	f.Add("a*b?c\\", 2, 4)
	escape := strings.NewReplacer("*", `\*`, "?", `\?`, `\`, `\\`)
	f.Fuzz(func(t *testing.T, text string, from, to int) {
		text = strings.ToValidUTF8(text, "")
		if !like(escape.Replace(text), text) {
			t.Errorf("%q does not match itself", text)
		}
		runes := []rune(text)
		if 0 <= from && from <= to && to <= len(runes) {
			if pattern := escape.Replace(string(runes[:from])) + "*" + escape.Replace(string(runes[to:])); !like(pattern, text) {
				t.Errorf("%q does not match %q", pattern, text)
			}
		}
	})
}

func TestZoneIDs(t *testing.T) {
	for zone, want := range map[string]string{"us-east-1a": "use1-az1", "ap-northeast-1c": "apne1-az3", "eu-central-1b": "euc1-az2", "us-gov-west-1a": "usgovw1-az1"} {
		if got := zoneID(zone); got != want {
			t.Errorf("%s: %s, want %s", zone, got, want)
		}
	}
}

// TestPages: whatever the size of pages, each item is on one of them, in order.
func TestPages(t *testing.T) {
	l := listing[string]{name: "x", least: 1, id: func(s string) string { return s }}
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,3}`), 0, 30, rapid.ID).Draw(t, "items")
		size := rapid.Int32Range(1, 10).Draw(t, "size")
		seen, token := []string{}, ""
		for {
			page, next, err := l.page(append([]string{}, items...), wanted{max: &size, token: token})
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, page...)
			if token = next; token == "" {
				break
			}
		}
		if len(seen) != len(items) {
			t.Fatalf("%d of %d items on all pages", len(seen), len(items))
		}
		for i := 1; i < len(seen); i++ {
			if seen[i-1] >= seen[i] {
				t.Fatalf("%q comes before %q", seen[i-1], seen[i])
			}
		}
	})
}
