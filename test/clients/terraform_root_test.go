package clients

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/hatoba/hatoba/test/harness"
)

// tf says what Terraform's AWS provider says for a service behind a load
// balancer, in its order and with its defaults, and compares what is read back
// with what the configuration has: any difference would be a second plan that
// is not empty.
type tf struct {
	t     *testing.T
	w     *harness.World
	ec2   *ec2.Client
	elb   *elb.Client
	iam   *iam.Client
	image string
	state map[string]string // ids and ARNs of what was made
}

func newTF(t *testing.T) *tf {
	w := harness.Start(t)
	cfg := aws.Config{
		Region: harness.Region, BaseEndpoint: aws.String("http://" + w.Listen),
		Credentials: credentials.NewStaticCredentialsProvider(harness.Account, "x", ""),
	}
	f := &tf{t: t, w: w, ec2: ec2.NewFromConfig(cfg), elb: elb.NewFromConfig(cfg), iam: iam.NewFromConfig(cfg), image: w.Image(), state: map[string]string{}}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}) // the provider's own start
	f.must("GetCallerIdentity", err)
	f.same("account", aws.ToString(who.Account), harness.Account)
	return f
}

func (f *tf) must(what string, err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatalf("%s: %v", what, err)
	}
}

// same compares an attribute of the state with the configuration's.
func (f *tf) same(what string, got, want any) {
	f.t.Helper()
	if !reflect.DeepEqual(got, want) {
		f.t.Errorf("a second plan would change %s: %v, not %v", what, got, want)
	}
}

const service = "tf-web"

func TestTerraformsCalls(t *testing.T) {
	f := newTF(t)
	f.dataSources()
	f.logGroup()
	f.repository()
	f.role()
	f.securityGroup()
	f.cluster()
	f.taskDefinition("one")
	f.targetGroup()
	f.loadBalancer()
	f.listener()
	f.rule()
	f.service()
	f.readAll() // a second plan

	f.change()
	f.readAll()
	f.destroy()
}

// dataSources are data.aws_vpc.default and data.aws_subnets.
func (f *tf) dataSources() {
	ctx := f.t.Context()
	vpcs, err := f.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: aws.String("isDefault"), Values: []string{"true"}}}})
	f.must("data.aws_vpc", err)
	if len(vpcs.Vpcs) != 1 {
		f.t.Fatalf("there are %d default VPCs", len(vpcs.Vpcs))
	}
	f.state["vpc"] = aws.ToString(vpcs.Vpcs[0].VpcId)
	for _, a := range []ec2types.VpcAttributeName{"enableDnsHostnames", "enableDnsSupport", "enableNetworkAddressUsageMetrics"} {
		_, err := f.ec2.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: aws.String(f.state["vpc"]), Attribute: a})
		f.must("data.aws_vpc "+string(a), err)
	}
	tables, err := f.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{
		{Name: aws.String("association.main"), Values: []string{"true"}}, {Name: aws.String("vpc-id"), Values: []string{f.state["vpc"]}},
	}})
	f.must("data.aws_vpc main route table", err)
	f.same("main_route_table_id", len(tables.RouteTables), 1)
	subnets, err := f.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{f.state["vpc"]}}}})
	f.must("data.aws_subnets", err)
	if len(subnets.Subnets) < 2 {
		f.t.Fatalf("there are %d default subnets", len(subnets.Subnets))
	}
	f.state["subnet-a"], f.state["subnet-b"] = aws.ToString(subnets.Subnets[0].SubnetId), aws.ToString(subnets.Subnets[1].SubnetId)
}

func (f *tf) subnets() []string { return []string{f.state["subnet-a"], f.state["subnet-b"]} }

func (f *tf) readAll() {
	f.readLogGroup()
	f.readRepository()
	f.readRole()
	f.readSecurityGroup()
	f.readCluster()
	f.readTaskDefinition()
	f.readTargetGroup()
	f.readLoadBalancer()
	f.readListener()
	f.readRule()
	f.readService()
}

// change is an apply of a changed configuration: a new revision, which replaces
// the definition, and another deregistration delay.
func (f *tf) change() {
	ctx := f.t.Context()
	old := f.state["definition"]
	f.taskDefinition("two")
	_, err := f.elb.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: aws.String(f.state["target"]), Attributes: groupAttributes("2")[:1]})
	f.must("deregistration_delay", err)
	f.state["delay"] = "2"
	_, err = f.w.ECS.UpdateService(ctx, &ecs.UpdateServiceInput{
		Cluster: aws.String(f.state["cluster"]), Service: aws.String(service), TaskDefinition: aws.String(f.state["definition"]), ForceNewDeployment: false,
	})
	f.must("update of aws_ecs_service", err)
	f.stable()
	_, err = f.w.ECS.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &old})
	f.must("the replaced definition", err)
}
