package clients

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/hatoba/hatoba/test/harness"
)

func (f *tf) logGroup() {
	ctx := f.t.Context()
	_, err := f.w.Logs.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/ecs/tf"), LogGroupClass: "STANDARD", Tags: map[string]string{"Name": "tf"}})
	f.must("aws_cloudwatch_log_group", err)
	_, err = f.w.Logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String("/ecs/tf"), RetentionInDays: aws.Int32(7)})
	f.must("retention_in_days", err)
	f.readLogGroup()
}

func (f *tf) readLogGroup() {
	ctx := f.t.Context()
	out, err := f.w.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/ecs/tf")})
	f.must("read aws_cloudwatch_log_group", err)
	g := out.LogGroups[0]
	f.same("retention_in_days", aws.ToInt32(g.RetentionInDays), int32(7))
	f.same("log_group_class", string(g.LogGroupClass), "STANDARD")
	f.same("kms_key_id", aws.ToString(g.KmsKeyId), "")
	arn := strings.TrimSuffix(aws.ToString(g.Arn), ":*")
	tags, err := f.w.Logs.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: &arn})
	f.must("tags of aws_cloudwatch_log_group", err)
	f.same("tags", tags.Tags, map[string]string{"Name": "tf"})
}

func (f *tf) repository() {
	out, err := f.w.ECR.CreateRepository(f.t.Context(), &ecr.CreateRepositoryInput{
		RepositoryName: aws.String("tf/web"), ImageTagMutability: ecrtypes.ImageTagMutabilityImmutable,
		Tags: []ecrtypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_ecr_repository", err)
	f.state["repository"] = aws.ToString(out.Repository.RepositoryArn)
	f.readRepository()
}

func (f *tf) readRepository() {
	ctx := f.t.Context()
	out, err := f.w.ECR.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: []string{"tf/web"}})
	f.must("read aws_ecr_repository", err)
	r := out.Repositories[0]
	f.same("image_tag_mutability", string(r.ImageTagMutability), "IMMUTABLE")
	if r.ImageScanningConfiguration == nil || r.ImageScanningConfiguration.ScanOnPush {
		f.t.Errorf("image_scanning_configuration %+v", r.ImageScanningConfiguration)
	}
	if r.EncryptionConfiguration == nil || r.EncryptionConfiguration.EncryptionType != "AES256" {
		f.t.Errorf("encryption_configuration %+v", r.EncryptionConfiguration)
	}
	f.same("repository_url", aws.ToString(r.RepositoryUri), harness.Account+".dkr.ecr."+harness.Region+".amazonaws.com/tf/web")
	tags, err := f.w.ECR.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: r.RepositoryArn})
	f.must("tags of aws_ecr_repository", err)
	f.same("tags", len(tags.Tags), 1)
}

const trust = `{"Version":"2012-10-17","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"}}]}`

const execution = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"

func (f *tf) role() {
	ctx := f.t.Context()
	out, err := f.iam.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String("tf-exec"), Path: aws.String("/"), AssumeRolePolicyDocument: aws.String(trust), MaxSessionDuration: aws.Int32(3600),
		Tags: []iamtypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_iam_role", err)
	f.state["role"] = aws.ToString(out.Role.Arn)
	_, err = f.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String("tf-exec"), PolicyArn: aws.String(execution)})
	f.must("aws_iam_role_policy_attachment", err)
	f.readRole()
}

func (f *tf) readRole() {
	ctx := f.t.Context()
	name := aws.String("tf-exec")
	out, err := f.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	f.must("read aws_iam_role", err)
	document, err := url.QueryUnescape(aws.ToString(out.Role.AssumeRolePolicyDocument))
	f.must("assume_role_policy", err)
	f.sameJSON("assume_role_policy", document, trust)
	f.same("max_session_duration", aws.ToInt32(out.Role.MaxSessionDuration), int32(3600))
	f.same("path", aws.ToString(out.Role.Path), "/")
	f.same("tags", len(out.Role.Tags), 1)
	inline, err := f.iam.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: name})
	f.must("inline_policy", err)
	f.same("inline_policy", len(inline.PolicyNames), 0)
	attached, err := f.iam.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name})
	f.must("aws_iam_role_policy_attachment", err)
	if len(attached.AttachedPolicies) != 1 || aws.ToString(attached.AttachedPolicies[0].PolicyArn) != execution {
		f.t.Errorf("attached policies %+v", attached.AttachedPolicies)
	}
}

func (f *tf) sameJSON(what, got, want string) {
	f.t.Helper()
	var a, b any
	if json.Unmarshal([]byte(got), &a) != nil || json.Unmarshal([]byte(want), &b) != nil {
		f.t.Errorf("%s is no JSON: %s", what, got)
		return
	}
	f.same(what, a, b)
}

var everywhere = []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}

func (f *tf) securityGroup() {
	ctx := f.t.Context()
	out, err := f.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("tf-web"), Description: aws.String("Managed by Terraform"), VpcId: aws.String(f.state["vpc"]),
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: "security-group", Tags: []ec2types.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}}}},
	})
	f.must("aws_security_group", err)
	f.state["group"] = aws.ToString(out.GroupId)
	all := []ec2types.IpPermission{{IpProtocol: aws.String("-1"), IpRanges: everywhere}}
	_, err = f.ec2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: out.GroupId, IpPermissions: all})
	f.must("the default egress is revoked", err)
	web := []ec2types.IpPermission{
		{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(80), ToPort: aws.Int32(80), IpRanges: everywhere},
		{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(8080), ToPort: aws.Int32(8080), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: out.GroupId}}},
	}
	_, err = f.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: out.GroupId, IpPermissions: web})
	f.must("ingress", err)
	_, err = f.ec2.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: out.GroupId, IpPermissions: all})
	f.must("egress", err)
	f.readSecurityGroup()
}

func (f *tf) readSecurityGroup() {
	out, err := f.ec2.DescribeSecurityGroups(f.t.Context(), &ec2.DescribeSecurityGroupsInput{GroupIds: []string{f.state["group"]}})
	f.must("read aws_security_group", err)
	g := out.SecurityGroups[0]
	f.same("description", aws.ToString(g.Description), "Managed by Terraform")
	f.same("owner_id", aws.ToString(g.OwnerId), harness.Account)
	f.same("tags", len(g.Tags), 1)
	f.same("ingress", len(g.IpPermissions), 2)
	f.same("egress", len(g.IpPermissionsEgress), 1)
	for _, p := range g.IpPermissions {
		switch aws.ToInt32(p.FromPort) {
		case 80:
			f.same("ingress cidr_blocks", aws.ToString(p.IpRanges[0].CidrIp), "0.0.0.0/0")
			f.same("ingress self", len(p.UserIdGroupPairs), 0)
		case 8080:
			f.same("ingress self", aws.ToString(p.UserIdGroupPairs[0].GroupId), f.state["group"])
			f.same("ingress cidr_blocks", len(p.IpRanges), 0)
		default:
			f.t.Errorf("ingress from %d", aws.ToInt32(p.FromPort))
		}
	}
	f.same("egress protocol", aws.ToString(g.IpPermissionsEgress[0].IpProtocol), "-1")
}
