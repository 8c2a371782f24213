package e2e

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/test/harness"
)

// With signatures and TLS: who has the root user's key runs a task, whose image
// comes from the registry that strangers cannot use; nobody else does anything.
func TestSignedOverTLS(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	w.Register("ends", nil, w.Container("app", "exit", "0"))
	w.Down()
	w.Spawn("--auth", "sigv4", "--tls")

	var client *http.Client
	w.Eventually("Hatoba answers over TLS", func() bool {
		pem, err := os.ReadFile(filepath.Join(w.Dir, "tls", "ca.pem"))
		roots := x509.NewCertPool()
		if err != nil || !roots.AppendCertsFromPEM(pem) {
			return false
		}
		client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
		answer, err := client.Get("https://" + w.Listen + "/_hatoba/health")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	id, secret := rootKey(t, filepath.Join(w.Dir, "credentials"))
	api := func(id, secret string) *ecs.Client {
		return ecs.New(ecs.Options{Region: harness.Region, BaseEndpoint: aws.String("https://" + w.Listen), HTTPClient: client,
			Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")})
	}
	for name, c := range map[string]struct{ id, secret, code string }{
		"an account":       {harness.Account, "x", "UnrecognizedClientException"},
		"another's secret": {id, "x", "InvalidSignatureException"},
	} {
		_, err := api(c.id, c.secret).ListTasks(t.Context(), &ecs.ListTasksInput{})
		var refused smithy.APIError
		if !errors.As(err, &refused) || refused.ErrorCode() != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, page := range []string{"/v2/", "/v2/app/tags/list", "/_hatoba/profile/heap"} {
		answer, err := client.Get("https://" + w.Listen + page)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusUnauthorized && answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s is open to all: %s", page, answer.Status)
		}
	}

	roles := iam.New(iam.Options{Region: harness.Region, BaseEndpoint: aws.String("https://" + w.Listen), HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, "")})
	if _, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("exec"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)}); err != nil {
		t.Fatal(err)
	}
	root := api(id, secret)
	started, err := root.RunTask(t.Context(), &ecs.RunTaskInput{TaskDefinition: aws.String("ends"), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0123456789abcdef0"}}}})
	if err != nil || len(started.Tasks) != 1 {
		t.Fatalf("%+v, %v", started, err)
	}
	var task types.Task
	w.Eventually("the task has ended", func() bool {
		out, err := root.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Tasks: []string{*started.Tasks[0].TaskArn}})
		if err != nil || len(out.Tasks) != 1 {
			return false
		}
		task = out.Tasks[0]
		return aws.ToString(task.LastStatus) == "STOPPED"
	})
	if c := harness.ByName(task, "app"); c.ExitCode == nil || *c.ExitCode != 0 {
		t.Errorf("%s %+v", aws.ToString(task.StoppedReason), c)
	}
	out, err := w.CLI("ps", "-a", "--auth", "sigv4", "--tls")
	if err != nil || !strings.Contains(out, "STOPPED") {
		t.Errorf("hatoba ps: %s, %v", out, err)
	}
}

// rootKey reads the key the first start has made.
func rootKey(t *testing.T, path string) (id, secret string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), " = ")
		switch name {
		case "aws_access_key_id":
			id = value
		case "aws_secret_access_key":
			secret = value
		}
	}
	return id, secret
}
