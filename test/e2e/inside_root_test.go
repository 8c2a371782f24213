package e2e

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/hatoba/hatoba/test/harness"
)

// caller is a running task that does what it is told over its port.
type caller struct {
	t    *testing.T
	arn  string
	base string
}

// inside runs a task whose role is role, "" for none.
func inside(t *testing.T, w *harness.World, family, role string, change func(*types.ContainerDefinition)) caller {
	t.Helper()
	app := w.Container("app", "inside", "8080")
	if change != nil {
		change(&app)
	}
	w.Register(family, func(in *ecs.RegisterTaskDefinitionInput) {
		if role != "" {
			in.TaskRoleArn = aws.String("arn:aws:iam::" + harness.Account + ":role/" + role)
		}
	}, app)
	arn := w.Run(family)
	c := caller{t, arn, "http://" + harness.Address(w.Until(arn, "RUNNING")) + ":8080"}
	w.Eventually("the task listens", func() bool { _, err := harness.Get(c.base + "/env"); return err == nil })
	return c
}

func (c caller) ask(what, of string) string {
	c.t.Helper()
	out, err := harness.Get(c.base + "/" + what + "?of=" + url.QueryEscape(of))
	if err != nil {
		c.t.Errorf("%s %s: %v", what, of, err)
	}
	return out
}

func (c caller) env(name string) string { return c.ask("env", name) }

// object fetches a page of a task's own endpoint as JSON.
func (c caller) object(page string) map[string]any {
	c.t.Helper()
	text := c.ask("get", page)
	status, body, _ := strings.Cut(text, " ")
	var out map[string]any
	if err := json.Unmarshal([]byte(body), &out); err != nil || status != "200" {
		c.t.Errorf("%s: %s", page, text)
	}
	return out
}

// away kills Hatoba and starts it again, and waits until tasks that went on have
// their endpoints, which are opened beside the API.
func away(w *harness.World, tasks ...caller) {
	w.Kill()
	w.Up()
	for _, c := range tasks {
		w.Eventually("the endpoints are open again", func() bool {
			return strings.HasPrefix(c.ask("get", c.env("ECS_CONTAINER_METADATA_URI_V4")), "200 ")
		})
	}
}

func (c caller) id() string { return c.arn[strings.LastIndexByte(c.arn, '/')+1:] }

// An SDK in a container finds region, endpoint and credentials by itself, is
// who its task role says, and goes on being so when Hatoba comes back.
func TestATaskIsItsRole(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	a, b := inside(t, w, "one", "one", nil), inside(t, w, "two", "two", nil)
	want := "arn:aws:sts::" + harness.Account + ":assumed-role/one/" + a.id()
	if got := a.ask("who", ""); got != want {
		t.Errorf("it is %s", got)
	}
	if got := a.env("AWS_EXECUTION_ENV") + " " + a.env("AWS_REGION") + " " + a.env("AWS_DEFAULT_REGION"); got != "AWS_ECS_FARGATE "+harness.Region+" "+harness.Region {
		t.Error(got)
	}
	path := a.env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
	creds := a.object("http://169.254.170.2" + path)
	until, err := time.Parse(time.RFC3339, creds["Expiration"].(string))
	if err != nil || time.Until(until) < 5*time.Hour || !strings.HasPrefix(creds["AccessKeyId"].(string), "ASIA") || creds["RoleArn"] != "arn:aws:iam::"+harness.Account+":role/one" {
		t.Errorf("%v %v %v", creds["Expiration"], creds["AccessKeyId"], creds["RoleArn"])
	}
	// The address is each task's own: a neighbour does not find these there.
	if got := b.ask("get", "http://169.254.170.2"+path); !strings.HasPrefix(got, "400 ") || !strings.Contains(got, "InvalidIdInRequest") {
		t.Errorf("a neighbour gets %s", got)
	}
	if got := b.ask("get", a.env("ECS_CONTAINER_METADATA_URI_V4")); !strings.HasPrefix(got, "404 ") {
		t.Errorf("a neighbour gets %s", got)
	}
	// Unsigned, it is itself all the same.
	if got := a.ask("get", a.env("AWS_ENDPOINT_URL")+"/?Action=GetCallerIdentity&Version=2011-06-15"); !strings.Contains(got, want) {
		t.Errorf("unsigned: %s", got)
	}
	away(w, a)
	if got := a.ask("who", ""); got != want {
		t.Errorf("it has become %s", got)
	}
	if again := a.object("http://169.254.170.2" + path); again["RoleArn"] != creds["RoleArn"] {
		t.Errorf("%v", again["RoleArn"])
	}
	none := inside(t, w, "none", "", nil)
	if got := none.env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); got != "" {
		t.Errorf("a task without a role has %s", got)
	}
}

