package managed_test

import (
	"testing"

	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/policy/managed"
)

func TestEveryDocumentIsValid(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range managed.All() {
		text, ok := managed.Document(p.ARN())
		if !ok {
			t.Errorf("%s has no document", p.ARN())
		}
		if _, err := policy.Parse(text, policy.OfIdentity); err != nil {
			t.Errorf("%s: %v", p.ARN(), err)
		}
		if seen[p.ID] {
			t.Errorf("%s has another's id", p.ARN())
		}
		seen[p.ID] = true
	}
	if len(seen) < 20 {
		t.Errorf("only %d policies", len(seen))
	}
	for _, arn := range []string{"arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy", "arn:aws:iam::aws:policy/AdministratorAccess"} {
		if _, ok := managed.Document(arn); !ok {
			t.Errorf("no %s", arn)
		}
	}
	for _, arn := range []string{"arn:aws:iam::aws:policy/../managed", "arn:aws:iam::aws:policy/Nobodys", ""} {
		if _, ok := managed.Document(arn); ok {
			t.Errorf("%q is there", arn)
		}
	}
}
