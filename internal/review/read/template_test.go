package read

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const tfstate = `{"version": 4, "outputs": {"port": {"value": 8080}, "subnets": {"value": ["subnet-a", "subnet-b"]}},
"resources": [
 {"mode": "managed", "type": "aws_iam_role", "name": "app", "instances": [{"attributes": {"arn": "arn:aws:iam::123456789012:role/app"}}]},
 {"mode": "data", "type": "aws_vpc", "name": "main", "instances": [{"attributes": {"id": "vpc-1", "tags": {"Name": "main"}}}]},
 {"mode": "managed", "type": "aws_subnet", "name": "private", "instances": [{"index_key": "a", "attributes": {"id": "subnet-1"}}, {"index_key": "c", "attributes": {"id": "subnet-2"}}]},
 {"mode": "managed", "type": "aws_subnet", "name": "n", "instances": [{"index_key": 0, "attributes": {"id": "subnet-3"}}]},
 {"module": "module.lb[\"x\"]", "mode": "managed", "type": "aws_lb", "name": "this", "instances": [{"attributes": {"arn": "arn:lb"}}]}
]}`

func TestTerraformState(t *testing.T) {
	for address, want := range map[string]string{
		"aws_iam_role.app.arn":           "arn:aws:iam::123456789012:role/app",
		"data.aws_vpc.main.id":           "vpc-1",
		"data.aws_vpc.main.tags.Name":    "main",
		"aws_subnet.private['c'].id":     "subnet-2",
		`aws_subnet.private["a"].id`:     "subnet-1",
		"aws_subnet.n[0].id":             "subnet-3",
		"module.lb['x'].aws_lb.this.arn": "arn:lb",
		"output.port":                    "8080",
		"output.subnets[1]":              "!",
		"output.subnets.1":               "subnet-b",
		"output.subnets":                 "!no plain value",
		"aws_iam_role.nobody.arn":        "!it has no aws_iam_role.nobody.arn",
		"aws_iam_role.app.nothing":       "!it has no nothing",
		"aws_subnet.private['z'].id":     "!it has no",
		"aws_subnet.private['a.id":       "!] is missing",
		"x":                              "!TYPE.NAME.ATTRIBUTE",
	} {
		got, err := lookup([]byte(tfstate), address)
		if message, bad := strings.CutPrefix(want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), message) {
				t.Errorf("%s: %q, %v", address, got, err)
			}
		} else if err != nil || got != want {
			t.Errorf("%s: %q, %v", address, got, err)
		}
	}
	if _, err := lookup([]byte(`{"version": 3}`), "a.b.c"); err == nil {
		t.Error("another format is not guessed at")
	}
}

func TestTemplatesKeepTheirLines(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, "terraform.tfstate")
	put(t, state, tfstate)
	v := Values{Vars: map[string]string{"TAG": "v1", "ssm /web/key": "k"}, TFState: state,
		Lookup: func(name string) (string, bool) {
			return map[string]string{"REGION": "eu-west-1"}[name], name == "REGION"
		}}
	file := filepath.Join(dir, "taskdef.json")
	put(t, file, "{\n  \"image\": \"app:{{ must_env `TAG` }}\",\n  \"region\": \"{{ env `REGION` `us-east-1` }}\",\n  \"zone\": \"{{ env `ZONE` `a` }}\",\n"+
		"  \"role\": \"{{ tfstate `aws_iam_role.app.arn` }}\",\n  \"n\": \"{{ tfstatef `aws_subnet.private['%s'].id` `a` }}\",\n  \"k\": \"{{ ssm `/web/key` }}\"\n}\n")
	got, err := Definition(t.Context(), file, v)
	want := "{\n  \"image\": \"app:v1\",\n  \"region\": \"eu-west-1\",\n  \"zone\": \"a\",\n  \"role\": \"arn:aws:iam::123456789012:role/app\",\n  \"n\": \"subnet-1\",\n  \"k\": \"k\"\n}\n"
	if err != nil || string(got) != want {
		t.Errorf("%s %v", got, err)
	}
	for text, message := range map[string]string{
		"{{ must_env `NOBODY` }}":               "--var NOBODY=VALUE",
		"{{ secretsmanager_arn `db` }}":         "--var 'secretsmanager_arn db=VALUE'",
		"{{ tfstate `aws_x.y.z` }}":             "it has no aws_x.y.z",
		"{{ nonsense }}":                        "nonsense",
		"{{ range 99999999 }}xxxxxxxx{{ end }}": "16 MiB",
	} {
		if _, err := Fill("x.json", []byte(text), v); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := Fill("x.json", []byte("{{ tfstate `a.b.c` }}"), Values{}); err == nil || !strings.Contains(err.Error(), "--tfstate FILE") {
		t.Error(err)
	}
}

func TestJsonnet(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "in", "base.libsonnet"), `{ family: 'web' }`)
	put(t, filepath.Join(dir, "secret.libsonnet"), `{}`)
	file := filepath.Join(dir, "in", "taskdef.jsonnet")
	put(t, file, `local env = std.native('must_env'); (import 'base.libsonnet') + { image: 'app:' + std.extVar('TAG'), host: env('HOST') }`)
	got, err := Definition(t.Context(), file, Values{Vars: map[string]string{"TAG": "v1", "HOST": "db"}})
	if err != nil || !strings.Contains(string(got), `"image": "app:v1"`) || !strings.Contains(string(got), `"family": "web"`) || !strings.Contains(string(got), `"host": "db"`) {
		t.Errorf("%s %v", got, err)
	}
	for text, message := range map[string]string{
		`import '../secret.libsonnet'`: "escapes",
		`import '/etc/passwd'`:         "beside the definition",
		`std.extVar('NOBODY')`:         "NOBODY",
		`local f(x) = f(x) + 1; f(1)`:  "stack",
	} {
		put(t, file, text)
		if _, err := Definition(t.Context(), file, Values{}); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := Definition(t.Context(), "x.yml", Values{}); err == nil {
		t.Error("YAML is refused by name")
	}
}

func FuzzTerraformAddress(f *testing.F) {
	for _, s := range []string{"aws_iam_role.app.arn", "module.lb['x'].aws_lb.this.arn", "output.subnets.1", "a[", "[]", "..", "data"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) { _, _ = lookup([]byte(tfstate), address) })
}

func put(t testing.TB, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