// Each of two tasks reads, with the SDK as it comes, the secret that its
// definition names, and neither the other's nor by starting something that may.
func TestATaskReadsItsOwnSecretsOnly(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	arns := map[string]string{}
	for _, name := range []string{"one", "two"} {
		out, err := w.Secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: aws.String("of " + name)})
		if err != nil {
			t.Fatal(err)
		}
		arns[name] = *out.ARN
	}
	names := func(name string) func(*types.ContainerDefinition) {
		return func(c *types.ContainerDefinition) {
			c.Secrets = []types.Secret{{Name: aws.String("SECRET"), ValueFrom: aws.String(arns[name])}}
		}
	}
	one, two := inside(t, w, "one", "one", names("one")), inside(t, w, "two", "two", names("two"))
	check := func(c caller, own, other string) {
		t.Helper()
		if got := c.ask("secret", own); got != "of "+own {
			t.Errorf("its own: %s", got)
		}
		if got := c.ask("secret", arns[other]); !strings.Contains(got, "AccessDeniedException") || !strings.Contains(got, "not in the IAM of this Hatoba") || strings.Contains(got, "of "+other) {
			t.Errorf("the other's: %s", got)
		}
	}
	check(one, "one", "two")
	check(two, "two", "one")
	if got := one.ask("run", "two"); !strings.Contains(got, "AccessDeniedException") {
		t.Errorf("it starts the other: %s", got)
	}
	away(w, one, two)
	check(one, "one", "two")
	// Once its role is in IAM, its policies decide.
	roles := iam.New(iam.Options{
		BaseEndpoint: aws.String("http://" + w.Listen), Region: harness.Region,
		Credentials: credentials.NewStaticCredentialsProvider(harness.Account, "x", ""),
	})
	_, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("two"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("two"), PolicyName: aws.String("read"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"` + arns["one"] + `"}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	if got := two.ask("secret", "one"); got != "of one" {
		t.Errorf("its policy allows it: %s", got)
	}
	if got := two.ask("secret", "two"); !strings.Contains(got, "no identity-based policy allows the secretsmanager:GetSecretValue action") {
		t.Errorf("its policy does not allow it: %s", got)
	}
}

func TestMetadataOfATask(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	a := inside(t, w, "meta", "", func(c *types.ContainerDefinition) { c.Cpu, c.Memory = 128, aws.Int32(200) })
	base := a.env("ECS_CONTAINER_METADATA_URI_V4")
	if base != "http://169.254.170.2/v4/"+a.id()+base[len(base)-11:] {
		t.Errorf("the URI is %s", base)
	}
	task := w.Task(a.arn)
	c := a.object(base)
	network := c["Networks"].([]any)[0].(map[string]any)
	if c["Name"] != "app" || c["KnownStatus"] != "RUNNING" || c["DesiredStatus"] != "RUNNING" || c["Type"] != "NORMAL" || c["LogDriver"] != "awslogs" ||
		c["ContainerARN"] != aws.ToString(harness.ByName(task, "app").ContainerArn) || c["ImageID"] != aws.ToString(harness.ByName(task, "app").ImageDigest) ||
		c["DockerId"] != aws.ToString(harness.ByName(task, "app").RuntimeId) || c["Limits"].(map[string]any)["CPU"] != 128.0 || c["StartedAt"] == nil || c["CreatedAt"] == nil ||
		c["LogOptions"].(map[string]any)["awslogs-stream"] != "t/app/"+a.id() {
		t.Errorf("%v", c)
	}
	if network["NetworkMode"] != "awsvpc" || network["IPv4Addresses"].([]any)[0] != harness.Address(task) || network["PrivateDNSName"] == "" || network["MACAddress"] == "" {
		t.Errorf("%v", network)
	}
	whole := a.object(base + "/task")
	if whole["TaskARN"] != a.arn || whole["Family"] != "meta" || whole["Revision"] != "1" || whole["LaunchType"] != "FARGATE" || whole["KnownStatus"] != "RUNNING" ||
		whole["Limits"].(map[string]any)["CPU"] != 0.25 || whole["Limits"].(map[string]any)["Memory"] != 512.0 || len(whole["Containers"].([]any)) != 1 || whole["ClockDrift"] == nil {
		t.Errorf("%v", whole)
	}
	old := a.object(a.env("ECS_CONTAINER_METADATA_URI"))
	if old["Name"] != "app" || old["LogDriver"] != nil {
		t.Errorf("%v", old)
	}
	stats := a.object(base + "/stats")
	memory, cpu := stats["memory_stats"].(map[string]any), stats["cpu_stats"].(map[string]any)
	if memory["usage"].(float64) <= 0 || memory["limit"].(float64) != 200<<20 || cpu["cpu_usage"].(map[string]any)["total_usage"].(float64) <= 0 ||
		cpu["system_cpu_usage"].(float64) <= 0 || stats["precpu_stats"].(map[string]any)["system_cpu_usage"].(float64) <= 0 ||
		stats["networks"].(map[string]any)["eth1"].(map[string]any)["rx_bytes"].(float64) <= 0 || stats["network_rate_stats"] == nil {
		t.Errorf("%v", stats)
	}
	if all := a.object(base + "/task/stats"); all[c["DockerId"].(string)] == nil {
		t.Errorf("%v", all)
	}
}
