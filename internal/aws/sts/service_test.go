package sts_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/aws/sts"
	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

const account = "123456789012"

// world is the service over HTTP with a clock of its own.
type world struct {
	t   *testing.T
	url string
	dir *identity.Directory
	now time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Now()}
	clock := func() time.Time { return w.now }
	w.dir = &identity.Directory{Store: mem.New(), Keyring: secrets.NewKeyring(), Now: clock}
	handler, err := wire.NewHandler(wire.HandlerConfig{
		Services:     []wire.Service{sts.New(sts.Config{Directory: w.dir, Now: clock}).Describe()},
		DefaultScope: state.Scope{Account: "000000000000", Region: "us-east-1"},
		Identities:   w.dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *world) client(key, secret, token string) *awssts.Client {
	return awssts.New(awssts.Options{
		BaseEndpoint: aws.String(w.url), Region: "eu-west-1", HTTPClient: http.DefaultClient,
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, token),
	})
}

func (w *world) as(c *types.Credentials) *awssts.Client {
	return w.client(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

// role puts a role into IAM.
func (w *world) role(name, trust string) string {
	w.t.Helper()
	role := state.Role{Name: name, ID: identity.NewID("AROA"), ARN: state.IAMARN(account, "role", "/", name), TrustPolicy: trust, MaxSessionDuration: 7200}
	err := w.dir.Store.Update(context.Background(), func(s store.Writer) error {
		return store.Roles.Put(s, state.IAMKey(account, name), role)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return role.ARN
}

func wantCode(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), message) {
		t.Errorf("got %v, want %s: …%s…", err, code, message)
	}
}

func TestGetCallerIdentityOfThoseWhoProveNothing(t *testing.T) {
	w := newWorld(t)
	for accessKey, account := range map[string]string{"AKIAIOSFODNN7EXAMPLE": "000000000000", "123456789012": "123456789012"} {
		out, err := w.client(accessKey, "secret", "").GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
		if err != nil {
			t.Fatal(err)
		}
		if *out.Account != account || *out.UserId != account || *out.Arn != "arn:aws:iam::"+account+":root" {
			t.Errorf("key %s: got account %s, user %s, arn %s", accessKey, *out.Account, *out.UserId, *out.Arn)
		}
	}
}

// A session is known by its token alone, until it ends, also to another
// process with the same master key.
func TestSessionOfARole(t *testing.T) {
	w := newWorld(t)
	out, err := w.client(account, "x", "").AssumeRole(t.Context(), &awssts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::123456789012:role/team/app"), RoleSessionName: aws.String("me"), DurationSeconds: aws.Int32(900),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}}, TransitiveTagKeys: []string{"team"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(*out.Credentials.AccessKeyId, "ASIA") || identity.AccountOf(*out.Credentials.AccessKeyId) != account {
		t.Errorf("key %s", *out.Credentials.AccessKeyId)
	}
	who, err := w.as(out.Credentials).GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	if *who.Arn != "arn:aws:sts::123456789012:assumed-role/app/me" || *who.UserId != *out.AssumedRoleUser.AssumedRoleId || *who.Account != account {
		t.Errorf("%s %s", *who.Arn, *who.UserId)
	}
	// Another's token does not go with the key.
	other, err := w.client(account, "x", "").GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.client(*out.Credentials.AccessKeyId, "x", *other.Credentials.SessionToken).GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{})
	if err == nil {
		t.Error("another session's token is taken")
	}
	_, err = w.as(out.Credentials).GetSessionToken(t.Context(), &awssts.GetSessionTokenInput{})
	wantCode(t, err, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	_, err = w.as(out.Credentials).AssumeRole(t.Context(), &awssts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::123456789012:role/b"), RoleSessionName: aws.String("me"), DurationSeconds: aws.Int32(7200)})
	wantCode(t, err, "ValidationError", "role chaining")
	w.now = w.now.Add(901 * time.Second)
	if _, err = w.as(out.Credentials).GetCallerIdentity(t.Context(), &awssts.GetCallerIdentityInput{}); err == nil {
		t.Error("an expired session is taken")
	}
}

func TestTrustDecides(t *testing.T) {
	w := newWorld(t)
	tasks := w.role("tasks", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}}`)
	open := w.role("open", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"e1"}}}]}`)
	assume := func(role, external string, seconds int32) error {
		in := &awssts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("me"), DurationSeconds: &seconds}
		if external != "" {
			in.ExternalId = &external
		}
		_, err := w.client(account, "x", "").AssumeRole(t.Context(), in)
		return err
	}
	wantCode(t, assume(tasks, "", 900), "AccessDenied", "User: arn:aws:iam::123456789012:root is not authorized to perform: sts:AssumeRole on resource: "+tasks)
	wantCode(t, assume(open, "e2", 900), "AccessDenied", "not authorized")
	wantCode(t, assume(open, "", 900), "AccessDenied", "not authorized")
	wantCode(t, assume(open, "e1", 7201), "ValidationError", "MaxSessionDuration")
	if err := assume(open, "e1", 7200); err != nil {
		t.Error(err)
	}
}

func TestBadRequests(t *testing.T) {
	w := newWorld(t)
	role := aws.String("arn:aws:iam::123456789012:role/app")
	for name, c := range map[string]struct {
		in            awssts.AssumeRoleInput
		code, message string
	}{
		"session name": {awssts.AssumeRoleInput{RoleArn: role, RoleSessionName: aws.String("a b")}, "ValidationError", "roleSessionName"},
		"short":        {awssts.AssumeRoleInput{RoleArn: role, RoleSessionName: aws.String("a")}, "ValidationError", "greater than or equal to 2"},
		"role":         {awssts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::1:user/application"), RoleSessionName: aws.String("me")}, "ValidationError", "is invalid"},
		"duration":     {awssts.AssumeRoleInput{RoleArn: role, RoleSessionName: aws.String("me"), DurationSeconds: aws.Int32(60)}, "ValidationError", "900"},
		"policy":       {awssts.AssumeRoleInput{RoleArn: role, RoleSessionName: aws.String("me"), Policy: aws.String("{")}, "MalformedPolicyDocument", "invalid Json"},
		"token size":   {awssts.AssumeRoleInput{RoleArn: role, RoleSessionName: aws.String("me"), MinimumSessionTokenSize: aws.Int32(2000)}, "ValidationError", "MinimumSessionTokenSize"},
		"tags":         {awssts.AssumeRoleInput{RoleArn: role, RoleSessionName: aws.String("me"), TransitiveTagKeys: []string{"x"}}, "InvalidParameterValue", "x"},
	} {
		_, err := w.client(account, "x", "").AssumeRole(t.Context(), &c.in)
		t.Run(name, func(t *testing.T) { wantCode(t, err, c.code, c.message) })
	}
}

func TestWhatIsNotServedIsRefusedByName(t *testing.T) {
	w := newWorld(t)
	_, err := w.client("key", "secret", "").DecodeAuthorizationMessage(t.Context(), &awssts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String("x")})
	wantCode(t, err, "UnsupportedOperationException", "Hatoba does not support sts DecodeAuthorizationMessage yet.")
}
