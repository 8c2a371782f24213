package ecr_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/crane"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/hatoba/hatoba/internal/registry"
	"github.com/hatoba/hatoba/internal/state"
)

func TestPushAndPull(t *testing.T) {
	h := open(t)
	h.create("team/app")
	image, err := random.Image(4096, 3)
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	if err := h.push("team/app:1", image); err != nil {
		t.Fatal(err)
	}
	got, err := remote.Image(h.ref("team/app:1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(got); err != nil {
		t.Error(err)
	}
	want, _ := image.Digest()
	out, err := h.DescribeImages(t.Context(), &sdk.DescribeImagesInput{RepositoryName: aws.String("team/app")})
	if err != nil || len(out.ImageDetails) != 1 {
		t.Fatalf("%v, %v", out, err)
	}
	d := out.ImageDetails[0]
	manifest, _ := image.Manifest()
	size := manifest.Config.Size
	for _, l := range manifest.Layers {
		size += l.Size
	}
	if *d.ImageDigest != want.String() || !slices.Equal(d.ImageTags, []string{"1"}) || *d.ImageSizeInBytes != size ||
		*d.ImageManifestMediaType != string(manifest.MediaType) || *d.ArtifactMediaType != string(manifest.Config.MediaType) ||
		d.ImagePushedAt.Before(before.Add(-time.Second)) || *d.RegistryId != testScope.Account {
		t.Errorf("%+v", d)
	}
}

func TestCrane(t *testing.T) {
	h := open(t)
	h.create("app", "copy")
	image := picture(t, "by crane")
	if err := crane.Push(image, h.host+"/app:1", crane.Insecure); err != nil {
		t.Fatal(err)
	}
	if err := crane.Tag(h.host+"/app:1", "2", crane.Insecure); err != nil {
		t.Error(err)
	}
	if err := crane.Copy(h.host+"/app:1", h.host+"/copy:1", crane.Insecure); err != nil {
		t.Error(err)
	}
	tags, err := crane.ListTags(h.host+"/app", crane.Insecure)
	if err != nil || !slices.Equal(tags, []string{"1", "2"}) {
		t.Errorf("%v, %v", tags, err)
	}
	names, err := crane.Catalog(h.host, crane.Insecure)
	if err != nil || !slices.Equal(names, []string{"app", "copy"}) {
		t.Errorf("%v, %v", names, err)
	}
	if err := crane.Delete(h.host+"/app:1", crane.Insecure); err == nil || !strings.Contains(err.Error(), "batch-delete-image") {
		t.Errorf("a delete by the registry's API: %v", err)
	}
}

func TestPushNeedsTheRepository(t *testing.T) {
	h := open(t)
	err := h.push("app:1", picture(t, "x"))
	if want := "The repository with name 'app' does not exist in the registry with id '123456789012'"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v", err)
	}
	h = open(t, func(c *registry.Config) { c.CreateOnPush = true })
	if err := h.push("new/app:1", picture(t, "x")); err != nil {
		t.Error(err)
	}
	out, err := h.DescribeRepositories(t.Context(), &sdk.DescribeRepositoriesInput{RepositoryNames: []string{"new/app"}})
	if err != nil || *out.Repositories[0].RepositoryUri != "123456789012.dkr.ecr.us-east-1.amazonaws.com/new/app" {
		t.Errorf("%v, %v", out, err)
	}
}

// One repository under all its names, and others' under theirs.
func TestHostNamesAndScopes(t *testing.T) {
	h := open(t)
	h.create("app")
	dgst := h.pushed("app:1", "ours")
	other := state.Scope{Account: "999999999999", Region: "eu-west-1"}
	if _, err := h.client(other).CreateRepository(t.Context(), &sdk.CreateRepositoryInput{RepositoryName: aws.String("app")}); err != nil {
		t.Fatal(err)
	}
	theirs := h.pushed("999999999999/eu-west-1/app:1", "theirs")
	for _, test := range []struct{ host, path, want string }{
		{h.host, "app", dgst},
		{"localhost:4566", "app", dgst},
		{"123456789012.dkr.ecr.us-east-1.amazonaws.com", "app", dgst},
		{"123456789012.dkr.ecr.us-east-1.amazonaws.com:4566", "app", dgst},
		{h.host, "123456789012/us-east-1/app", dgst},
		{"999999999999.dkr.ecr.eu-west-1.amazonaws.com", "app", theirs},
		{h.host, "999999999999/eu-west-1/app", theirs},
		{"999999999999.dkr.ecr.us-east-1.amazonaws.com", "app", ""},
	} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodHead, "http://"+h.host+"/v2/"+test.path+"/manifests/1", nil)
		req.Host = test.host
		req.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json")
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if got := answer.Header.Get("Docker-Content-Digest"); got != test.want {
			t.Errorf("%s/%s: %d %q, want %q", test.host, test.path, answer.StatusCode, got, test.want)
		}
	}
	_, err := h.CreateRepository(t.Context(), &sdk.CreateRepositoryInput{RepositoryName: aws.String("999999999999/eu-west-1/app")})
	if err == nil {
		t.Error("a name that means another account's repository was given")
	}
}

