package sts_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/aws/sts"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

// client talks to the front door over HTTP with the given access key.
func client(t *testing.T, accessKey string) *awssts.Client {
	t.Helper()
	handler, err := wire.NewHandler(wire.HandlerConfig{
		Services:     []wire.Service{sts.New().Describe()},
		DefaultScope: state.Scope{Account: "000000000000", Region: "us-east-1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return awssts.New(awssts.Options{
		BaseEndpoint: aws.String(server.URL),
		Region:       "eu-west-1",
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, "secret", ""),
		HTTPClient:   http.DefaultClient,
	})
}

func TestGetCallerIdentity(t *testing.T) {
	for accessKey, account := range map[string]string{
		"AKIAIOSFODNN7EXAMPLE": "000000000000",
		"123456789012":         "123456789012",
	} {
		out, err := client(t, accessKey).GetCallerIdentity(context.Background(), &awssts.GetCallerIdentityInput{})
		if err != nil {
			t.Fatal(err)
		}
		if *out.Account != account || *out.UserId != account || *out.Arn != "arn:aws:iam::"+account+":root" {
			t.Errorf("key %s: got account %s, user %s, arn %s", accessKey, *out.Account, *out.UserId, *out.Arn)
		}
	}
}

func TestSessionsAreRefusedByName(t *testing.T) {
	_, err := client(t, "key").AssumeRole(context.Background(), &awssts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::123456789012:role/app"), RoleSessionName: aws.String("s"),
	})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "UnsupportedOperationException" ||
		api.ErrorMessage() != "Hatoba does not support sts AssumeRole yet." {
		t.Fatalf("got %v", err)
	}
}
