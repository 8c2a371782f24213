package iam_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/aws/iam"
	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

const (
	account = "123456789012"
	trust   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	reads   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:Get*","Resource":"*"}]}`
)

// client talks to the service over HTTP.
func client(t *testing.T) (*sdk.Client, store.Store, *secrets.Keyring) {
	t.Helper()
	db, keyring := mem.New(), secrets.NewKeyring()
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{iam.New(iam.Config{Store: db, Keyring: keyring}).Describe()}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return sdk.New(sdk.Options{
		BaseEndpoint: &server.URL, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(account, "secret", ""),
	}), db, keyring
}

func want(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

func must[T any](t *testing.T) func(out T, err error) T {
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// The calls Terraform makes for aws_iam_role and aws_iam_role_policy_attachment.
func TestLifeOfARole(t *testing.T) {
	c, _, _ := client(t)
	name, arn := aws.String("taskExec"), aws.String("arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy")
	made := must[*sdk.CreateRoleOutput](t)(c.CreateRole(t.Context(), &sdk.CreateRoleInput{
		RoleName: name, AssumeRolePolicyDocument: aws.String(trust), Path: aws.String("/team/"), Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}},
	}))
	if *made.Role.Arn != "arn:aws:iam::123456789012:role/team/taskExec" || !strings.HasPrefix(*made.Role.RoleId, "AROA") || len(*made.Role.RoleId) != 21 || *made.Role.MaxSessionDuration != 3600 {
		t.Errorf("%+v", made.Role)
	}
	_, err := c.CreateRole(t.Context(), &sdk.CreateRoleInput{RoleName: aws.String("TASKEXEC"), AssumeRolePolicyDocument: aws.String(trust)})
	want(t, err, "EntityAlreadyExists", "Role with name TASKEXEC already exists.")
	got := must[*sdk.GetRoleOutput](t)(c.GetRole(t.Context(), &sdk.GetRoleInput{RoleName: name}))
	if doc, _ := url.QueryUnescape(*got.Role.AssumeRolePolicyDocument); doc != trust || len(got.Role.Tags) != 1 {
		t.Errorf("%s %v", doc, got.Role.Tags)
	}
	must[*sdk.ListRolePoliciesOutput](t)(c.ListRolePolicies(t.Context(), &sdk.ListRolePoliciesInput{RoleName: name}))
	must[*sdk.AttachRolePolicyOutput](t)(c.AttachRolePolicy(t.Context(), &sdk.AttachRolePolicyInput{RoleName: name, PolicyArn: arn}))
	list := must[*sdk.ListAttachedRolePoliciesOutput](t)(c.ListAttachedRolePolicies(t.Context(), &sdk.ListAttachedRolePoliciesInput{RoleName: name}))
	if len(list.AttachedPolicies) != 1 || *list.AttachedPolicies[0].PolicyName != "AmazonECSTaskExecutionRolePolicy" {
		t.Errorf("%+v", list.AttachedPolicies)
	}
	must[*sdk.PutRolePolicyOutput](t)(c.PutRolePolicy(t.Context(), &sdk.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("in"), PolicyDocument: aws.String(reads)}))
	_, err = c.DeleteRole(t.Context(), &sdk.DeleteRoleInput{RoleName: name})
	want(t, err, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	must[*sdk.DetachRolePolicyOutput](t)(c.DetachRolePolicy(t.Context(), &sdk.DetachRolePolicyInput{RoleName: name, PolicyArn: arn}))
	_, err = c.DetachRolePolicy(t.Context(), &sdk.DetachRolePolicyInput{RoleName: name, PolicyArn: arn})
	want(t, err, "NoSuchEntity", "Policy "+*arn+" was not found.")
	_, err = c.DeleteRole(t.Context(), &sdk.DeleteRoleInput{RoleName: name})
	want(t, err, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	inline := must[*sdk.GetRolePolicyOutput](t)(c.GetRolePolicy(t.Context(), &sdk.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("in")}))
	if doc, _ := url.QueryUnescape(*inline.PolicyDocument); doc != reads {
		t.Error(doc)
	}
	must[*sdk.DeleteRolePolicyOutput](t)(c.DeleteRolePolicy(t.Context(), &sdk.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("in")}))
	must[*sdk.ListInstanceProfilesForRoleOutput](t)(c.ListInstanceProfilesForRole(t.Context(), &sdk.ListInstanceProfilesForRoleInput{RoleName: name}))
	must[*sdk.DeleteRoleOutput](t)(c.DeleteRole(t.Context(), &sdk.DeleteRoleInput{RoleName: name}))
	_, err = c.GetRole(t.Context(), &sdk.GetRoleInput{RoleName: name})
	want(t, err, "NoSuchEntity", "The role with name taskExec cannot be found.")
	var typed *types.NoSuchEntityException
	if !errors.As(err, &typed) {
		t.Errorf("%T is not what SDKs look for", err)
	}
}

