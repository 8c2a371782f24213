package ssm

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

var (
	testScope = state.Scope{Account: "123456789012", Region: "eu-west-1"}
	start     = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
)

// front is the service behind a real client and the wire.
type front struct {
	*sdk.Client
	service *Service
	store   store.Store
	now     time.Time
	log     bytes.Buffer
}

func newFront(t *testing.T) *front {
	t.Helper()
	f := &front{store: mem.New(), now: start}
	f.service = New(Config{Store: f.store, Keyring: secrets.NewKeyring(), Now: func() time.Time { return f.now }})
	handler, err := wire.NewHandler(wire.HandlerConfig{
		Services: []wire.Service{f.service.Describe()}, Log: slog.New(slog.NewTextHandler(&f.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	f.Client = sdk.New(sdk.Options{
		BaseEndpoint: aws.String(server.URL), Region: testScope.Region,
		Credentials: credentials.NewStaticCredentialsProvider(testScope.Account, "secret", ""),
	})
	return f
}

// put stores a parameter, overwriting.
func (f *front) put(t *testing.T, name, value string, kind types.ParameterType) int64 {
	t.Helper()
	out, err := f.PutParameter(t.Context(), &sdk.PutParameterInput{Name: &name, Value: &value, Type: kind, Overwrite: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	return out.Version
}

func failure(err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return "no error"
	case errors.As(err, &api):
		return api.ErrorCode() + ": " + api.ErrorMessage()
	default:
		return err.Error()
	}
}

func wantFailure(t *testing.T, err error, want string) {
	t.Helper()
	if got := failure(err); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// encoded is every record of the parameter tables as the engines encode it.
func encoded(t *testing.T, s store.Store) (out []byte) {
	t.Helper()
	err := s.View(t.Context(), func(r store.Reader) error {
		for _, table := range []string{store.Parameters.Name, store.ParameterVersions.Name} {
			for _, record := range r.Scan(table, state.Scope{}, "", "") {
				raw, err := json.Marshal(record)
				if err != nil {
					return err
				}
				out = append(out, raw...)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Values of every type are sealed, and a SecureString does not come out
// without decryption.
func TestNoValueIsStoredOrLoggedInTheClear(t *testing.T) {
	f := newFront(t)
	const value = "correct-horse-battery-staple"
	for _, kind := range types.ParameterType("").Values() {
		f.put(t, "/app/"+string(kind), value, kind)
	}
	_, err := f.PutParameter(t.Context(), &sdk.PutParameterInput{
		Name: aws.String("/app/digits"), Value: aws.String(value), Type: types.ParameterTypeSecureString, AllowedPattern: aws.String(`\d+`)})
	wantFailure(t, err, `ParameterPatternMismatchException: Parameter value, cannot be validated against allowedPattern: \d+`)
	forms := []string{value, base64.StdEncoding.EncodeToString([]byte(value))[:30]}
	all := append(encoded(t, f.store), f.log.Bytes()...)
	if len(all) < 500 {
		t.Fatalf("%d bytes of records", len(all))
	}
	for _, form := range forms {
		if bytes.Contains(all, []byte(form)) {
			t.Fatalf("%s is in the store or the log", form)
		}
	}
	one, err := f.GetParameter(t.Context(), &sdk.GetParameterInput{Name: aws.String("/app/SecureString")})
	if err != nil {
		t.Fatal(err)
	}
	history, err := f.GetParameterHistory(t.Context(), &sdk.GetParameterHistoryInput{Name: aws.String("/app/SecureString")})
	if err != nil {
		t.Fatal(err)
	}
	path, err := f.GetParametersByPath(t.Context(), &sdk.GetParametersByPathInput{
		Path: aws.String("/app"), ParameterFilters: []types.ParameterStringFilter{{Key: aws.String("Type"), Values: []string{"SecureString"}}}})
	if err != nil || len(path.Parameters) != 1 {
		t.Fatal(err)
	}
	for _, shown := range []*string{one.Parameter.Value, history.Parameters[0].Value, path.Parameters[0].Value} {
		raw, err := base64.StdEncoding.DecodeString(*shown)
		if err != nil || len(raw) < len(value) || bytes.Contains(raw, []byte(value)) || *shown == value {
			t.Errorf("%q %v", *shown, err)
		}
	}
}

func TestTheRestOfSystemsManagerIsRefusedByName(t *testing.T) {
	_, err := newFront(t).DescribeInstanceInformation(t.Context(), &sdk.DescribeInstanceInformationInput{})
	wantFailure(t, err, "UnsupportedOperationException: Hatoba does not support ssm DescribeInstanceInformation yet.")
}
