package lifecycle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// image was pushed so many days ago.
func image(digest string, days int, tags ...string) Image {
	return Image{Digest: digest, Tags: tags, PushedAt: now.Add(-time.Duration(days)*24*time.Hour - time.Minute)}
}

func policy(rules ...string) string {
	return `{"rules":[` + strings.Join(rules, ",") + `]}` + strings.Repeat(" ", minText)
}

func ruleOf(priority int, selection string) string {
	return fmt.Sprintf(`{"rulePriority":%d,"description":"x","selection":{%s},"action":{"type":"expire"}}`, priority, selection)
}

func TestDecide(t *testing.T) {
	const (
		untagged = `"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":14`
		prod     = `"tagStatus":"tagged","tagPrefixList":["prod"],"countType":"imageCountMoreThan","countNumber":1`
		both     = `"tagStatus":"tagged","tagPrefixList":["alpha","beta"],"countType":"sinceImagePushed","countUnit":"days","countNumber":5`
		pattern  = `"tagStatus":"tagged","tagPatternList":["v*-rc*"],"countType":"imageCountMoreThan","countNumber":1`
		all      = `"tagStatus":"any","countType":"imageCountMoreThan","countNumber":1`
	)
	held := image("held", 30)
	held.Held = true
	for name, c := range map[string]struct {
		policy string
		images []Image
		want   string
	}{
		"untagged by age":            {policy(ruleOf(1, untagged)), []Image{image("a", 15), image("b", 14, "x"), image("c", 13)}, "a1"},
		"the younger stay":           {policy(ruleOf(1, prod)), []Image{image("a", 3, "prod-1"), image("b", 1, "prod-3"), image("c", 2, "prod-2"), image("d", 9, "dev")}, "a1 c1"},
		"all prefixes":               {policy(ruleOf(1, both)), []Image{image("a", 9, "alpha-1"), image("b", 9, "alpha-1", "beta-1")}, "b1"},
		"patterns":                   {policy(ruleOf(1, pattern)), []Image{image("a", 3, "v1-rc1"), image("b", 2, "v1"), image("c", 1, "v2-rc2")}, "a1"},
		"an earlier rule's are safe": {policy(ruleOf(2, all), ruleOf(1, prod)), []Image{image("a", 3, "prod-1"), image("b", 2, "dev"), image("c", 1, "dev2")}, "b2"},
		"what an index names stays":  {policy(ruleOf(1, untagged)), []Image{held, image("a", 20)}, "a1"},
	} {
		p, err := Parse(c.policy)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, e := range p.Decide(c.images, now) {
			got = append(got, fmt.Sprint(e.Digest, e.Rule))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func TestBadPolicies(t *testing.T) {
	const good = `"tagStatus":"any","countType":"imageCountMoreThan","countNumber":1`
	for text, want := range map[string]string{
		"{}":                                     "it has between 100 and 30720 characters",
		policy():                                 "it has between 1 and 50 rules",
		policy(ruleOf(0, good)):                  "rule 0: rulePriority is a number from 1 on",
		policy(ruleOf(1, good), ruleOf(1, good)): "rule 1: another rule has this rulePriority",
		policy(ruleOf(1, good), ruleOf(2, good)): "rule 1: a rule with tagStatus any has the highest rulePriority",
		policy(ruleOf(1, `"tagStatus":"tagged","countType":"imageCountMoreThan","countNumber":1`)):               "rule 1: tagStatus tagged takes either tagPrefixList or tagPatternList",
		policy(ruleOf(1, `"tagStatus":"any","countType":"sinceImagePulled","countUnit":"days","countNumber":1`)): "rule 1: countType is imageCountMoreThan or sinceImagePushed; pulls are not counted by Hatoba",
		policy(ruleOf(1, `"tagStatus":"any","countType":"sinceImagePushed","countNumber":1`)):                    "rule 1: countUnit is days",
		policy(ruleOf(1, `"tagStatus":"any","countType":"imageCountMoreThan"`)):                                  "rule 1: countNumber is a number from 1 on",
		policy(ruleOf(1, good+`,"more":1`)):                                                                      `json: unknown field "more"`,
		policy(strings.Replace(ruleOf(1, good), `"expire"`, `"transition","targetStorageClass":"archive"`, 1)):   "rule 1: Hatoba has one storage class, so that no image is transitioned",
	} {
		if _, err := Parse(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Whatever is read, what it expires is among the images, once.
func FuzzParse(f *testing.F) {
	f.Add(policy(ruleOf(1, `"tagStatus":"tagged","tagPatternList":["v*"],"countType":"imageCountMoreThan","countNumber":1`)))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		var seen []string
		for _, e := range p.Decide([]Image{image("a", 1, "v1"), image("b", 2), image("c", 900, "w", "v")}, now) {
			if slices.Contains(seen, e.Digest) {
				t.Errorf("%s expires twice", e.Digest)
			}
			seen = append(seen, e.Digest)
		}
	})
}
