package authorization_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/hatoba/hatoba/internal/authorization"
	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

var scope = state.Scope{Account: "123456789012", Region: "eu-west-1"}

// world holds two secrets, of which the task's definition names one.
type world struct {
	t     *testing.T
	store store.Store
	task  state.Task
	role  string

	policies func(bucket string) string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, store: mem.New(), role: "arn:aws:iam::123456789012:role/app"}
	w.task = state.Task{ID: "t1", ARN: scope.TaskARN("default", "t1"), Spec: state.TaskSpec{Family: "app", Revision: 1}}
	w.update(func(s store.Writer) error {
		for _, name := range []string{"mine", "theirs"} {
			secret := state.Secret{Name: name, Suffix: "AbCdEf", ARN: scope.SecretARN(name, "AbCdEf")}
			if err := store.Secrets.Put(s, scope.Key(name), secret); err != nil {
				return err
			}
		}
		def := state.TaskDefinition{Definition: ecstypes.TaskDefinition{TaskRoleArn: &w.role, ContainerDefinitions: []ecstypes.ContainerDefinition{{
			EnvironmentFiles: []ecstypes.EnvironmentFile{{Type: ecstypes.EnvironmentFileTypeS3, Value: aws.String("arn:aws:s3:::conf/mine.env")}},
			Secrets: []ecstypes.Secret{
				{Name: aws.String("A"), ValueFrom: aws.String(scope.SecretARN("mine", "AbCdEf") + ":password::")},
				{Name: aws.String("B"), ValueFrom: aws.String("/app/url")},
			},
		}}}}
		if err := store.TaskDefinitions.Put(s, scope.Key(state.TaskDefinitionID("app", 1)), def); err != nil {
			return err
		}
		return store.Tasks.Put(s, scope.Key("t1"), w.task)
	})
	return w
}

