package ecr

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/hatoba/hatoba/internal/image"
	"github.com/hatoba/hatoba/internal/registry"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

var here = state.Scope{Account: "123456789012", Region: "us-east-1"}

// world is registry and front door over one store, behind one port.
type world struct {
	host string
	*sdk.Client
	dir   string
	store store.Store
}

func start(t *testing.T) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), store: mem.New()}
	t.Cleanup(func() { w.store.Close() })
	w.serve(t)
	return w
}

func (w *world) serve(t *testing.T) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	r, err := registry.Open(t.Context(), registry.Config{Dir: w.dir, Default: here, Catalog: Catalog{w.store}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	api, err := wire.NewHandler(wire.HandlerConfig{
		Services: []wire.Service{New(Config{Store: w.store, Registry: r, Now: time.Now}).Describe()}, DefaultScope: here, Log: log, NewRequestID: func() string { return "id" },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", api)
	mux.Handle("/v2/", r)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.host = strings.TrimPrefix(server.URL, "http://")
	w.Client = sdk.NewFromConfig(aws.Config{Region: here.Region, BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider(here.Account, "x", "")})
}

func (w *world) create(t *testing.T, repository string, change ...func(*sdk.CreateRepositoryInput)) {
	t.Helper()
	in := &sdk.CreateRepositoryInput{RepositoryName: &repository}
	for _, f := range change {
		f(in)
	}
	if _, err := w.CreateRepository(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func (w *world) ref(t *testing.T, s string) name.Reference {
	t.Helper()
	r, err := name.ParseReference(w.host+"/"+s, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) push(t *testing.T, s string) v1.Image {
	t.Helper()
	img, err := random.Image(1000, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(w.ref(t, s), img); err != nil {
		t.Fatal(err)
	}
	return img
}

func digestOf(t *testing.T, img v1.Image) string {
	t.Helper()
	d, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}

func (w *world) images(t *testing.T, repository string) []types.ImageDetail {
	t.Helper()
	out, err := w.DescribeImages(t.Context(), &sdk.DescribeImagesInput{RepositoryName: &repository})
	if err != nil {
		t.Fatal(err)
	}
	return out.ImageDetails
}

func TestPushDescribePullDelete(t *testing.T) {
	w := start(t)
	w.create(t, "team/app")
	img := w.push(t, "team/app:1")
	if err := remote.Tag(w.ref(t, "team/app:latest").(name.Tag), img); err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Image(w.ref(t, "team/app@"+digestOf(t, img)))
	if err != nil || digestOf(t, pulled) != digestOf(t, img) {
		t.Fatalf("pulled: %v", err)
	}
	if _, err := pulled.Layers(); err != nil {
		t.Fatal(err)
	}
	got := w.images(t, "team/app")
	manifest, _ := img.Manifest()
	size := manifest.Config.Size
	for _, l := range manifest.Layers {
		size += l.Size
	}
	if len(got) != 1 || strings.Join(got[0].ImageTags, " ") != "1 latest" || aws.ToInt64(got[0].ImageSizeInBytes) != size || got[0].ImagePushedAt == nil {
		t.Fatalf("%+v", got)
	}
	ctx, repository := t.Context(), aws.String("team/app")
	out, err := w.BatchDeleteImage(ctx, &sdk.BatchDeleteImageInput{RepositoryName: repository, ImageIds: []types.ImageIdentifier{{ImageTag: aws.String("latest")}, {ImageTag: aws.String("nope")}}})
	if err != nil || len(out.ImageIds) != 1 || len(out.Failures) != 1 || out.Failures[0].FailureCode != types.ImageFailureCodeImageNotFound {
		t.Fatalf("%+v %v", out, err)
	}
	if got := w.images(t, "team/app"); len(got) != 1 || len(got[0].ImageTags) != 1 {
		t.Fatalf("after the tag: %+v", got)
	}
	if _, err := w.DeleteRepository(ctx, &sdk.DeleteRepositoryInput{RepositoryName: repository}); !errors.As(err, new(*types.RepositoryNotEmptyException)) {
		t.Errorf("%v", err)
	}
	if _, err := w.BatchDeleteImage(ctx, &sdk.BatchDeleteImageInput{RepositoryName: repository, ImageIds: []types.ImageIdentifier{{ImageDigest: aws.String(digestOf(t, img))}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := remote.Image(w.ref(t, "team/app:1")); err == nil {
		t.Error("a deleted image can be pulled")
	}
	before := blobBytes(t, w.dir)
	w.serve(t) // as after a restart
	if after := blobBytes(t, w.dir); after >= before {
		t.Errorf("%d bytes before, %d after the blobs were to be freed", before, after)
	}
	w.push(t, "team/app:2")
}

func blobBytes(t *testing.T, dir string) (n int64) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, "docker/registry/v2/blobs"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			info, err := d.Info()
			n += info.Size()
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestUnknownRepositoryIsNamed(t *testing.T) {
	w := start(t)
	img, _ := random.Image(10, 1)
	err := remote.Write(w.ref(t, "nope:1"), img)
	if err == nil || !strings.Contains(err.Error(), "The repository with name 'nope' does not exist in the registry with id '123456789012'") {
		t.Errorf("%v", err)
	}
	_, err = w.DescribeImages(t.Context(), &sdk.DescribeImagesInput{RepositoryName: aws.String("nope")})
	if !errors.As(err, new(*types.RepositoryNotFoundException)) {
		t.Errorf("%v", err)
	}
}

func TestImmutableTags(t *testing.T) {
	w := start(t)
	w.create(t, "fixed", func(in *sdk.CreateRepositoryInput) { in.ImageTagMutability = types.ImageTagMutabilityImmutable })
	img := w.push(t, "fixed:1")
	if err := remote.Write(w.ref(t, "fixed:1"), img); err != nil {
		t.Errorf("the same image again: %v", err)
	}
	other, _ := random.Image(10, 1)
	if err := remote.Write(w.ref(t, "fixed:1"), other); err == nil || !strings.Contains(err.Error(), "immutable") {
		t.Errorf("%v", err)
	}
	if _, err := w.PutImageTagMutability(t.Context(), &sdk.PutImageTagMutabilityInput{RepositoryName: aws.String("fixed"), ImageTagMutability: types.ImageTagMutabilityMutable}); err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(w.ref(t, "fixed:1"), other); err != nil {
		t.Error(err)
	}
	if got := w.images(t, "fixed"); len(got) != 2 {
		t.Errorf("%+v", got)
	}
}

func TestRetagWithPutImage(t *testing.T) {
	w := start(t)
	w.create(t, "app")
	img := w.push(t, "app:1")
	got, err := w.BatchGetImage(t.Context(), &sdk.BatchGetImageInput{RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{{ImageTag: aws.String("1")}}})
	if err != nil || len(got.Images) != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	in := &sdk.PutImageInput{RepositoryName: aws.String("app"), ImageTag: aws.String("release"), ImageManifest: got.Images[0].ImageManifest}
	if _, err := w.PutImage(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if _, err := w.PutImage(t.Context(), in); !errors.As(err, new(*types.ImageAlreadyExistsException)) {
		t.Errorf("again: %v", err)
	}
	pulled, err := remote.Image(w.ref(t, "app:release"))
	if err != nil || digestOf(t, pulled) != digestOf(t, img) {
		t.Errorf("%v", err)
	}
}

func TestLogin(t *testing.T) {
	w := start(t)
	w.create(t, "app")
	w.push(t, "app:1")
	out, err := w.GetAuthorizationToken(t.Context(), &sdk.GetAuthorizationTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := base64.StdEncoding.DecodeString(aws.ToString(out.AuthorizationData[0].AuthorizationToken))
	user, password, _ := strings.Cut(string(raw), ":")
	for pass, ok := range map[string]bool{password: true, "wrong": false, password + "0": false} {
		_, err := remote.Image(w.ref(t, "app:1"), remote.WithAuth(&authn.Basic{Username: user, Password: pass}))
		if (err == nil) != ok {
			t.Errorf("password of %d bytes: %v", len(pass), err)
		}
	}
}

func TestRefusals(t *testing.T) {
	w := start(t)
	for why, in := range map[string]*sdk.CreateRepositoryInput{
		"name": {RepositoryName: aws.String("UPPER")},
		"scan": {RepositoryName: aws.String("ok"), ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: true}},
		"kms":  {RepositoryName: aws.String("ok"), EncryptionConfiguration: &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeKms}},
	} {
		if _, err := w.CreateRepository(t.Context(), in); !errors.As(err, new(*types.InvalidParameterException)) {
			t.Errorf("%s: %v", why, err)
		}
	}
	w.create(t, "twice")
	if _, err := w.CreateRepository(t.Context(), &sdk.CreateRepositoryInput{RepositoryName: aws.String("twice")}); !errors.As(err, new(*types.RepositoryAlreadyExistsException)) {
		t.Errorf("%v", err)
	}
}

func TestPagesAndTags(t *testing.T) {
	w := start(t)
	for _, n := range []string{"aa", "bb", "cc"} {
		w.create(t, n, func(in *sdk.CreateRepositoryInput) {
			in.Tags = []types.Tag{{Key: aws.String("team"), Value: aws.String(n)}}
		})
	}
	var names []string
	pages := sdk.NewDescribeRepositoriesPaginator(w.Client, &sdk.DescribeRepositoriesInput{MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Repositories {
			names = append(names, aws.ToString(r.RepositoryName))
		}
	}
	if strings.Join(names, " ") != "aa bb cc" {
		t.Errorf("%v", names)
	}
	tags, err := w.ListTagsForResource(t.Context(), &sdk.ListTagsForResourceInput{ResourceArn: aws.String(here.ARN("ecr", "repository/bb"))})
	if err != nil || len(tags.Tags) != 1 || aws.ToString(tags.Tags[0].Value) != "bb" {
		t.Errorf("%+v %v", tags, err)
	}
}

// Archives of every format come in as the image they hold.
func TestImport(t *testing.T) {
	w := start(t)
	w.create(t, "in")
	img, err := random.Image(500, 2)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	docker := filepath.Join(dir, "docker.tar")
	if err := tarball.WriteToFile(docker, w.ref(t, "in:docker"), img); err != nil {
		t.Fatal(err)
	}
	oci := filepath.Join(dir, "oci")
	path, err := layout.Write(oci, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendImage(img); err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(dir, "oci.tar")
	tarDir(t, oci, archive)
	for _, file := range []string{docker, oci, archive} {
		a, err := image.Open(file)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if _, err := a.Push(w.host + "/in:" + strings.TrimSuffix(filepath.Base(file), ".tar")); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		a.Close()
	}
	want, _ := img.ConfigName()
	for _, tag := range []string{"docker", "oci"} {
		got, err := remote.Image(w.ref(t, "in:"+tag))
		if err != nil {
			t.Fatal(err)
		}
		if config, _ := got.ConfigName(); config != want {
			t.Errorf("%s: %s, want %s", tag, config, want)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "text"), []byte("no image"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := image.Open(filepath.Join(dir, "text")); !errors.Is(err, image.ErrFormat) {
		t.Errorf("%v", err)
	}
}

// An archive whose names climb out of it writes nothing outside.
func TestImportOfAClimbingArchive(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	_ = tw.WriteHeader(&tar.Header{Name: "../../escaped", Mode: 0o644, Size: 2, Typeflag: tar.TypeReg})
	_, _ = tw.Write([]byte("no"))
	tw.Close()
	file := filepath.Join(dir, "evil.tar")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := image.Open(file); err == nil {
		t.Error("taken")
	}
	for _, p := range []string{filepath.Join(dir, "escaped"), filepath.Join(filepath.Dir(dir), "escaped"), "/tmp/escaped"} {
		if _, err := os.Stat(p); err == nil {
			t.Errorf("%s was written", p)
		}
	}
}

func TestSkopeo(t *testing.T) {
	skopeo, err := exec.LookPath("skopeo")
	if err != nil || runtime.GOOS != "linux" {
		t.Skip("skopeo is not installed")
	}
	w := start(t)
	w.create(t, "from")
	w.create(t, "to")
	img := w.push(t, "from:1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, skopeo, "copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--insecure-policy", "docker://"+w.host+"/from:1", "docker://"+w.host+"/to:1").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := w.images(t, "to"); len(got) != 1 || aws.ToString(got[0].ImageDigest) != digestOf(t, img) {
		t.Errorf("%+v", got)
	}
}

func tarDir(t *testing.T, dir, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tw := tar.NewWriter(f)
	if err := tw.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	_, _ = f.Seek(0, io.SeekStart)
}
