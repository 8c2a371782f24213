package s3

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/objects"
)

// FuzzAddress holds that a key is what the path says, and that a bucket read
// from a host name is never S3's own name.
func FuzzAddress(f *testing.F) {
	f.Add("localhost:4566", "/bucket/a/../b")
	f.Add("b.s3.us-east-1.localhost", "/k")
	f.Add("s3.amazonaws.com.", "//k")
	f.Add("host.hatoba.internal", "/")
	f.Fuzz(func(t *testing.T, host, path string) {
		r := &http.Request{Method: "GET", Host: host, URL: &url.URL{Path: path}, Header: http.Header{}}
		at := readAddress(r, []string{"localhost", "hatoba.internal", "host.hatoba.internal"})
		whole := strings.TrimPrefix(path, "/")
		if at.key != whole && at.bucket+"/"+at.key != whole && at.bucket != whole {
			t.Fatalf("%q of %q is %+v", path, host, at)
		}
		_ = Claims(r)
	})
}

// FuzzRange holds that what is taken is inside the object.
func FuzzRange(f *testing.F) {
	f.Add("bytes=0-1", int64(10))
	f.Add("bytes=-5", int64(0))
	f.Add("bytes=9223372036854775807-", int64(3))
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		at, _, err := wanted(objects.Version{Size: size}, &header, nil)
		if err == nil && (at.begin < 0 || at.length < 0 || at.begin+at.length > size) {
			t.Fatalf("%q of %d bytes: %+v", header, size, at)
		}
	})
}

// FuzzCopySource holds that a source has a bucket and a key, or is refused.
func FuzzCopySource(f *testing.F) {
	f.Add("b/k?versionId=v")
	f.Add("/b/%2e%2e/k")
	f.Add("arn:aws:s3:::b/k")
	f.Fuzz(func(t *testing.T, text string) {
		src, err := readSource(&text)
		if err == nil && (src.bucket == "" || src.key == "" || strings.Contains(src.bucket, "/")) {
			t.Fatalf("%q: %+v", text, src)
		}
	})
}

// FuzzTags holds that a header's tags keep S3's bounds.
func FuzzTags(f *testing.F) {
	f.Add("a=1&b=2")
	f.Add("a=1&a=2")
	f.Add("%zz&;")
	f.Fuzz(func(t *testing.T, text string) {
		tags, err := headerTags(&text)
		if err == nil && len(tags) > maxObjectTags {
			t.Fatal(tags)
		}
	})
}