func (w *world) update(fn func(store.Writer) error) {
	w.t.Helper()
	if err := w.store.Update(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// want asks as the task; "" wants it allowed.
func (w *world) want(what, service, operation string, in any, refusal string) {
	w.t.Helper()
	d := identity.Directory{Store: w.store}
	id, err := d.Task(context.Background(), w.task, w.role)
	if err != nil {
		w.t.Fatal(err)
	}
	err = (&authorization.Authorizer{Store: w.store, BucketPolicy: w.policies}).Authorize(context.Background(), wire.Caller{Scope: scope, Identity: id}, service, operation, in)
	if refusal == "" && err != nil || refusal != "" && (err == nil || !strings.Contains(err.Error(), refusal)) {
		w.t.Errorf("%s: got %v, want %q", what, err, refusal)
	}
}

func secretInput(id string) *secretsmanager.GetSecretValueInput {
	return &secretsmanager.GetSecretValueInput{SecretId: &id}
}

func TestATaskWithoutARoleInIAMReadsWhatItsDefinitionNames(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"mine", scope.SecretARN("mine", "AbCdEf"), scope.ARN("secretsmanager", "secret:mine")} {
		w.want(id, "secretsmanager", "GetSecretValue", secretInput(id), "")
	}
	w.want("theirs", "secretsmanager", "GetSecretValue", secretInput("theirs"),
		"User: arn:aws:sts::123456789012:assumed-role/app/t1 is not authorized to perform: secretsmanager:GetSecretValue on resource: "+scope.SecretARN("theirs", "AbCdEf")+" because no identity-based policy allows the secretsmanager:GetSecretValue action. The role app is not in the IAM of this Hatoba")
	w.want("nobody's", "secretsmanager", "GetSecretValue", secretInput("none"), "AccessDeniedException")
	w.want("put", "secretsmanager", "PutSecretValue", &secretsmanager.PutSecretValueInput{SecretId: aws.String("mine")}, "AccessDeniedException")
	w.want("batch", "secretsmanager", "BatchGetSecretValue", &secretsmanager.BatchGetSecretValueInput{SecretIdList: []string{"mine"}}, "")
	w.want("batch of both", "secretsmanager", "BatchGetSecretValue", &secretsmanager.BatchGetSecretValueInput{SecretIdList: []string{"mine", "theirs"}}, "theirs")
	w.want("batch of all", "secretsmanager", "BatchGetSecretValue", &secretsmanager.BatchGetSecretValueInput{}, "AccessDeniedException")
	w.want("list", "secretsmanager", "ListSecrets", &secretsmanager.ListSecretsInput{}, "AccessDeniedException")
	w.want("parameter", "ssm", "GetParameter", &ssm.GetParameterInput{Name: aws.String("/app/url:3")}, "")
	w.want("parameters", "ssm", "GetParameters", &ssm.GetParametersInput{Names: []string{"/app/url", "/other"}}, "parameter/other")
	w.want("path", "ssm", "GetParametersByPath", &ssm.GetParametersByPathInput{Path: aws.String("/app")}, "AccessDeniedException")
	w.want("run", "ecs", "RunTask", &ecs.RunTaskInput{TaskDefinition: aws.String("app")}, "AccessDeniedException")
	w.want("register", "ecs", "RegisterTaskDefinition", &ecs.RegisterTaskDefinitionInput{}, "AccessDeniedException")
	w.want("exec", "ecs", "ExecuteCommand", &ecs.ExecuteCommandInput{}, "AccessDeniedException")
	w.want("look", "ecs", "DescribeTasks", &ecs.DescribeTasksInput{}, "")
	w.want("assume", "sts", "AssumeRole", &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/admin")}, "AccessDenied")
	w.want("who", "sts", "GetCallerIdentity", &sts.GetCallerIdentityInput{}, "")
	w.want("iam", "iam", "PutRolePolicy", &iam.PutRolePolicyInput{}, "AccessDenied")
	get := func(key string) *s3.GetObjectInput { return &s3.GetObjectInput{Bucket: aws.String("conf"), Key: &key} }
	w.want("an object", "s3", "GetObject", get("logo.png"), "")
	w.want("its own environment file", "s3", "GetObject", get("mine.env"), "")
	w.want("another's", "s3", "GetObject", get("theirs.env"), "the task may use only those .env objects that its definition names")
	w.want("another's, by a copy", "s3", "CopyObject", &s3.CopyObjectInput{Bucket: aws.String("conf"), Key: aws.String("x"), CopySource: aws.String("conf/theirs.env")}, "AccessDenied")
	w.want("logs", "logs", "PutLogEvents", nil, "")
	type rule struct{ GroupId string }
	w.want("its own security group", "ec2", "AuthorizeSecurityGroupIngress", &rule{"sg-1"}, "ec2:AuthorizeSecurityGroupIngress on resource: "+scope.ARN("ec2", "security-group/sg-1"))
	w.want("a target group", "elasticloadbalancing", "DeregisterTargets", &elasticloadbalancingv2.DeregisterTargetsInput{TargetGroupArn: aws.String("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/1")}, "elasticloadbalancing:DeregisterTargets on resource: arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/1")
	w.want("targets' health", "elasticloadbalancing", "DescribeTargetHealth", &elasticloadbalancingv2.DescribeTargetHealthInput{}, "")
	w.want("a certificate", "acm", "DeleteCertificate", &acm.DeleteCertificateInput{CertificateArn: aws.String("arn:aws:acm:us-east-1:1:certificate/1")}, "acm:DeleteCertificate")
	w.want("look at the network", "ec2", "DescribeVpcs", &rule{}, "")
}

func TestARoleInIAMDecides(t *testing.T) {
	w := newWorld(t)
	w.put(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["secretsmanager:Get*","secretsmanager:BatchGet*"],"Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}},
		{"Effect":"Deny","Action":"*","Resource":"arn:aws:secretsmanager:*:*:secret:mine-*"},
		{"Effect":"Allow","Action":"ssm:GetParametersByPath","Resource":"arn:aws:ssm:*:*:parameter/app*"},
		{"Effect":"Allow","Action":["s3:GetObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::data/in/*"},
		{"Effect":"Allow","Action":"ecs:UpdateService","Resource":"arn:aws:ecs:*:*:service/default/web"},
		{"Effect":"Allow","Action":"ecs:RunTask","Resource":"arn:aws:ecs:*:*:task-definition/jobs:*"}]}`)
	w.want("theirs", "secretsmanager", "GetSecretValue", secretInput("theirs"), "")
	w.want("mine", "secretsmanager", "GetSecretValue", secretInput("mine"), "with an explicit deny in an identity-based policy")
	w.want("batch", "secretsmanager", "BatchGetSecretValue", &secretsmanager.BatchGetSecretValueInput{}, "explicit deny")
	w.want("path", "ssm", "GetParametersByPath", &ssm.GetParametersByPathInput{Path: aws.String("/app/x")}, "")
	w.want("other path", "ssm", "GetParametersByPath", &ssm.GetParametersByPathInput{Path: aws.String("/other")}, "AccessDeniedException")
	w.want("object", "s3", "HeadObject", &s3.HeadObjectInput{Bucket: aws.String("data"), Key: aws.String("in/a")}, "")
	w.want("object", "s3", "GetObject", &s3.GetObjectInput{Bucket: aws.String("data"), Key: aws.String("out/a")}, "AccessDenied")
	w.want("objects", "s3", "DeleteObjects", &s3.DeleteObjectsInput{Bucket: aws.String("data"), Delete: &s3types.Delete{
		Objects: []s3types.ObjectIdentifier{{Key: aws.String("in/a")}, {Key: aws.String("b")}}}}, "data/b")
	w.want("run", "ecs", "RunTask", &ecs.RunTaskInput{TaskDefinition: aws.String("jobs:3")}, "")
	w.want("scale", "ecs", "UpdateService", &ecs.UpdateServiceInput{Service: aws.String("web"), TaskDefinition: aws.String("app:1")}, "")
	w.want("scale by ARN", "ecs", "UpdateService", &ecs.UpdateServiceInput{Service: aws.String(scope.ServiceARN("default", "web"))}, "")
	w.want("scale another", "ecs", "UpdateService", &ecs.UpdateServiceInput{Service: aws.String("api")}, "service/default/api")
	w.want("scale elsewhere", "ecs", "UpdateService", &ecs.UpdateServiceInput{Service: aws.String("web"), Cluster: aws.String("prod")}, "service/prod/web")
	w.want("run app", "ecs", "RunTask", &ecs.RunTaskInput{TaskDefinition: aws.String("app:1")}, "task-definition/app:1")
	w.want("hand on a role", "ecs", "RunTask", &ecs.RunTaskInput{TaskDefinition: aws.String("jobs:3"), Overrides: &ecstypes.TaskOverride{TaskRoleArn: aws.String("admin")}},
		"iam:PassRole on resource: arn:aws:iam::123456789012:role/admin")
}

// The secret's own policy counts, and so does an AWS managed policy.
func TestManagedAndResourcePolicies(t *testing.T) {
	w := newWorld(t)
	w.put("", "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess")
	w.want("parameter", "ssm", "GetParameter", &ssm.GetParameterInput{Name: aws.String("/any")}, "")
	w.want("secret", "secretsmanager", "GetSecretValue", secretInput("theirs"), "AccessDeniedException")
	w.update(func(s store.Writer) error {
		secret, _ := store.Secrets.Get(s, scope.Key("theirs"))
		secret.Policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + w.role + `"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}`
		return store.Secrets.Put(s, scope.Key("theirs"), secret)
	})
	w.want("secret", "secretsmanager", "GetSecretValue", secretInput("theirs"), "")
}

