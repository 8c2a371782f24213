package ecs

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

func TestRolesOfTasks(t *testing.T) {
	scope := state.Scope{Account: "123456789012", Region: "us-east-1"}
	db := mem.New()
	put := func(name, service string) {
		err := db.Update(t.Context(), func(w store.Writer) error {
			return store.Roles.Put(w, state.IAMKey(scope.Account, name), state.Role{
				Name: name, ARN: state.IAMARN(scope.Account, "role", "/", name),
				TrustPolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}}]}`,
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("good", "ecs-tasks.amazonaws.com")
	put("other", "ec2.amazonaws.com")
	for _, c := range []struct {
		role         string
		known        bool
		start, enrol string
	}{
		{"arn:aws:iam::123456789012:role/good", true, "", ""},
		{"good", true, "", ""},
		{"arn:aws:iam::123456789012:role/other", false, "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/other'", ""},
		{"arn:aws:iam::123456789012:role/none", false, "", ""},
		{"arn:aws:iam::123456789012:role/none", true, "ECS was unable to assume the role", "Role is not valid"},
	} {
		s := &Service{cfg: Config{KnownRolesOnly: c.known}}
		_ = db.View(t.Context(), func(r store.Reader) error {
			wantText(t, c.role, s.checkRoles(r, scope, []string{c.role}), c.start)
			wantText(t, c.role, s.checkRegisteredRoles(r, scope, &ecs.RegisterTaskDefinitionInput{TaskRoleArn: aws.String(c.role)}), c.enrol)
			return nil
		})
	}
}

func wantText(t *testing.T, what string, err error, text string) {
	t.Helper()
	if (err == nil) != (text == "") || err != nil && !strings.Contains(err.Error(), text) {
		t.Errorf("%s: %v, want %q", what, err, text)
	}
}
