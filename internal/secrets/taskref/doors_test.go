package taskref_test

import (
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	smsdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	ssmsdk "github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/hatoba/hatoba/internal/aws/secretsmanager"
	"github.com/hatoba/hatoba/internal/aws/ssm"
	"github.com/hatoba/hatoba/internal/dispatch"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/secrets/taskref"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

var _ dispatch.Secrets = taskref.Resolver{}

// The resolver over the two real services, as a task sees them.
func TestResolveThroughTheFrontDoors(t *testing.T) {
	db, keyring := mem.New(), secrets.NewKeyring()
	sm := secretsmanager.New(secretsmanager.Config{Store: db, Keyring: keyring})
	ps := ssm.New(ssm.Config{Store: db, Keyring: keyring})
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{sm.Describe(), ps.Describe()}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	scope := state.Scope{Account: "123456789012", Region: "eu-west-1"}
	creds := credentials.NewStaticCredentialsProvider(scope.Account, "secret", "")
	secret, err := smsdk.New(smsdk.Options{BaseEndpoint: &server.URL, Region: scope.Region, Credentials: creds}).CreateSecret(t.Context(),
		&smsdk.CreateSecretInput{Name: aws.String("prod/app"), SecretString: aws.String(`{"user":"admin"}`)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = ssmsdk.New(ssmsdk.Options{BaseEndpoint: &server.URL, Region: scope.Region, Credentials: creds}).PutParameter(t.Context(),
		&ssmsdk.PutParameterInput{Name: aws.String("/prod/db"), Value: aws.String("s3cr3t"), Type: "SecureString"})
	if err != nil {
		t.Fatal(err)
	}
	resolver := taskref.Resolver{Secrets: sm, Parameters: ps}
	arn := *secret.ARN
	const prefix = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
	for _, c := range []struct{ from, want string }{
		{arn, `{"user":"admin"}`},
		{arn[:len(arn)-7], `{"user":"admin"}`},
		{arn + ":user::", "admin"},
		{arn + ":user:AWSCURRENT:", "admin"},
		{arn + ":user::" + *secret.VersionId, "admin"},
		{"/prod/db", "s3cr3t"},
		{"/prod/db:1", "s3cr3t"},
		{"arn:aws:ssm:eu-west-1:123456789012:parameter/prod/db", "s3cr3t"},
		{arn + ":pass::", prefix + "unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key pass"},
		{"/prod/none", prefix + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: /prod/none"},
		{"prod/app", prefix + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: prod/app"},
	} {
		got, err := resolver.ResolveTaskSecret(t.Context(), scope, c.from)
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.from, got, c.want)
		}
	}
}
