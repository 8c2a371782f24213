package ecr_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/name"
	upstream "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/hatoba/hatoba/internal/aws/ecr"
	"github.com/hatoba/hatoba/internal/image/origin"
	"github.com/hatoba/hatoba/internal/image/source"
	"github.com/hatoba/hatoba/internal/image/transport"
	"github.com/hatoba/hatoba/internal/registry"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store/mem"
)

// there is a registry elsewhere, which wants a login and counts what it is
// asked.
type there struct {
	*httptest.Server
	host  string
	asked atomic.Int32
	mode  atomic.Value // of misbehaviour, a string
}

func elsewhere(t *testing.T, put map[string]remote.Taggable) *there {
	t.Helper()
	content := upstream.New(upstream.Logger(quiet))
	fill := httptest.NewServer(content)
	defer fill.Close()
	for ref, what := range put {
		r, err := name.ParseReference(strings.TrimPrefix(fill.URL, "http://")+"/"+ref, name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		if index, ok := what.(v1.ImageIndex); ok {
			err = remote.WriteIndex(r, index)
		} else {
			err = remote.Write(r, what.(v1.Image))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s := &there{}
	s.mode.Store("")
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if user, password, _ := r.BasicAuth(); user != "me" || password != "token" {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch s.mode.Load() {
		case "limited":
			w.WriteHeader(http.StatusTooManyRequests)
		case "lies":
			rec := httptest.NewRecorder()
			content.ServeHTTP(rec, r)
			if b := rec.Body.Bytes(); r.Method == http.MethodGet && len(b) > 2 && strings.Contains(r.URL.Path, "/blobs/") {
				b[len(b)/2] ^= 1
			}
			for k, v := range rec.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(rec.Code)
			_, _ = w.Write(rec.Body.Bytes())
		default:
			content.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	s.host = strings.TrimPrefix(s.URL, "http://")
	return s
}

type shelf map[string]string

func (s shelf) ResolveRegistryLogin(_ context.Context, _ state.Scope, id string) (secrets.Value, error) {
	if v, ok := s[id]; ok {
		return secrets.NewValue(v), nil
	}
	return secrets.Value{}, fmt.Errorf("no secret %s", id)
}

const login = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub-AbCdEf"

func caching(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), store: mem.New()}
	h.start(func(c *registry.Config) {
		kept := shelf{login: `{"username":"me","accessToken":"token"}`}
		c.Origins = &origin.Origins{
			Rules: ecr.Catalog{Store: h.store}, Secrets: kept, Listen: "127.0.0.1:1",
			Sources: source.New(source.Config{Listen: "127.0.0.1:1", Given: kept}), Transports: &transport.Set{CertsDir: t.TempDir()},
		}
	})
	return h
}

func (h *house) rule(prefix, host, upstreamPrefix string) {
	h.t.Helper()
	in := &sdk.CreatePullThroughCacheRuleInput{EcrRepositoryPrefix: aws.String(prefix), UpstreamRegistryUrl: aws.String(host), CredentialArn: aws.String(login)}
	if upstreamPrefix != "" {
		in.UpstreamRepositoryPrefix = aws.String(upstreamPrefix)
	}
	if _, err := h.CreatePullThroughCacheRule(h.t.Context(), in); err != nil {
		h.t.Fatal(err)
	}
}

func TestPullThroughCache(t *testing.T) {
	image, _ := random.Image(50_000, 3)
	other, _ := random.Image(50_000, 2)
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: other, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}})
	s := elsewhere(t, map[string]remote.Taggable{"team/app:1": image, "multi:1": index, "base/deep/app:2": image})
	h := caching(t)
	h.rule("hub", s.host, "")
	h.rule("hub/deep", s.host, "base/deep")
	check := func(ref string, options ...remote.Option) {
		t.Helper()
		got, err := remote.Image(h.ref(ref), options...)
		if err != nil {
			t.Fatalf("%s: %v", ref, err)
		}
		if err := validate.Image(got); err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
	amd := remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "amd64"})
	check("hub/team/app:1")
	check("hub/multi:1", amd)
	check("hub/deep/app:2")
	if got := h.listed("hub/team/app"); !strings.HasPrefix(got, "1@") {
		t.Errorf("listed: %s", got)
	}
	before := s.asked.Load()
	check("hub/team/app:1")
	if n := s.asked.Load() - before; n != 0 {
		t.Errorf("the upstream was asked %d times for what is here and fresh", n)
	}
	_, err := remote.Get(h.ref("hub/team/none:1"))
	if err == nil || !strings.Contains(err.Error(), "MANIFEST_UNKNOWN") {
		t.Errorf("what nobody has: %v", err)
	}
	if _, err := remote.Get(h.ref("own/app:1")); err == nil || !strings.Contains(err.Error(), "NAME_UNKNOWN") {
		t.Errorf("no rule: %v", err)
	}
	s.Close() // from here on there is no upstream, and after a restart nothing in memory
	h.registry = nil
	caching2 := func(c *registry.Config) {
		kept := shelf{login: `{"username":"me","accessToken":"token"}`}
		c.Origins = &origin.Origins{Rules: ecr.Catalog{Store: h.store}, Secrets: kept, Listen: "127.0.0.1:1",
			Sources: source.New(source.Config{Listen: "127.0.0.1:1", Given: kept}), Transports: &transport.Set{CertsDir: t.TempDir()}}
	}
	h.start(caching2)
	check("hub/team/app:1")
	check("hub/multi:1", amd)
	if _, err := h.DeletePullThroughCacheRule(t.Context(), &sdk.DeletePullThroughCacheRuleInput{EcrRepositoryPrefix: aws.String("hub")}); err != nil {
		t.Error(err)
	}
	check("hub/team/app:1")
}

