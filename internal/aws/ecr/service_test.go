package ecr_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-containerregistry/pkg/crane"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/sirupsen/logrus"

	"github.com/hatoba/hatoba/internal/aws/ecr"
	"github.com/hatoba/hatoba/internal/registry"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

var testScope = state.Scope{Account: "123456789012", Region: "us-east-1"}

func TestMain(m *testing.M) {
	logrus.SetOutput(io.Discard) // distribution tells of every 404
	os.Exit(m.Run())
}

// house is API and registry on one port, as Hatoba serves them.
type house struct {
	*sdk.Client
	t        *testing.T
	dir      string
	store    store.Store
	registry *registry.Registry
	service  *ecr.Service
	host     string
}

func open(t *testing.T, change ...func(*registry.Config)) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), store: mem.New()}
	h.start(change...)
	return h
}

// start opens the registry over what is stored, as a restart does.
func (h *house) start(change ...func(*registry.Config)) {
	h.t.Helper()
	log := slog.New(slog.DiscardHandler)
	cfg := registry.Config{Dir: h.dir, Default: testScope, Catalog: ecr.Catalog{Store: h.store}, Log: log}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	if h.registry, err = registry.Open(h.t.Context(), cfg); err != nil {
		h.t.Fatal(err)
	}
	h.service = ecr.New(ecr.Config{Store: h.store, Registry: h.registry, Now: time.Now})
	api, err := wire.NewHandler(wire.HandlerConfig{
		Services:     []wire.Service{h.service.Describe()},
		DefaultScope: testScope, Log: log,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", api)
	mux.Handle("/v2/", h.registry)
	server := httptest.NewServer(mux)
	h.t.Cleanup(server.Close)
	h.host = strings.TrimPrefix(server.URL, "http://")
	h.Client = h.client(testScope)
}

func (h *house) client(scope state.Scope) *sdk.Client {
	return sdk.New(sdk.Options{
		BaseEndpoint: aws.String("http://" + h.host), Region: scope.Region,
		Credentials: credentials.NewStaticCredentialsProvider(scope.Account, "secret", ""),
	})
}

func (h *house) create(names ...string) {
	h.t.Helper()
	for _, n := range names {
		if _, err := h.CreateRepository(h.t.Context(), &sdk.CreateRepositoryInput{RepositoryName: aws.String(n)}); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *house) ref(s string) name.Reference {
	h.t.Helper()
	ref, err := name.ParseReference(h.host+"/"+s, name.Insecure)
	if err != nil {
		h.t.Fatal(err)
	}
	return ref
}

// picture is an image whose one layer says text.
func picture(t *testing.T, text string) v1.Image {
	t.Helper()
	image, err := crane.Image(map[string][]byte{"text": []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func (h *house) push(ref string, image v1.Image) error {
	h.t.Helper()
	return remote.Write(h.ref(ref), image, remote.WithContext(h.t.Context()))
}

// pushed pushes a new image and returns its digest.
func (h *house) pushed(ref, text string) string {
	h.t.Helper()
	image := picture(h.t, text)
	if err := h.push(ref, image); err != nil {
		h.t.Fatal(err)
	}
	d, err := image.Digest()
	if err != nil {
		h.t.Fatal(err)
	}
	return d.String()
}

// listed is what ListImages says: "tag@digest" or "@digest", a short digest.
func (h *house) listed(repository string) string {
	h.t.Helper()
	out, err := h.ListImages(h.t.Context(), &sdk.ListImagesInput{RepositoryName: aws.String(repository)})
	if err != nil {
		return failure(err)
	}
	var all []string
	for _, id := range out.ImageIds {
		all = append(all, aws.ToString(id.ImageTag)+"@"+short(aws.ToString(id.ImageDigest)))
	}
	return strings.Join(all, " ")
}

func short(digest string) string {
	if len(digest) < 15 {
		return digest
	}
	return digest[7:15]
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

func tag(s string) types.ImageIdentifier    { return types.ImageIdentifier{ImageTag: aws.String(s)} }
func digest(s string) types.ImageIdentifier { return types.ImageIdentifier{ImageDigest: aws.String(s)} }

func TestOperationsNotDoneAreRefusedByName(t *testing.T) {
	h := open(t)
	_, err := h.StartImageScan(t.Context(), &sdk.StartImageScanInput{RepositoryName: aws.String("app"), ImageId: &types.ImageIdentifier{ImageTag: aws.String("1")}})
	if err == nil || !strings.Contains(err.Error(), "StartImageScan") {
		t.Error(err)
	}
}
