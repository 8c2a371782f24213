package acm_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"github.com/hatoba/hatoba/internal/aws/acm"
	"github.com/hatoba/hatoba/internal/pki"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

type world struct {
	*testing.T
	*sdk.Client
	db      store.Store
	keyring *secrets.Keyring
	service *acm.Service
	now     time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{T: t, db: mem.New(), keyring: secrets.NewKeyring(), now: time.Now()}
	authority, err := pki.Open(t.TempDir(), func() time.Time { return w.now })
	if err != nil {
		t.Fatal(err)
	}
	w.service = acm.New(acm.Config{
		Store: w.db, Keyring: w.keyring, NewID: uuid.NewString, Now: func() time.Time { return w.now },
		Authority: func() (*pki.Authority, error) { return authority, nil },
	})
	handler, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{w.service.Describe()}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	w.Client = sdk.New(sdk.Options{
		BaseEndpoint: &server.URL, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("123456789012", "secret", ""),
	})
	return w
}

func (w *world) request(in sdk.RequestCertificateInput) string {
	w.Helper()
	out, err := w.RequestCertificate(w.Context(), &in)
	if err != nil {
		w.Fatal(err)
	}
	return *out.CertificateArn
}

func (w *world) record(arn string) (key state.Key, c state.Certificate) {
	w.Helper()
	err := w.db.View(w.Context(), func(r store.Reader) error {
		for k, v := range store.Certificates.List(r, state.Scope{}, "") {
			if v.ARN == arn {
				key, c = k, v
			}
		}
		return nil
	})
	if err != nil || c.ARN == "" {
		w.Fatal(arn, err)
	}
	return key, c
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// What Terraform does for aws_acm_certificate and its validation.
func TestARequestedCertificateIsIssuedForItsNames(t *testing.T) {
	w := newWorld(t)
	in := sdk.RequestCertificateInput{
		DomainName: aws.String("Example.com"), SubjectAlternativeNames: []string{"*.example.com"}, ValidationMethod: types.ValidationMethodDns,
		IdempotencyToken: aws.String("once"), KeyAlgorithm: types.KeyAlgorithmEcPrime256v1, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}},
	}
	arn := w.request(in)
	if again := w.request(in); again != arn {
		t.Errorf("the same token made %s and %s", arn, again)
	}
	got, err := w.DescribeCertificate(t.Context(), &sdk.DescribeCertificateInput{CertificateArn: &arn})
	if err != nil {
		t.Fatal(err)
	}
	c := got.Certificate
	if c.Status != types.CertificateStatusIssued || c.Type != types.CertificateTypeAmazonIssued || *c.DomainName != "example.com" || len(c.SubjectAlternativeNames) != 2 {
		t.Errorf("%+v", c)
	}
	if len(c.DomainValidationOptions) != 2 || *c.DomainValidationOptions[0].ResourceRecord.Name != *c.DomainValidationOptions[1].ResourceRecord.Name {
		t.Errorf("a name and its wildcard have one record: %+v", c.DomainValidationOptions)
	}
	key, record := w.record(arn)
	pair, err := acm.KeyPair(w.keyring, key, record)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(record.Chain))
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "www.example.com"}); err != nil {
		t.Error(err)
	}
	tags, err := w.ListTagsForCertificate(t.Context(), &sdk.ListTagsForCertificateInput{CertificateArn: &arn})
	if err != nil || len(tags.Tags) != 1 {
		t.Error(tags, err)
	}
}

func TestKeysAreNotInTheStoreInTheClear(t *testing.T) {
	w := newWorld(t)
	arn := w.request(sdk.RequestCertificateInput{DomainName: aws.String("a.example.com"), KeyAlgorithm: types.KeyAlgorithmEcPrime256v1})
	key, c := w.record(arn)
	if bytes.Contains(c.Key.Data, []byte("PRIVATE")) || strings.Contains(c.Body+c.Chain, "PRIVATE") {
		t.Error("the private key is stored as it is")
	}
	key.ID = "another"
	if _, err := acm.KeyPair(w.keyring, key, c); err == nil {
		t.Error("the key opens in another record's place")
	}
}