func TestAKeyIsShownOnceAndSigns(t *testing.T) {
	c, db, keyring := client(t)
	user := aws.String("ann")
	must[*sdk.CreateUserOutput](t)(c.CreateUser(t.Context(), &sdk.CreateUserInput{UserName: user}))
	made := must[*sdk.CreateAccessKeyOutput](t)(c.CreateAccessKey(t.Context(), &sdk.CreateAccessKeyInput{UserName: user})).AccessKey
	who := &identity.Directory{Store: db, Keyring: keyring}
	key, err := who.Key(t.Context(), *made.AccessKeyId, "")
	if err != nil || key.Secret != *made.SecretAccessKey || key.Identity.ARN != "arn:aws:iam::123456789012:user/ann" {
		t.Errorf("%v %v", key, err)
	}
	_ = db.View(t.Context(), func(r store.Reader) error {
		for _, k := range store.AccessKeys.List(r, state.AccessKeyScope(), "") {
			if strings.Contains(fmt.Sprintf("%q", k.Secret.Data), *made.SecretAccessKey) {
				t.Error("the secret is stored as it is")
			}
		}
		return nil
	})
	must[*sdk.CreateAccessKeyOutput](t)(c.CreateAccessKey(t.Context(), &sdk.CreateAccessKeyInput{UserName: user}))
	_, err = c.CreateAccessKey(t.Context(), &sdk.CreateAccessKeyInput{UserName: user})
	want(t, err, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	must[*sdk.UpdateAccessKeyOutput](t)(c.UpdateAccessKey(t.Context(), &sdk.UpdateAccessKeyInput{UserName: user, AccessKeyId: made.AccessKeyId, Status: types.StatusTypeInactive}))
	if _, err := who.Key(t.Context(), *made.AccessKeyId, ""); !errors.Is(err, wire.ErrUnknownKey) {
		t.Errorf("an inactive key: %v", err)
	}
	_, err = c.DeleteUser(t.Context(), &sdk.DeleteUserInput{UserName: user})
	want(t, err, "DeleteConflict", "Cannot delete entity, must delete access keys first.")
	keys := must[*sdk.ListAccessKeysOutput](t)(c.ListAccessKeys(t.Context(), &sdk.ListAccessKeysInput{UserName: user})).AccessKeyMetadata
	for _, k := range keys {
		must[*sdk.DeleteAccessKeyOutput](t)(c.DeleteAccessKey(t.Context(), &sdk.DeleteAccessKeyInput{UserName: user, AccessKeyId: k.AccessKeyId}))
	}
	must[*sdk.DeleteUserOutput](t)(c.DeleteUser(t.Context(), &sdk.DeleteUserInput{UserName: user}))
}

func TestPoliciesAndTheirVersions(t *testing.T) {
	c, _, _ := client(t)
	made := must[*sdk.CreatePolicyOutput](t)(c.CreatePolicy(t.Context(), &sdk.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(reads)})).Policy
	_, err := c.CreatePolicy(t.Context(), &sdk.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(reads)})
	want(t, err, "EntityAlreadyExists", "A policy called p already exists. Duplicate names are not allowed.")
	_, err = c.CreatePolicy(t.Context(), &sdk.CreatePolicyInput{PolicyName: aws.String("q"), PolicyDocument: aws.String(`{"Statement":[{"Effect":"Allow","Action":"ssm:*"}]}`)})
	want(t, err, "MalformedPolicyDocument", "Policy statement must contain resources.")
	for range 4 {
		must[*sdk.CreatePolicyVersionOutput](t)(c.CreatePolicyVersion(t.Context(), &sdk.CreatePolicyVersionInput{PolicyArn: made.Arn, PolicyDocument: aws.String(reads), SetAsDefault: true}))
	}
	_, err = c.CreatePolicyVersion(t.Context(), &sdk.CreatePolicyVersionInput{PolicyArn: made.Arn, PolicyDocument: aws.String(reads)})
	want(t, err, "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	_, err = c.DeletePolicyVersion(t.Context(), &sdk.DeletePolicyVersionInput{PolicyArn: made.Arn, VersionId: aws.String("v5")})
	want(t, err, "DeleteConflict", "Cannot delete the default version of a policy.")
	must[*sdk.CreateRoleOutput](t)(c.CreateRole(t.Context(), &sdk.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trust)}))
	must[*sdk.AttachRolePolicyOutput](t)(c.AttachRolePolicy(t.Context(), &sdk.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: made.Arn}))
	_, err = c.DeletePolicy(t.Context(), &sdk.DeletePolicyInput{PolicyArn: made.Arn})
	want(t, err, "DeleteConflict", "Cannot delete a policy attached to entities.")
	got := must[*sdk.GetPolicyOutput](t)(c.GetPolicy(t.Context(), &sdk.GetPolicyInput{PolicyArn: made.Arn})).Policy
	if *got.AttachmentCount != 1 || *got.DefaultVersionId != "v5" {
		t.Errorf("%+v", got)
	}
	aws1 := must[*sdk.GetPolicyOutput](t)(c.GetPolicy(t.Context(), &sdk.GetPolicyInput{PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})).Policy
	version := must[*sdk.GetPolicyVersionOutput](t)(c.GetPolicyVersion(t.Context(), &sdk.GetPolicyVersionInput{PolicyArn: aws1.Arn, VersionId: aws1.DefaultVersionId})).PolicyVersion
	if doc, _ := url.QueryUnescape(*version.Document); !strings.Contains(doc, `"Action": "*"`) {
		t.Error(doc)
	}
	_, err = c.AttachRolePolicy(t.Context(), &sdk.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: aws.String("arn:aws:iam::aws:policy/None")})
	want(t, err, "NoSuchEntity", "Policy arn:aws:iam::aws:policy/None does not exist or is not attachable.")
	seen := 0
	pages := sdk.NewListPoliciesPaginator(c, &sdk.ListPoliciesInput{MaxItems: aws.Int32(7)})
	for pages.HasMorePages() {
		page := must[*sdk.ListPoliciesOutput](t)(pages.NextPage(t.Context()))
		seen += len(page.Policies)
	}
	if all := must[*sdk.ListPoliciesOutput](t)(c.ListPolicies(t.Context(), &sdk.ListPoliciesInput{})); len(all.Policies) != seen || seen < 30 {
		t.Errorf("%d in pages, %d at once", seen, len(all.Policies))
	}
}

