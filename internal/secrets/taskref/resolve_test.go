package taskref

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
)

// fakeSecrets answers from a map; region and version are part of the key.
type fakeSecrets map[string]string

func (f fakeSecrets) Resolve(ctx context.Context, scope state.Scope, id, stage, version string) (secrets.Value, error) {
	if err := ctx.Err(); err != nil {
		return secrets.Value{}, err
	}
	v, ok := f[strings.Join([]string{scope.Region, id, stage, version}, "|")]
	switch {
	case !ok:
		return secrets.Value{}, &smithy.GenericAPIError{Code: "ResourceNotFoundException", Message: "Secrets Manager can't find the specified secret."}
	case v == "deleted":
		return secrets.Value{}, &smithy.GenericAPIError{Code: "InvalidRequestException", Message: "You can't perform this operation on the secret because it was marked for deletion."}
	}
	return secrets.NewValue(v), nil
}

type fakeParameters map[string]string

func (f fakeParameters) Resolve(_ context.Context, scope state.Scope, name string) (secrets.Value, error) {
	if v, ok := f[scope.Region+"|"+name]; ok {
		return secrets.NewValue(v), nil
	}
	return secrets.Value{}, &smithy.GenericAPIError{Code: "ParameterNotFound", Message: "Parameter " + name + " not found."}
}

const arn = "arn:aws:secretsmanager:us-east-1:111111111111:secret:app-AbCdEf"

var resolver = Resolver{
	Secrets: fakeSecrets{
		"us-east-1|" + arn + "||":            `{"user":"admin","port":5432,"big":12345678,"on":true,"none":null,"in":{"a":1}}`,
		"us-east-1|" + arn + "|AWSPREVIOUS|": `{"user":"old"}`,
		"us-west-2|arn:aws:secretsmanager:us-west-2:111111111111:secret:west-AbCdEf||":    "pacific",
		"us-east-1|arn:aws:secretsmanager:us-east-1:111111111111:secret:plain-AbCdEf||":   "hunter2 is no JSON",
		"us-east-1|arn:aws:secretsmanager:us-east-1:111111111111:secret:deleted-AbCdEf||": "deleted",
	},
	Parameters: fakeParameters{
		"us-east-1|/prod/db": "parameter",
		"us-west-2|arn:aws:ssm:us-west-2:111111111111:parameter/db": "west parameter",
	},
}

func TestResolve(t *testing.T) {
	scope := state.Scope{Account: "111111111111", Region: "us-east-1"}
	const prefix = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
	for _, c := range []struct{ from, want, err string }{
		{arn + ":user::", "admin", ""},
		{arn + ":port::", "5432", ""},
		{arn + ":big::", "1.2345678e+07", ""},
		{arn + ":on::", "true", ""},
		{arn + ":in::", "map[a:1]", ""},
		{arn + ":user:AWSPREVIOUS:", "old", ""},
		{"arn:aws:secretsmanager:us-west-2:111111111111:secret:west-AbCdEf", "pacific", ""},
		{"/prod/db", "parameter", ""},
		{"arn:aws:ssm:us-west-2:111111111111:parameter/db", "west parameter", ""},
		{arn + ":pass::", "", prefix + "unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key pass"},
		{"arn:aws:secretsmanager:us-east-1:111111111111:secret:plain-AbCdEf:user::", "", prefix + "unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager is not a JSON object, it has no json key user"},
		{"arn:aws:secretsmanager:us-east-1:111111111111:secret:none-AbCdEf", "", "ResourceInitializationError: The task can't pull the secret from Secrets Manager. The task can't retrieve the secret with ARN 'arn:aws:secretsmanager:us-east-1:111111111111:secret:none-AbCdEf' from Secrets Manager. Check whether the secret exists in the specified Region. ResourceNotFoundException: Secrets Manager can't find the specified secret."},
		{"arn:aws:secretsmanager:us-east-1:111111111111:secret:deleted-AbCdEf", "", prefix + "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:us-east-1:111111111111:secret:deleted-AbCdEf from secrets manager: InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion."},
		{"/prod/none", "", prefix + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: /prod/none"},
		{arn + ":user", "", prefix + "unable to retrieve secret from asm: an invalid ARN format for the AWS Secrets Manager secret was specified. Specify a valid ARN and try again."},
	} {
		got, err := resolver.ResolveTaskSecret(t.Context(), scope, c.from)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != c.want || text != c.err {
			t.Errorf("%s\n got %q, %s\nwant %q, %s", c.from, got, text, c.want, c.err)
		}
	}
}

func TestAnotherAccountIsDenied(t *testing.T) {
	scope := state.Scope{Account: "222222222222", Region: "us-east-1"}
	for _, from := range []string{arn, "arn:aws:ssm:us-east-1:111111111111:parameter/db"} {
		_, err := resolver.Resolve(t.Context(), scope, from)
		if err == nil || !strings.Contains(err.Error(), "AccessDeniedException") {
			t.Errorf("%s: %v", from, err)
		}
	}
}

// The end of the caller's context must stay recognisable: it is no refusal.
func TestResolveKeepsTheContextsEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := resolver.Resolve(ctx, state.Scope{Account: "111111111111", Region: "us-east-1"}, arn)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
