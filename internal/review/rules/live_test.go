package rules

import (
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/review"
)

func TestAllows(t *testing.T) {
	const secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:web/db-AbCdEf"
	for name, c := range map[string]struct {
		role review.Role
		want bool
	}{
		"nothing":      {review.Role{}, false},
		"exact":        {review.Role{Policies: []review.Allowed{{Actions: []string{"secretsmanager:GetSecretValue"}, Resources: []string{secret}}}}, true},
		"other case":   {review.Role{Policies: []review.Allowed{{Actions: []string{"SecretsManager:getsecretvalue"}, Resources: []string{"*"}}}}, true},
		"wildcards":    {review.Role{Policies: []review.Allowed{{Actions: []string{"secretsmanager:Get*"}, Resources: []string{"arn:aws:secretsmanager:*:*:secret:web/db-??????"}}}}, true},
		"other":        {review.Role{Policies: []review.Allowed{{Actions: []string{"secretsmanager:*"}, Resources: []string{"arn:aws:secretsmanager:*:*:secret:blog/*"}}}}, false},
		"not action":   {review.Role{Policies: []review.Allowed{{NotActions: []string{"iam:*"}, Resources: []string{"*"}}}}, true},
		"not resource": {review.Role{Policies: []review.Allowed{{Actions: []string{"*"}, NotResources: []string{secret}}}}, false},
		"denied": {review.Role{Policies: []review.Allowed{{Actions: []string{"*"}, Resources: []string{"*"}}},
			Denies: []review.Allowed{{Actions: []string{"secretsmanager:*"}, Resources: []string{"*"}}}}, false},
	} {
		if got := allows(c.role, "secretsmanager:GetSecretValue", secret); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzCovers(f *testing.F) {
	f.Add("a*b?", "axxbc")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 20 || len(text) > 40 {
			return
		}
		got := covers(pattern, text)
		if got && !covers("*"+pattern+"*", text) {
			t.Errorf("%q covers %q, and with stars around it no more", pattern, text)
		}
		if plain := !strings.ContainsAny(pattern, "*?"); plain && got != (pattern == text) {
			t.Errorf("%q and %q: %v", pattern, text, got)
		}
	})
}
