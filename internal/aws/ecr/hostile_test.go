package ecr_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/hatoba/hatoba/internal/state"
)

// say sends a request as it is written: no client cleans the path.
func (h *house) say(method, path, contentType string, body []byte) (status int, answer string, header http.Header) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, "http://"+h.host, bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.URL.Opaque = "//" + h.host + path
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		h.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), resp.Header
}

func sumOf(b []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(b)) }

// upload sends a blob and claims a digest for it.
func (h *house) upload(repository string, blob []byte, digest string) (int, string) {
	h.t.Helper()
	status, body, header := h.say("POST", "/v2/"+repository+"/blobs/uploads/", "", nil)
	if status != http.StatusAccepted {
		h.t.Fatalf("%d %s", status, body)
	}
	at := strings.TrimPrefix(header.Get("Location"), "http://"+h.host)
	joint := "?"
	if strings.Contains(at, "?") {
		joint = "&"
	}
	status, body, _ = h.say("PUT", at+joint+"digest="+digest, "application/octet-stream", blob)
	return status, body
}

const ociManifest = "application/vnd.oci.image.manifest.v1+json"

func manifestOf(config, layer string, configSize, layerSize int64, extra string) []byte {
	return fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":%d},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":%q,"size":%d%s}]}`,
		ociManifest, config, configSize, layer, layerSize, extra)
}

// Clients that lie about digests and sizes are refused, and what they said is
// not in the registry.
func TestLyingClients(t *testing.T) {
	h := open(t)
	h.create("app")
	blob, config := []byte("some layer"), []byte("{}")
	for _, digest := range []string{sumOf([]byte("another")), "sha256:../../../../etc/passwd", "sha256:", "nonsense", "sha256:" + strings.Repeat("A", 64), "md5:d41d8cd98f00b204e9800998ecf8427e"} {
		if status, body := h.upload("app", blob, digest); status != http.StatusBadRequest || !strings.Contains(body, "DIGEST_INVALID") {
			t.Errorf("digest %s: %d %s", digest, status, body)
		}
	}
	if status, _, _ := h.say("HEAD", "/v2/app/blobs/"+sumOf(blob), "", nil); status != http.StatusNotFound {
		t.Errorf("a blob under a wrong digest was kept: %d", status)
	}
	for _, b := range [][]byte{blob, config} {
		if status, body := h.upload("app", b, sumOf(b)); status != http.StatusCreated {
			t.Fatalf("%d %s", status, body)
		}
	}
	c, l := sumOf(config), sumOf(blob)
	for what, manifest := range map[string][]byte{
		"layer too long":   manifestOf(c, l, 2, 1<<40, ""),
		"layer negative":   manifestOf(c, l, 2, -5, ""),
		"config too short": manifestOf(c, l, 1, 10, ""),
		"missing layer":    manifestOf(c, sumOf([]byte("none")), 2, 10, ""),
		"path for digest":  manifestOf(c, "../../../etc/passwd", 2, 10, ""),
		"foreign layer":    manifestOf(c, sumOf([]byte("none")), 2, 10, `,"urls":["http://169.254.169.254/latest"]`),
		"local layer":      manifestOf(c, sumOf([]byte("none")), 2, 10, `,"urls":["file:///etc/passwd"]`),
		"deep":             []byte(strings.Repeat(`{"layers":[`, 200_000)),
		"no object":        []byte(`[]`),
		"empty":            nil,
		"bad text":         []byte("\xff\xfe{}"),
	} {
		if status, body, _ := h.say("PUT", "/v2/app/manifests/1", ociManifest, manifest); status < 400 || status >= 500 {
			t.Errorf("%s: %d %s", what, status, body)
		}
		if _, err := h.PutImage(t.Context(), &sdk.PutImageInput{RepositoryName: aws.String("app"), ImageManifest: aws.String(strings.ToValidUTF8(string(manifest), "?")), ImageManifestMediaType: aws.String(ociManifest)}); err == nil {
			t.Errorf("PutImage: %s passes", what)
		}
	}
	good := manifestOf(c, l, 2, 10, "")
	if status, body, _ := h.say("PUT", "/v2/app/manifests/"+sumOf([]byte("another")), ociManifest, good); status != http.StatusBadRequest {
		t.Errorf("a manifest under another's digest: %d %s", status, body)
	}
	if got := h.listed("app"); got != "" {
		t.Errorf("listed: %s", got)
	}
	if status, body, _ := h.say("PUT", "/v2/app/manifests/1", ociManifest, good); status != http.StatusCreated {
		t.Errorf("an honest one: %d %s", status, body)
	}
}

// Names that are paths lead nowhere.
func TestNamesThatArePaths(t *testing.T) {
	h := open(t)
	h.create("app")
	outside := map[string]bool{}
	list := func(into map[string]bool) {
		_ = filepath.WalkDir(filepath.Dir(h.dir), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !strings.HasPrefix(path, h.dir+string(os.PathSeparator)) {
				into[path] = true
			}
			return nil
		})
	}
	list(outside)
	for _, name := range []string{"..", "../app", "app/../../x", "%2e%2e/%2e%2e/x", "/etc", "app//x", ".", "app/.", "_uploads", "app/_manifests", "APP", "a\x00b", strings.Repeat("a/", 300) + "a"} {
		name = strings.ReplaceAll(name, "\x00", "%00")
		for _, ask := range []struct{ method, rest string }{
			{"POST", "/blobs/uploads/"}, {"PUT", "/manifests/1"}, {"GET", "/manifests/../../../x"}, {"PUT", "/blobs/uploads/../../../../x?digest=" + sumOf(nil)},
			{"PATCH", "/blobs/uploads/%2e%2e%2f%2e%2e"}, {"GET", "/blobs/sha256:..%2f..%2fx"}, {"GET", "/tags/list"},
		} {
			if status, body, _ := h.say(ask.method, "/v2/"+name+ask.rest, ociManifest, []byte("{}")); status < 300 || status >= 500 {
				t.Errorf("%s %s%s: %d %s", ask.method, name, ask.rest, status, body)
			}
		}
	}
	after := map[string]bool{}
	list(after)
	if len(after) != len(outside) {
		t.Errorf("something was written outside: %v", after)
	}
}

// A blob is mounted from a repository of the same account only.
func TestMountsStayInTheAccount(t *testing.T) {
	h := open(t)
	h.create("app", "mine")
	theirs := h.client(state.Scope{Account: "999999999999", Region: "us-east-1"})
	if _, err := theirs.CreateRepository(t.Context(), &sdk.CreateRepositoryInput{RepositoryName: aws.String("secret")}); err != nil {
		t.Fatal(err)
	}
	blob := []byte("theirs alone")
	if status, body := h.upload("999999999999/us-east-1/secret", blob, sumOf(blob)); status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	for _, from := range []string{"999999999999/us-east-1/secret", "../../999999999999/us-east-1/secret", "none", "secret", ""} {
		if status, body, _ := h.say("POST", "/v2/app/blobs/uploads/?mount="+sumOf(blob)+"&from="+from, "", nil); status != http.StatusAccepted {
			t.Errorf("from %q: %d %s", from, status, body)
		}
		if status, _, _ := h.say("GET", "/v2/app/blobs/"+sumOf(blob), "", nil); status != http.StatusNotFound {
			t.Errorf("from %q: the blob is here", from)
		}
	}
	own := []byte("mine")
	h.upload("mine", own, sumOf(own))
	if status, body, _ := h.say("POST", "/v2/app/blobs/uploads/?mount="+sumOf(own)+"&from=mine", "", nil); status != http.StatusCreated {
		t.Errorf("from my own: %d %s", status, body)
	}
}