func TestImport(t *testing.T) {
	w := newWorld(t)
	key, c := w.record(w.request(sdk.RequestCertificateInput{DomainName: aws.String("given.example.com")}))
	_, other := w.record(w.request(sdk.RequestCertificateInput{DomainName: aws.String("other.example.com"), KeyAlgorithm: types.KeyAlgorithmEcPrime256v1}))
	private, err := w.keyring.Open(secrets.AAD(store.Certificates.Name, key), c.Key)
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.ImportCertificate(t.Context(), &sdk.ImportCertificateInput{Certificate: []byte(c.Body), PrivateKey: private, CertificateChain: []byte(c.Chain)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.ImportCertificate(t.Context(), &sdk.ImportCertificateInput{CertificateArn: out.CertificateArn, Certificate: []byte(c.Body), PrivateKey: private}); err != nil {
		t.Errorf("again: %v", err)
	}
	got, err := w.GetCertificate(t.Context(), &sdk.GetCertificateInput{CertificateArn: out.CertificateArn})
	if err != nil || *got.Certificate != c.Body {
		t.Error(got, err)
	}
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})
	for name, in := range map[string]sdk.ImportCertificateInput{
		"another's certificate": {Certificate: []byte(other.Body), PrivateKey: private},
		"not PEM":               {Certificate: []byte("x"), PrivateKey: private},
		"encrypted key":         {Certificate: []byte(c.Body), PrivateKey: encrypted},
		"two certificates":      {Certificate: []byte(c.Body + other.Body), PrivateKey: private},
		"another's chain":       {Certificate: []byte(c.Body), PrivateKey: private, CertificateChain: []byte(other.Body)},
	} {
		if _, err := w.ImportCertificate(t.Context(), &in); code(err) != "ValidationException" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACertificateInUseStays(t *testing.T) {
	w := newWorld(t)
	arn := w.request(sdk.RequestCertificateInput{DomainName: aws.String("a.example.com"), KeyAlgorithm: types.KeyAlgorithmEcPrime256v1})
	key, _ := w.record(arn)
	listener := key.Scope().Key("app/web/1/2")
	put := func(list ...string) {
		err := w.db.Update(t.Context(), func(x store.Writer) error {
			return store.Listeners.Put(x, listener, state.Listener{Balancer: "app/web/1", Certificates: list})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	put(arn)
	if _, err := w.DeleteCertificate(t.Context(), &sdk.DeleteCertificateInput{CertificateArn: &arn}); code(err) != "ResourceInUseException" {
		t.Error(err)
	}
	put()
	if _, err := w.DeleteCertificate(t.Context(), &sdk.DeleteCertificateInput{CertificateArn: &arn}); err != nil {
		t.Error(err)
	}
	if _, err := w.DescribeCertificate(t.Context(), &sdk.DescribeCertificateInput{CertificateArn: &arn}); code(err) != "ResourceNotFoundException" {
		t.Error(err)
	}
	if _, err := w.DescribeCertificate(t.Context(), &sdk.DescribeCertificateInput{CertificateArn: aws.String("this-is-not-an-arn-at-all")}); code(err) != "ValidationException" {
		t.Error(err)
	}
}

func TestListingHasRSAUnlessAskedForOthers(t *testing.T) {
	w := newWorld(t)
	w.request(sdk.RequestCertificateInput{DomainName: aws.String("a.example.com")})
	w.request(sdk.RequestCertificateInput{DomainName: aws.String("b.example.com"), KeyAlgorithm: types.KeyAlgorithmEcPrime256v1})
	all, err := w.ListCertificates(t.Context(), &sdk.ListCertificatesInput{})
	if err != nil || len(all.CertificateSummaryList) != 1 {
		t.Error(all, err)
	}
	both, err := w.ListCertificates(t.Context(), &sdk.ListCertificatesInput{MaxItems: aws.Int32(1), Includes: &types.Filters{KeyTypes: []types.KeyAlgorithm{"RSA_2048", "EC_prime256v1"}}})
	if err != nil || len(both.CertificateSummaryList) != 1 || both.NextToken == nil {
		t.Error(both, err)
	}
}

// A listing that is read page by page goes on behind the last certificate of a
// page, whether that is still there or not.
func TestAPageAfterACertificateThatIsGone(t *testing.T) {
	for _, order := range []types.SortOrder{"", types.SortOrderAscending, types.SortOrderDescending} {
		w := newWorld(t)
		want := map[string]bool{}
		for _, name := range []string{"a.example.com", "b.example.com", "c.example.com"} {
			w.request(sdk.RequestCertificateInput{DomainName: &name, KeyAlgorithm: types.KeyAlgorithmEcPrime256v1})
			want[name], w.now = true, w.now.Add(time.Minute)
		}
		in := &sdk.ListCertificatesInput{MaxItems: aws.Int32(2), Includes: &types.Filters{KeyTypes: []types.KeyAlgorithm{types.KeyAlgorithmEcPrime256v1}}, SortOrder: order}
		if order != "" {
			in.SortBy = types.SortByCreatedAt
		}
		var got []string
		for {
			page, err := w.ListCertificates(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page.CertificateSummaryList {
				got = append(got, *c.DomainName)
				delete(want, *c.DomainName)
			}
			if in.NextToken = page.NextToken; in.NextToken == nil {
				break
			}
			if _, err := w.DeleteCertificate(t.Context(), &sdk.DeleteCertificateInput{CertificateArn: page.CertificateSummaryList[1].CertificateArn}); err != nil {
				t.Fatal(err)
			}
		}
		if order == types.SortOrderDescending {
			slices.Reverse(got)
		}
		if len(got) != 3 || len(want) != 0 || order != "" && !slices.IsSorted(got) {
			t.Errorf("sorted %q: the pages have %v", order, got)
		}
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	for name, in := range map[string]sdk.RequestCertificateInput{
		"ValidationException":                     {DomainName: aws.String("nodots")},
		"InvalidParameterException":               {DomainName: aws.String("a.example.com"), CertificateAuthorityArn: aws.String("arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1")},
		"InvalidDomainValidationOptionsException": {DomainName: aws.String("a.example.com"), DomainValidationOptions: []types.DomainValidationOption{{DomainName: aws.String("b.com"), ValidationDomain: aws.String("b.com")}}},
	} {
		if _, err := w.RequestCertificate(t.Context(), &in); code(err) != name {
			t.Errorf("want %s, got %v", name, err)
		}
	}
}

func TestAnOldCertificateIsSignedAnew(t *testing.T) {
	w := newWorld(t)
	arn := w.request(sdk.RequestCertificateInput{DomainName: aws.String("a.example.com"), KeyAlgorithm: types.KeyAlgorithmEcPrime256v1})
	_, before := w.record(arn)
	w.now = w.now.Add(350 * 24 * time.Hour)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.service.Run(ctx) }()
	renewed := errors.New("renewed")
	err := w.db.Follow(t.Context(), func(r store.Reader) error {
		for _, c := range store.Certificates.List(r, state.Scope{}, "") {
			if c.NotAfter.After(before.NotAfter) {
				return renewed
			}
		}
		return nil
	}, func([]store.Change) error { return renewed }, store.Certificates.Name)
	if !errors.Is(err, renewed) {
		t.Fatal(err)
	}
	stop()
	<-done
	key, after := w.record(arn)
	if !after.NotAfter.After(before.NotAfter) || after.Body == before.Body {
		t.Error("nothing was signed")
	}
	if _, err := acm.KeyPair(w.keyring, key, after); err != nil {
		t.Error(err)
	}
}
