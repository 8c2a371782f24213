package wire_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/hatoba/hatoba/internal/state"

	"github.com/hatoba/hatoba/internal/wire"
)

// sdkService is a service as the SDK has it: every operation of its client.
type sdkService struct {
	wire.Service
	client func(aws.Config) any // the SDK's client
	types  *smithy.TypeRegistry // nil for the SDK's older clients
}

func sdkServices() []sdkService {
	return []sdkService{
		{
			Service: wire.Service{Name: "ecs", Title: "Amazon ECS", Protocol: wire.JSON11, Naming: wire.ECSNaming,
				TargetPrefix: "AmazonEC2ContainerServiceV20141113", Client: (*ecs.Client)(nil)},
			client: func(c aws.Config) any { return ecs.NewFromConfig(c) },
			types:  ecs.TypeRegistry,
		},
		{
			Service: wire.Service{Name: "ecr", Title: "Amazon ECR", Protocol: wire.JSON11, Naming: wire.ECRNaming,
				TargetPrefix: "AmazonEC2ContainerRegistry_V20150921", Client: (*ecr.Client)(nil)},
			client: func(c aws.Config) any { return ecr.NewFromConfig(c) },
			types:  ecr.TypeRegistry,
		},
		{
			Service: wire.Service{Name: "kms", Title: "AWS Key Management Service", Protocol: wire.JSON11,
				TargetPrefix: "TrentService", Client: (*kms.Client)(nil)},
			client: func(c aws.Config) any { return kms.NewFromConfig(c) },
			types:  kms.TypeRegistry,
		},
		{
			Service: wire.Service{Name: "logs", Title: "CloudWatch Logs", Protocol: wire.JSON11, Naming: wire.LogsNaming,
				TargetPrefix: "Logs_20140328", Client: (*cloudwatchlogs.Client)(nil)},
			client: func(c aws.Config) any { return cloudwatchlogs.NewFromConfig(c) },
			types:  cloudwatchlogs.TypeRegistry,
		},
		{
			Service: wire.Service{Name: "secretsmanager", Title: "AWS Secrets Manager", Protocol: wire.JSON11, Naming: wire.SecretsManagerNaming,
				TargetPrefix: "secretsmanager", Client: (*secretsmanager.Client)(nil)},
			client: func(c aws.Config) any { return secretsmanager.NewFromConfig(c) },
			types:  secretsmanager.TypeRegistry,
		},
		{
			Service: wire.Service{Name: "ssm", Title: "AWS Systems Manager", Protocol: wire.JSON11, Naming: wire.SSMNaming,
				TargetPrefix: "AmazonSSM", Client: (*ssm.Client)(nil)},
			client: func(c aws.Config) any { return ssm.NewFromConfig(c) },
			types:  ssm.TypeRegistry,
		},
		{
			Service: wire.Service{Name: "sts", Title: "AWS Security Token Service", Protocol: wire.Query, Naming: wire.STSNaming,
				APIVersion: "2011-06-15", Namespace: "https://sts.amazonaws.com/doc/2011-06-15/", Client: (*sts.Client)(nil)},
			client: func(c aws.Config) any { return sts.NewFromConfig(c) },
		},
		{
			Service: wire.Service{Name: "monitoring", Title: "Amazon CloudWatch", Protocol: wire.CBOR, Also: []wire.Protocol{wire.JSON10, wire.Query}, Naming: wire.CloudWatchNaming,
				TargetPrefix: "GraniteServiceVersion20100801", APIVersion: "2010-08-01", Namespace: "http://monitoring.amazonaws.com/doc/2010-08-01/", Client: (*cloudwatch.Client)(nil)},
			client: func(c aws.Config) any { return cloudwatch.NewFromConfig(c) },
			types:  cloudwatch.TypeRegistry,
		},
		{
			Service: wire.Service{Name: "scheduler", Title: "EventBridge Scheduler", Protocol: wire.RestJSON, Bindings: bindings("scheduler"), Client: (*scheduler.Client)(nil)},
			client:  func(c aws.Config) any { return scheduler.NewFromConfig(c) },
		},
		{
			Service: wire.Service{Name: "elasticfilesystem", Title: "Amazon EFS", Protocol: wire.RestJSON, Bindings: bindings("efs"), Client: (*efs.Client)(nil)},
			client:  func(c aws.Config) any { return efs.NewFromConfig(c) },
		},
		{
			Service: wire.Service{Name: "route53", Title: "Amazon Route 53", Protocol: wire.RestXML, Bindings: bindings("route53"), Client: (*route53.Client)(nil)},
			client:  func(c aws.Config) any { return route53.NewFromConfig(c) },
		},
		{
			Service: wire.Service{Name: "s3", Title: "Amazon S3", Protocol: wire.RestXML, Bindings: bindings("s3"), Client: (*s3.Client)(nil)},
			client: func(c aws.Config) any {
				return s3.NewFromConfig(c, func(o *s3.Options) {
					o.UsePathStyle = true
					o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
					o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
				})
			},
		},
		{
			Service: wire.Service{Name: "iam", Title: "AWS Identity and Access Management", Protocol: wire.Query, Naming: wire.IAMNaming,
				APIVersion: "2010-05-08", Namespace: "https://iam.amazonaws.com/doc/2010-05-08/", Client: (*iam.Client)(nil)},
			client: func(c aws.Config) any { return iam.NewFromConfig(c) },
		},
		{
			Service: wire.Service{Name: "elasticloadbalancing", Title: "Elastic Load Balancing", Protocol: wire.Query, Naming: wire.ELBv2Naming,
				APIVersion: "2015-12-01", Namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/", Client: (*elasticloadbalancingv2.Client)(nil)},
			client: func(c aws.Config) any { return elasticloadbalancingv2.NewFromConfig(c) },
		},
		{
			Service: wire.Service{Name: "sns", Title: "Amazon SNS", Protocol: wire.Query, Naming: wire.SNSNaming,
				APIVersion: "2010-03-31", Namespace: "http://sns.amazonaws.com/doc/2010-03-31/", Client: (*sns.Client)(nil)},
			client: func(c aws.Config) any { return sns.NewFromConfig(c) },
		},
		{
			Service: wire.Service{Name: "acm", Title: "AWS Certificate Manager", Protocol: wire.JSON11, Naming: wire.ACMNaming,
				TargetPrefix: "CertificateManager", Client: (*acm.Client)(nil)},
			client: func(c aws.Config) any { return acm.NewFromConfig(c) },
			types:  acm.TypeRegistry,
		},
		{
			Service: wire.Service{Name: "events", Title: "Amazon EventBridge", Protocol: wire.JSON11, Naming: wire.EventsNaming,
				TargetPrefix: "AWSEvents", Client: (*eventbridge.Client)(nil)},
			client: func(c aws.Config) any { return eventbridge.NewFromConfig(c) },
			types:  eventbridge.TypeRegistry,
		},
		{
			Service: wire.Service{Name: "servicediscovery", Title: "AWS Cloud Map", Protocol: wire.JSON11, TargetPrefix: "Route53AutoNaming_v20170314", Client: (*servicediscovery.Client)(nil)},
			client: func(c aws.Config) any {
				c.APIOptions = append(c.APIOptions, withoutHostPrefix)
				return servicediscovery.NewFromConfig(c)
			},
		},
		{
			Service: wire.Service{Name: "application-autoscaling", Title: "Application Auto Scaling", Protocol: wire.JSON11, Naming: wire.AutoScalingNaming,
				TargetPrefix: "AnyScaleFrontendService", Client: (*applicationautoscaling.Client)(nil)},
			client: func(c aws.Config) any { return applicationautoscaling.NewFromConfig(c) },
		},
	}
}

// withoutHostPrefix sends what SDKs would send to data-HOST to HOST.
func withoutHostPrefix(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("withoutHostPrefix",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
		}), middleware.Before)
}

