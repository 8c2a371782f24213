package rules

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/reviewtest"
)

// A clean service has no findings: what a rule asks for can be had, all of it
// at once.
func TestTheReferenceServiceIsClean(t *testing.T) {
	s := folder(t, "../testdata/reference")
	for _, r := range review.Run(s, All(), review.Options{Scope: given(s)}) {
		for _, o := range r.Outcomes {
			// Nothing is left open either, but for vulnerabilities: no database
			// is so fresh that a test could rely on it.
			if o.Status == review.Fail || o.Status == review.NotExamined && r.Rule.ID != "IMG-22" && r.Rule.ID != "IMG-23" {
				t.Errorf("%s (%s) %s: %s", r.Rule.ID, r.Rule.Title.EN, o.Place, o.Observed.EN)
			}
		}
	}
}

// folder reads a service as a user would name its parts; what its templates
// ask for is filled in.
func folder(t *testing.T, dir string) *review.Subject {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path.Join(dir, name))
		files[name] = text
		switch name {
		case "source/ecs/taskdef.json", "source/ecs/service.json":
			files[path.Base(name)] = filled(text)
		case "source/Dockerfile":
			files["Dockerfile"] = text
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := reviewtest.Subject(files)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func filled(text []byte) []byte {
	return []byte(strings.NewReplacer(
		"{{ tfstate `aws_iam_role.execution.arn` }}", "arn:aws:iam::123456789012:role/orders-execution",
		"{{ tfstate `aws_iam_role.orders.arn` }}", "arn:aws:iam::123456789012:role/orders",
		"{{ must_env `DB_HOST` }}", "orders-db.example.internal",
		"{{ tfstate `aws_lb_target_group.orders.arn` }}", "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/orders/0123456789abcdef",
		"{{ tfstate `aws_subnet.private['a'].id` }}", "subnet-0a1b2c3d4e5f60718",
		"{{ tfstate `aws_subnet.private['c'].id` }}", "subnet-1a1b2c3d4e5f60718",
		"{{ tfstate `aws_security_group.orders.id` }}", "sg-0123456789abcdef0",
	).Replace(string(text)))
}
