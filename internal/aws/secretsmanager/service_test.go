package secretsmanager

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/etcd"
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
	return newFrontOn(t, mem.New())
}

func newFrontOn(t *testing.T, s store.Store) *front {
	t.Helper()
	f := &front{store: s, now: start}
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
		BaseEndpoint: aws.String(server.URL), Region: testScope.Region, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(testScope.Account, "secret", ""),
	})
	return f
}

// create makes a secret with a string value and returns its ARN and version.
func (f *front) create(t *testing.T, name, value string) (arn, version string) {
	t.Helper()
	out, err := f.CreateSecret(t.Context(), &sdk.CreateSecretInput{Name: aws.String(name), SecretString: aws.String(value)})
	if err != nil {
		t.Fatal(err)
	}
	return *out.ARN, *out.VersionId
}

// read returns the value of a secret, or the error's text.
func (f *front) read(ctx context.Context, in *sdk.GetSecretValueInput) string {
	out, err := f.GetSecretValue(ctx, in)
	if err != nil {
		return failure(err)
	}
	return aws.ToString(out.SecretString)
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

// records is how many records of secrets and their versions there are.
func (f *front) records(t *testing.T) (n int) {
	t.Helper()
	err := f.store.View(t.Context(), func(r store.Reader) error {
		for _, table := range []string{store.Secrets.Name, store.SecretVersions.Name} {
			for range r.Scan(table, state.Scope{}, "", "") {
				n++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The real engine's files, log included, hold no value in any form.
func TestNoValueIsOnDiskOrInTheLog(t *testing.T) {
	dir := t.TempDir()
	db, err := etcd.Open(t.Context(), etcd.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	f := newFrontOn(t, db)
	const value = "correct-horse-battery-staple"
	f.create(t, "findable-name", value)
	for _, in := range []*sdk.PutSecretValueInput{
		{SecretId: aws.String("findable-name"), SecretString: aws.String(value + "2")},
		{SecretId: aws.String("findable-name"), SecretBinary: []byte(value + "3")},
	} {
		if _, err := f.PutSecretValue(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	_, err = f.CreateSecret(t.Context(), &sdk.CreateSecretInput{Name: aws.String("both"), SecretString: aws.String(value), SecretBinary: []byte(value)})
	if err == nil || strings.Contains(err.Error(), value) {
		t.Fatal(err)
	}
	db.Close()
	all := append(contents(t, dir), f.log.Bytes()...)
	if !bytes.Contains(all, []byte("findable-name")) {
		t.Fatal("the search finds nothing at all")
	}
	// Base64 in each of its three alignments, without the ragged ends.
	forms := []string{value}
	for pad := range 3 {
		forms = append(forms, base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", pad) + value))[4:32])
	}
	for _, form := range forms {
		if bytes.Contains(all, []byte(form)) {
			t.Fatalf("%s is on disk or in the log", form)
		}
	}
}

// contents is every byte of every file below dir.
func contents(t *testing.T, dir string) (all []byte) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		all = append(all, raw...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRotationAndReplicationAreRefusedByName(t *testing.T) {
	f := newFront(t)
	f.create(t, "app", "v")
	_, err := f.RotateSecret(t.Context(), &sdk.RotateSecretInput{SecretId: aws.String("app")})
	wantFailure(t, err, "UnsupportedOperationException: Hatoba does not support secretsmanager RotateSecret yet.")
	_, err = f.CancelRotateSecret(t.Context(), &sdk.CancelRotateSecretInput{SecretId: aws.String("app")})
	wantFailure(t, err, "UnsupportedOperationException: Hatoba does not support secretsmanager CancelRotateSecret yet.")
}

// A ciphertext copied over another secret's must not open there.
func TestSwappedRecordsDoNotOpen(t *testing.T) {
	f := newFront(t)
	_, a := f.create(t, "a", "value of a")
	_, b := f.create(t, "b", "value of b")
	err := f.store.Update(t.Context(), func(w store.Writer) error {
		sa, _ := store.Secrets.Get(w, testScope.Key("a"))
		sb, _ := store.Secrets.Get(w, testScope.Key("b"))
		va, _ := store.SecretVersions.Get(w, versionKey(testScope, sa, a))
		vb, _ := store.SecretVersions.Get(w, versionKey(testScope, sb, b))
		vb.Value = va.Value
		return store.SecretVersions.Put(w, versionKey(testScope, sb, b), vb)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.read(t.Context(), &sdk.GetSecretValueInput{SecretId: aws.String("b")}); strings.Contains(got, "value of") {
		t.Fatal(got)
	}
}