func (w *world) put(inline string, attached ...string) {
	w.t.Helper()
	role := state.Role{Name: "app", ARN: w.role, ID: identity.NewID("AROA"), Grants: state.Grants{Attached: attached, Inline: map[string]string{}}}
	if inline != "" {
		role.Grants.Inline["p"] = inline
	}
	w.update(func(s store.Writer) error { return store.Roles.Put(s, state.IAMKey(scope.Account, "app"), role) })
}

func TestOthersPass(t *testing.T) {
	a := &authorization.Authorizer{Store: mem.New()}
	if err := a.Authorize(t.Context(), wire.Caller{Identity: wire.Root("123456789012")}, "secretsmanager", "GetSecretValue", secretInput("x")); err != nil {
		t.Error(err)
	}
}

// Each service refuses with the code and status of its protocol.
func TestCodesOfRefusals(t *testing.T) {
	w := newWorld(t)
	d := identity.Directory{Store: w.store}
	id, err := d.Task(t.Context(), w.task, "")
	if err != nil {
		t.Fatal(err)
	}
	for service, c := range map[string]struct {
		operation, code, shape string
		status                 int
		action                 string
	}{
		"ecs":                     {"DeleteCluster", "AccessDeniedException", "", 0, "ecs:DeleteCluster"},
		"application-autoscaling": {"DeleteScalingPolicy", "AccessDeniedException", "", 0, "application-autoscaling:DeleteScalingPolicy"},
		"scheduler":               {"DeleteSchedule", "AccessDeniedException", "", 403, "scheduler:DeleteSchedule"},
		"route53":                 {"DeleteHostedZone", "AccessDenied", "", 403, "route53:DeleteHostedZone"},
		"monitoring":              {"DeleteAlarms", "AccessDenied", "AccessDeniedException", 403, "cloudwatch:DeleteAlarms"},
		"sns":                     {"DeleteTopic", "AuthorizationError", "", 403, "SNS:DeleteTopic"},
		"ec2":                     {"DeleteVpc", "UnauthorizedOperation", "", 403, "ec2:DeleteVpc"},
	} {
		err := (&authorization.Authorizer{Store: w.store}).Authorize(t.Context(), wire.Caller{Scope: scope, Identity: id}, service, c.operation, &struct{}{})
		var refused *wire.Error
		if !errors.As(err, &refused) || refused.Code != c.code || refused.Shape != c.shape || refused.Status != c.status || !strings.Contains(refused.Message, " is not authorized to perform: "+c.action+" ") {
			t.Errorf("%s: %#v", service, refused)
		}
	}
}