func TestImmutableTags(t *testing.T) {
	h := open(t)
	_, err := h.CreateRepository(t.Context(), &sdk.CreateRepositoryInput{RepositoryName: aws.String("app"), ImageTagMutability: types.ImageTagMutabilityImmutable})
	if err != nil {
		t.Fatal(err)
	}
	first := h.pushed("app:1", "first")
	if err := h.push("app:1", picture(t, "first")); err != nil {
		t.Errorf("the same image again: %v", err)
	}
	err = h.push("app:1", picture(t, "second"))
	if err == nil || !strings.Contains(err.Error(), "TAG_INVALID: The image tag '1' already exists in the 'app' repository and cannot be overwritten because the tag is immutable.") {
		t.Errorf("%v", err)
	}
	if got, want := h.listed("app"), "1@"+short(first); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if _, err := h.PutImageTagMutability(t.Context(), &sdk.PutImageTagMutabilityInput{RepositoryName: aws.String("app"), ImageTagMutability: types.ImageTagMutabilityMutable}); err != nil {
		t.Fatal(err)
	}
	second := h.pushed("app:1", "second")
	if got := h.listed("app"); !strings.Contains(got, "1@"+short(second)) || strings.Contains(got, "1@"+short(first)) {
		t.Error(got)
	}
}

