// Package lifecycle reads ECR lifecycle policies and decides which images they
// expire. It is pure.
//
// Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
package lifecycle

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Policy is a policy that was read, its rules by priority.
type Policy struct{ rules []rule }

type rule struct {
	priority int
	status   string // tagged, untagged or any
	prefixes []string
	patterns []*regexp.Regexp
	count    int
	days     bool // count is of days since the push, and not of images
}

// document is a policy as it is written.
type document struct {
	Rules []struct {
		RulePriority int    `json:"rulePriority"`
		Description  string `json:"description"`
		Selection    struct {
			TagStatus      string   `json:"tagStatus"`
			TagPrefixList  []string `json:"tagPrefixList"`
			TagPatternList []string `json:"tagPatternList"`
			CountType      string   `json:"countType"`
			CountUnit      string   `json:"countUnit"`
			CountNumber    int      `json:"countNumber"`
			StorageClass   string   `json:"storageClass"`
		} `json:"selection"`
		Action struct {
			Type               string `json:"type"`
			TargetStorageClass string `json:"targetStorageClass"`
		} `json:"action"`
	} `json:"rules"`
}

// Bounds of AWS's.
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutLifecyclePolicy.html
const (
	minText   = 100
	maxText   = 30720
	maxRules  = 50
	wildcards = 4
)

// Parse reads a policy. The error says what is wrong with it.
func Parse(text string) (Policy, error) {
	var doc document
	if len(text) < minText || len(text) > maxText {
		return Policy{}, fmt.Errorf("it has between %d and %d characters", minText, maxText)
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return Policy{}, err
	}
	if _, err := d.Token(); err != io.EOF {
		return Policy{}, fmt.Errorf("something follows the policy")
	}
	if n := len(doc.Rules); n == 0 || n > maxRules {
		return Policy{}, fmt.Errorf("it has between 1 and %d rules", maxRules)
	}
	var p Policy
	for _, given := range doc.Rules {
		s := given.Selection
		r := rule{priority: given.RulePriority, status: s.TagStatus, prefixes: s.TagPrefixList, count: s.CountNumber, days: s.CountType == "sinceImagePushed"}
		for _, pattern := range s.TagPatternList {
			r.patterns = append(r.patterns, glob(pattern))
		}
		filters := len(s.TagPrefixList) + len(s.TagPatternList)
		var wrong string
		switch {
		case r.priority < 1:
			wrong = "rulePriority is a number from 1 on"
		case slices.ContainsFunc(p.rules, func(o rule) bool { return o.priority == r.priority }):
			wrong = "another rule has this rulePriority"
		case given.Action.Type == "transition" || given.Action.TargetStorageClass != "" || s.StorageClass != "" && s.StorageClass != "standard":
			wrong = "Hatoba has one storage class, so that no image is transitioned"
		case given.Action.Type != "expire":
			wrong = "action.type is expire"
		case !slices.Contains([]string{"tagged", "untagged", "any"}, s.TagStatus):
			wrong = "tagStatus is tagged, untagged or any"
		case s.TagStatus == "tagged" && (filters == 0 || len(s.TagPrefixList) > 0 && len(s.TagPatternList) > 0):
			wrong = "tagStatus tagged takes either tagPrefixList or tagPatternList"
		case s.TagStatus != "tagged" && filters > 0:
			wrong = "tagPrefixList and tagPatternList are for tagStatus tagged"
		case slices.ContainsFunc(s.TagPatternList, func(t string) bool { return strings.Count(t, "*") > wildcards }):
			wrong = fmt.Sprintf("a pattern has at most %d wildcards", wildcards)
		case s.CountType != "imageCountMoreThan" && s.CountType != "sinceImagePushed":
			wrong = "countType is imageCountMoreThan or sinceImagePushed; pulls are not counted by Hatoba"
		case r.days && s.CountUnit != "days":
			wrong = "countUnit is days"
		case !r.days && s.CountUnit != "":
			wrong = "countUnit is for sinceImagePushed"
		case s.CountNumber < 1:
			wrong = "countNumber is a number from 1 on"
		}
		if wrong != "" {
			return Policy{}, fmt.Errorf("rule %d: %s", given.RulePriority, wrong)
		}
		p.rules = append(p.rules, r)
	}
	slices.SortFunc(p.rules, func(a, b rule) int { return cmp.Compare(a.priority, b.priority) })
	return p, p.checkOrder()
}

// checkOrder keeps what AWS asks of rules among each other.
func (p Policy) checkOrder() error {
	untagged := 0
	for i, r := range p.rules {
		if r.status == "untagged" {
			untagged++
		}
		if r.status == "any" && i < len(p.rules)-1 {
			return fmt.Errorf("rule %d: a rule with tagStatus any has the highest rulePriority", r.priority)
		}
	}
	if untagged > 1 {
		return fmt.Errorf("only one rule can select untagged images")
	}
	return nil
}

// glob is a tag pattern, in which * stands for any characters.
func glob(pattern string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$")
}

// Image is what rules go by.
type Image struct {
	Digest   string
	Tags     []string
	PushedAt time.Time
	// Held says that an index names the image: it stays as long as that.
	Held bool
}

// Expired is an image that a rule expires.
type Expired struct {
	Image
	Rule int // priority
}

// Decide tells which images expire. Each rule looks at all images; an image
// that a rule's tags select is none that a later rule may expire.
func (p Policy) Decide(images []Image, now time.Time) (out []Expired) {
	images = slices.Clone(images)
	slices.SortStableFunc(images, func(a, b Image) int {
		return cmp.Or(b.PushedAt.Compare(a.PushedAt), strings.Compare(a.Digest, b.Digest))
	})
	taken := map[string]bool{}
	for _, r := range p.rules {
		seen := 0
		for _, i := range images { // from the youngest
			if !r.selects(i) {
				continue
			}
			seen++
			due := seen > r.count
			if r.days {
				due = now.Sub(i.PushedAt) > time.Duration(r.count)*24*time.Hour
			}
			if due && !taken[i.Digest] && !i.Held {
				out = append(out, Expired{i, r.priority})
			}
			taken[i.Digest] = true
		}
	}
	slices.SortStableFunc(out, func(a, b Expired) int {
		return cmp.Or(a.PushedAt.Compare(b.PushedAt), strings.Compare(a.Digest, b.Digest))
	})
	return out
}

// selects tells whether the rule is about an image: each of its prefixes or
// patterns must be that of one of the tags.
func (r rule) selects(i Image) bool {
	switch r.status {
	case "any":
		return true
	case "untagged":
		return len(i.Tags) == 0
	}
	for _, prefix := range r.prefixes {
		if !slices.ContainsFunc(i.Tags, func(t string) bool { return strings.HasPrefix(t, prefix) }) {
			return false
		}
	}
	for _, pattern := range r.patterns {
		if !slices.ContainsFunc(i.Tags, pattern.MatchString) {
			return false
		}
	}
	return len(i.Tags) > 0
}