// An upstream that lies, limits or refuses leaves nothing wrong behind.
func TestPullThroughCacheOfABadUpstream(t *testing.T) {
	image, _ := random.Image(50_000, 2)
	s := elsewhere(t, map[string]remote.Taggable{"app:1": image})
	h := caching(t)
	h.rule("hub", s.host, "")
	s.mode.Store("limited")
	if _, err := remote.Get(h.ref("hub/app:1"), remote.WithRetryBackoff(remote.Backoff{Steps: 1, Duration: time.Millisecond})); err == nil || !strings.Contains(err.Error(), "TOOMANYREQUESTS") {
		t.Errorf("limited: %v", err)
	}
	s.mode.Store("lies")
	if got, err := remote.Image(h.ref("hub/app:1"), remote.WithRetryBackoff(remote.Backoff{Steps: 1, Duration: time.Millisecond})); err == nil {
		err = validate.Image(got)
		if err == nil {
			t.Error("a blob that is not what its digest says was served")
		}
	}
	s.mode.Store("")
	got, err := remote.Image(h.ref("hub/app:1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(got); err != nil {
		t.Errorf("after it has mended: %v", err)
	}
}

func TestPullThroughCacheRules(t *testing.T) {
	h := open(t)
	create := func(prefix, host string) error {
		_, err := h.CreatePullThroughCacheRule(t.Context(), &sdk.CreatePullThroughCacheRuleInput{EcrRepositoryPrefix: aws.String(prefix), UpstreamRegistryUrl: aws.String(host)})
		return err
	}
	for _, prefix := range []string{"docker-hub", "quay", "ROOT"} {
		if err := create(prefix, "quay.io"); err != nil {
			t.Errorf("%s: %v", prefix, err)
		}
	}
	wantFailure(t, create("quay", "quay.io"), "PullThroughCacheRuleAlreadyExistsException: A pull through cache rule with repository prefix 'quay' already exists in the registry with id '123456789012'")
	for _, bad := range [][2]string{{"UPPER", "quay.io"}, {"x", "quay.io"}, {"../up", "quay.io"}, {"fine", "not a host"}, {"fine", "quay.io/path"}, {"fine", ""}} {
		if err := create(bad[0], bad[1]); err == nil {
			t.Errorf("%v passes", bad)
		}
	}
	out, err := h.DescribePullThroughCacheRules(t.Context(), &sdk.DescribePullThroughCacheRulesInput{})
	if err != nil || len(out.PullThroughCacheRules) != 3 || *out.PullThroughCacheRules[1].UpstreamRepositoryPrefix != "ROOT" {
		t.Errorf("%+v, %v", out, err)
	}
	first, err := h.DescribePullThroughCacheRules(t.Context(), &sdk.DescribePullThroughCacheRulesInput{MaxResults: aws.Int32(2)})
	if err != nil || len(first.PullThroughCacheRules) != 2 || first.NextToken == nil {
		t.Fatalf("%+v, %v", first, err)
	}
	rest, err := h.DescribePullThroughCacheRules(t.Context(), &sdk.DescribePullThroughCacheRulesInput{NextToken: first.NextToken})
	if err != nil || len(rest.PullThroughCacheRules) != 1 || rest.NextToken != nil || *rest.PullThroughCacheRules[0].EcrRepositoryPrefix != *out.PullThroughCacheRules[2].EcrRepositoryPrefix {
		t.Errorf("%+v, %v", rest, err)
	}
	_, err = h.DescribePullThroughCacheRules(t.Context(), &sdk.DescribePullThroughCacheRulesInput{EcrRepositoryPrefixes: []string{"none"}})
	wantFailure(t, err, "PullThroughCacheRuleNotFoundException: No pull through cache rule with repository prefix 'none' exists in the registry with id '123456789012'")
	c := ecr.Catalog{Store: h.store}
	for repository, want := range map[string]string{"quay/team/app": "quay team/app", "quayside/app": "ROOT quayside/app", "docker-hub/library/nginx": "docker-hub library/nginx"} {
		rule, name, ok, err := c.Rule(t.Context(), testScope, repository)
		if got := rule.Prefix + " " + name; !ok || err != nil || got != want {
			t.Errorf("%s: %s, %v", repository, got, err)
		}
	}
}

var quiet = log.New(io.Discard, "", 0)