// Of many who push one immutable tag at once, one is first.
func TestImmutableTagsRace(t *testing.T) {
	h := open(t)
	_, err := h.CreateRepository(t.Context(), &sdk.CreateRepositoryInput{RepositoryName: aws.String("app"), ImageTagMutability: types.ImageTagMutabilityImmutable})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for i := range 8 {
		image := picture(t, fmt.Sprint(i))
		wg.Go(func() {
			if h.push("app:1", image) == nil {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d pushes of one immutable tag were taken", won)
	}
}

// Pushes, deletions and collections at once harm nobody.
func TestConcurrentPushesAndCollections(t *testing.T) {
	h := open(t)
	h.create("app")
	var wg sync.WaitGroup
	for i := range 6 {
		image := picture(t, fmt.Sprint("image ", i%3)) // some push the same
		gone := picture(t, fmt.Sprint("gone ", i))
		wg.Go(func() {
			if err := h.push(fmt.Sprintf("app:%d", i), image); err != nil {
				t.Errorf("push %d: %v", i, err)
			}
			if err := h.push(fmt.Sprintf("app:gone-%d", i), gone); err != nil {
				t.Errorf("push %d: %v", i, err)
			}
			_, err := h.BatchDeleteImage(t.Context(), &sdk.BatchDeleteImageInput{RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{tag(fmt.Sprintf("gone-%d", i))}})
			if err != nil {
				t.Errorf("delete %d: %v", i, err)
			}
			if _, err := h.registry.Collect(t.Context()); err != nil {
				t.Errorf("collect: %v", err)
			}
		})
	}
	wg.Wait()
	for i := range 6 {
		got, err := remote.Image(h.ref(fmt.Sprintf("app:%d", i)))
		if err == nil {
			err = validate.Image(got)
		}
		if err != nil {
			t.Errorf("pull %d: %v", i, err)
		}
	}
	if n := len(strings.Fields(h.listed("app"))); n != 6 {
		t.Errorf("%d tags", n)
	}
}

// An index keeps its images, and is as large as the largest.
func TestIndex(t *testing.T) {
	h := open(t)
	h.create("app")
	amd, arm := picture(t, "amd64"), picture(t, "arm64 is longer")
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: amd}, mutate.IndexAddendum{Add: arm})
	if err := remote.WriteIndex(h.ref("app:multi"), index); err != nil {
		t.Fatal(err)
	}
	whole, _ := index.Digest()
	child, _ := arm.Digest()
	out, err := h.DescribeImages(t.Context(), &sdk.DescribeImagesInput{RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{tag("multi"), digest(child.String())}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := *out.ImageDetails[0].ImageSizeInBytes, *out.ImageDetails[1].ImageSizeInBytes; got != want {
		t.Errorf("the index's size is %d, its largest image's %d", got, want)
	}
	deleted, err := h.BatchDeleteImage(t.Context(), &sdk.BatchDeleteImageInput{RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{digest(child.String())}})
	if err != nil || len(deleted.Failures) != 1 || deleted.Failures[0].FailureCode != types.ImageFailureCodeImageReferencedByManifestList {
		t.Errorf("%+v, %v", deleted, err)
	}
	deleted, err = h.BatchDeleteImage(t.Context(), &sdk.BatchDeleteImageInput{RepositoryName: aws.String("app"), ImageIds: []types.ImageIdentifier{digest(child.String()), digest(whole.String())}})
	if err != nil || len(deleted.Failures) != 0 || len(deleted.ImageIds) != 2 {
		t.Errorf("%+v, %v", deleted, err)
	}
}

// password takes a token apart as aws ecr get-login-password does.
func password(t *testing.T, token string) string {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(token)
	if err != nil || !strings.HasPrefix(string(text), "AWS:") {
		t.Fatalf("token %q: %v", text, err)
	}
	return strings.TrimPrefix(string(text), "AWS:")
}

func TestLogin(t *testing.T) {
	h := open(t)
	h.create("app")
	out, err := h.GetAuthorizationToken(t.Context(), &sdk.GetAuthorizationTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	data := out.AuthorizationData[0]
	if *data.ProxyEndpoint != "https://123456789012.dkr.ecr.us-east-1.amazonaws.com" || time.Until(*data.ExpiresAt) < 11*time.Hour {
		t.Errorf("%+v", data)
	}
	good := &authn.Basic{Username: "AWS", Password: password(t, *data.AuthorizationToken)}
	if err := remote.Write(h.ref("app:1"), picture(t, "x"), remote.WithAuth(good)); err != nil {
		t.Error(err)
	}
	foreign, err := h.client(state.Scope{Account: "999999999999", Region: "us-east-1"}).GetAuthorizationToken(t.Context(), &sdk.GetAuthorizationTokenInput{})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		auth   authn.Basic
		status int
	}{
		"good":              {*good, http.StatusOK},
		"another user":      {authn.Basic{Username: "me", Password: good.Password}, http.StatusUnauthorized},
		"wrong":             {authn.Basic{Username: "AWS", Password: "guess"}, http.StatusUnauthorized},
		"tampered":          {authn.Basic{Username: "AWS", Password: strings.Replace(good.Password, ".", ".9", 1)}, http.StatusUnauthorized},
		"expired":           {authn.Basic{Username: "AWS", Password: h.registry.Token(testScope.Account, time.Now().Add(-time.Second))}, http.StatusUnauthorized},
		"another account's": {authn.Basic{Username: "AWS", Password: password(t, *foreign.AuthorizationData[0].AuthorizationToken)}, http.StatusForbidden},
	} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+h.host+"/v2/app/tags/list", nil)
		req.SetBasicAuth(test.auth.Username, test.auth.Password)
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != test.status {
			t.Errorf("%s: %s", name, answer.Status)
		}
	}
	// Where anybody is let in a wrong password is not, though clients first ask
	// without one whether they need it.
	if err := remote.Write(h.ref("app:2"), picture(t, "x"), remote.WithAuth(&authn.Basic{Username: "AWS", Password: "guess"})); err == nil {
		t.Error("a wrong password pushes")
	}
	if err := h.push("app:2", picture(t, "x")); err != nil {
		t.Errorf("without a password: %v", err)
	}
	node := &authn.Basic{Username: "AWS", Password: h.registry.Token(registry.Node, time.Now().Add(time.Minute))}
	if _, err := remote.Image(h.ref("app:2"), remote.WithAuth(node)); err != nil {
		t.Errorf("a node does not pull: %v", err)
	}
	if err := remote.Write(h.ref("app:3"), picture(t, "y"), remote.WithAuth(node)); err == nil {
		t.Error("a node pushes")
	}
	h = open(t, func(c *registry.Config) { c.RequireAuth = true })
	h.create("app")
	if _, err := remote.Image(h.ref("app:1"), remote.WithAuth(&authn.Bearer{Token: h.registry.Token("anybody", time.Now().Add(time.Minute))})); err == nil {
		t.Error("anybody pulls where a password is demanded")
	}
	if err := h.push("app:1", picture(t, "x")); err == nil {
		t.Error("a push without a token was taken")
	}
}