// bindings reads a table made by test/bindings.
func bindings(service string) *wire.Bindings {
	path := "testdata/bindings/" + service + ".json"
	if service == "s3" || service == "route53" || service == "scheduler" { // served, and so with its service
		path = "../aws/" + service + "/bindings.json"
	}
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	b, err := wire.ParseBindings(text)
	if err != nil {
		panic(err)
	}
	return b
}

// sdkOperation is a method of an SDK client.
type sdkOperation struct {
	name    string
	in, out reflect.Type // structs
}

func (s sdkService) operations() []sdkOperation {
	var ops []sdkOperation
	client := reflect.TypeOf(s.Client)
	for i := range client.NumMethod() {
		m := client.Method(i)
		if m.Type.IsVariadic() && m.Type.NumIn() == 4 && m.Type.NumOut() == 2 {
			ops = append(ops, sdkOperation{m.Name, m.Type.In(2).Elem(), m.Type.Out(0).Elem()})
		}
	}
	return ops
}

// inProcess is an SDK's HTTP client that calls a handler.
type inProcess struct{ handler http.Handler }

func (p inProcess) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	p.handler.ServeHTTP(rec, r)
	res := rec.Result()
	res.Request = r
	return res, nil
}

// config is an SDK configuration that talks to handler, without retries.
func config(handler http.Handler) aws.Config {
	return aws.Config{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String("http://hatoba.test"),
		Credentials:  credentials.NewStaticCredentialsProvider("123456789012", "secret", ""),
		HTTPClient:   inProcess{handler},
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// invoke calls an operation of an SDK client by name.
func invoke(ctx context.Context, client any, op string, in any) (any, error) {
	res := reflect.ValueOf(client).MethodByName(op).Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(in)})
	err, _ := res[1].Interface().(error)
	return res[0].Interface(), err
}

func scope() state.Scope { return state.Scope{Account: "000000000000", Region: "us-east-1"} }
