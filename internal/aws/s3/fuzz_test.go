package s3

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

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

// FuzzDocuments holds that no document breaks the decoder, and that a
// lifecycle that is taken can be told.
func FuzzDocuments(f *testing.F) {
	f.Add("lifecycle", `<LifecycleConfiguration><Rule><ID>a</ID><Filter><And><Prefix>p</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter><Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>`)
	f.Add("lifecycle", `<LifecycleConfiguration><Rule><Expiration><Date>2026-01-01T00:00:00Z</Date></Expiration></Rule></LifecycleConfiguration>`)
	f.Add("lifecycle", `<!DOCTYPE x [<!ENTITY a "b">]><LifecycleConfiguration>&a;</LifecycleConfiguration>`)
	f.Add("delete", `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key><VersionId>v</VersionId></Object><Quiet>true</Quiet></Delete>`)
	f.Add("tagging", "<Tagging>\xff</Tagging>")
	f.Add("cors", strings.Repeat("<a>", 100))
	s, err := New(Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, subresource, body string) {
		for _, method := range []string{http.MethodPut, http.MethodPost} {
			m := s.codec.Message(&http.Request{Method: method, Header: http.Header{}}, "/b", url.Values{subresource: nil})
			if m == nil || !m.Served() {
				continue
			}
			in := reflect.New(s.ops[m.Operation()].in).Interface()
			rules, ok := in.(*sdk.PutBucketLifecycleConfigurationInput)
			if m.Decode(t.Context(), strings.NewReader(body), in) != nil || !ok || rules.LifecycleConfiguration == nil {
				continue
			}
			told := s.codec.Message(&http.Request{Method: http.MethodGet, Header: http.Header{}}, "/b", url.Values{"lifecycle": nil})
			if _, err := told.Encode(&sdk.GetBucketLifecycleConfigurationOutput{Rules: rules.LifecycleConfiguration.Rules}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