func TestGroupsProfilesAndServiceLinkedRoles(t *testing.T) {
	c, _, _ := client(t)
	must[*sdk.CreateUserOutput](t)(c.CreateUser(t.Context(), &sdk.CreateUserInput{UserName: aws.String("bob")}))
	must[*sdk.CreateGroupOutput](t)(c.CreateGroup(t.Context(), &sdk.CreateGroupInput{GroupName: aws.String("Devs")}))
	must[*sdk.AddUserToGroupOutput](t)(c.AddUserToGroup(t.Context(), &sdk.AddUserToGroupInput{UserName: aws.String("bob"), GroupName: aws.String("devs")}))
	group := must[*sdk.GetGroupOutput](t)(c.GetGroup(t.Context(), &sdk.GetGroupInput{GroupName: aws.String("Devs")}))
	if len(group.Users) != 1 || *group.Group.GroupName != "Devs" {
		t.Errorf("%+v", group)
	}
	_, err := c.DeleteGroup(t.Context(), &sdk.DeleteGroupInput{GroupName: aws.String("Devs")})
	want(t, err, "DeleteConflict", "Cannot delete entity, must remove users from group first.")
	linked := must[*sdk.CreateServiceLinkedRoleOutput](t)(c.CreateServiceLinkedRole(t.Context(), &sdk.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("ecs.amazonaws.com")})).Role
	if *linked.Arn != "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS" {
		t.Error(*linked.Arn)
	}
	_, err = c.DeleteRole(t.Context(), &sdk.DeleteRoleInput{RoleName: linked.RoleName})
	want(t, err, "UnmodifiableEntity", "Cannot perform the operation on the protected role 'AWSServiceRoleForECS' - this role is only modifiable by AWS")
	must[*sdk.CreateInstanceProfileOutput](t)(c.CreateInstanceProfile(t.Context(), &sdk.CreateInstanceProfileInput{InstanceProfileName: aws.String("p")}))
	must[*sdk.CreateRoleOutput](t)(c.CreateRole(t.Context(), &sdk.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trust)}))
	must[*sdk.AddRoleToInstanceProfileOutput](t)(c.AddRoleToInstanceProfile(t.Context(), &sdk.AddRoleToInstanceProfileInput{InstanceProfileName: aws.String("p"), RoleName: aws.String("r")}))
	_, err = c.DeleteRole(t.Context(), &sdk.DeleteRoleInput{RoleName: aws.String("r")})
	want(t, err, "DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
	profile := must[*sdk.GetInstanceProfileOutput](t)(c.GetInstanceProfile(t.Context(), &sdk.GetInstanceProfileInput{InstanceProfileName: aws.String("p")})).InstanceProfile
	if len(profile.Roles) != 1 || *profile.Roles[0].RoleName != "r" {
		t.Errorf("%+v", profile)
	}
}
