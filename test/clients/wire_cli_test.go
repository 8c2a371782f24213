// Package clients runs the clients that people use against Hatoba.
package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/aws/sts"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

// wireServer serves the wire with STS and an ECS that knows one operation.
func wireServer(t *testing.T) string {
	t.Helper()
	describe := func(_ context.Context, caller wire.Caller, in *ecs.DescribeClustersInput) (*ecs.DescribeClustersOutput, error) {
		if len(in.Clusters) != 1 || in.Clusters[0] != "main" {
			return nil, &ecstypes.InvalidParameterException{Message: aws.String("Only main is here.")}
		}
		return &ecs.DescribeClustersOutput{Clusters: []ecstypes.Cluster{{
			ClusterArn:  aws.String(caller.Scope.ClusterARN("main")),
			ClusterName: aws.String("main"),
			Tags:        []ecstypes.Tag{{Key: aws.String("名前"), Value: aws.String(`"鳩場" <&>`)}},
		}}}, nil
	}
	handler, err := wire.NewHandler(wire.HandlerConfig{
		Services: []wire.Service{sts.New(sts.Config{}).Describe(), {
			Name: "ecs", Title: "Amazon ECS", Protocol: wire.JSON11, TargetPrefix: "AmazonEC2ContainerServiceV20141113",
			Naming: wire.ECSNaming, Client: (*ecs.Client)(nil),
			Operations: []wire.Operation{wire.Op("DescribeClusters", describe)},
		}},
		DefaultScope: state.Scope{Account: "000000000000", Region: "us-east-1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// awsCLI runs the aws CLI against url as account 123456789012 and returns
// what it printed and its exit code.
func awsCLI(t *testing.T, url string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	path, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("no aws CLI on PATH")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_ENDPOINT_URL=" + url, "AWS_DEFAULT_REGION=eu-west-1",
		"AWS_ACCESS_KEY_ID=123456789012", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_PAGER=", "LC_ALL=C.UTF-8",
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestCLIOnTheWire(t *testing.T) {
	url := wireServer(t)
	t.Run("caller identity", func(t *testing.T) {
		out, errs, code := awsCLI(t, url, "sts", "get-caller-identity")
		var got struct{ UserId, Account, Arn string }
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 {
			t.Fatalf("exit %d: %v\n%s%s", code, err, out, errs)
		}
		if got.Account != "123456789012" || got.UserId != "123456789012" || got.Arn != "arn:aws:iam::123456789012:root" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("json answer", func(t *testing.T) {
		out, errs, code := awsCLI(t, url, "ecs", "describe-clusters", "--clusters", "main",
			"--output", "text", "--query", "clusters[0].[clusterArn,tags[0].key,tags[0].value]")
		if want := "arn:aws:ecs:eu-west-1:123456789012:cluster/main\t名前\t\"鳩場\" <&>\n"; out != want || code != 0 {
			t.Errorf("exit %d: got %q, want %q\n%s", code, out, want, errs)
		}
	})
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"json exception": {[]string{"ecs", "describe-clusters", "--clusters", "other"},
			"An error occurred (InvalidParameterException) when calling the DescribeClusters operation: Only main is here."},
		"json unsupported": {[]string{"ecs", "list-clusters"},
			"An error occurred (UnsupportedOperationException) when calling the ListClusters operation: Hatoba does not support ecs ListClusters yet."},
		"query unsupported": {[]string{"sts", "decode-authorization-message", "--encoded-message", "x"},
			"An error occurred (UnsupportedOperationException) when calling the DecodeAuthorizationMessage operation: Hatoba does not support sts DecodeAuthorizationMessage yet."},
		"json unserved": {[]string{"events", "list-rules"},
			`An error occurred (UnsupportedOperationException) when calling the ListRules operation: Hatoba does not serve "events"`},
		"query unserved": {[]string{"sns", "list-topics"},
			`An error occurred (UnsupportedOperationException) when calling the ListTopics operation: Hatoba does not serve "sns"`},
		"ec2 unserved": {[]string{"ec2", "describe-vpcs"},
			`An error occurred (UnsupportedOperationException) when calling the DescribeVpcs operation: Hatoba does not serve "ec2"`},
		"rest-json unserved": {[]string{"lambda", "list-functions"},
			`An error occurred (UnsupportedOperationException) when calling the ListFunctions operation: Hatoba does not serve "lambda"`},
		"rest-xml unserved": {[]string{"s3api", "list-buckets"},
			`An error occurred (UnsupportedOperationException) when calling the ListBuckets operation: Hatoba does not serve "s3"`},
	} {
		t.Run(name, func(t *testing.T) {
			out, errs, code := awsCLI(t, url, c.args...)
			if !strings.Contains(errs, c.want) || code == 0 {
				t.Errorf("exit %d: %s%s\nwant %s", code, out, errs, c.want)
			}
		})
	}
}
