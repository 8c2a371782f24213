package wire_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/hatoba/hatoba/internal/wire"
)

// s3Codec serves some operations of S3 without handlers.
func s3Codec(t testing.TB) *wire.Codec {
	t.Helper()
	of := func(name string, in, out any) wire.Operation {
		return wire.Operation{Name: name, Input: reflect.TypeOf(in), Output: reflect.TypeOf(out)}
	}
	c, err := wire.NewCodec(wire.Service{Name: "s3", Protocol: wire.RestXML, Bindings: bindings("s3"), Operations: []wire.Operation{
		of("PutObject", s3.PutObjectInput{}, s3.PutObjectOutput{}), of("GetObject", s3.GetObjectInput{}, s3.GetObjectOutput{}),
		of("CopyObject", s3.CopyObjectInput{}, s3.CopyObjectOutput{}), of("DeleteBucket", s3.DeleteBucketInput{}, s3.DeleteBucketOutput{}),
		of("CreateBucket", s3.CreateBucketInput{}, s3.CreateBucketOutput{}), of("DeleteObjects", s3.DeleteObjectsInput{}, s3.DeleteObjectsOutput{}),
		of("ListObjectsV2", s3.ListObjectsV2Input{}, s3.ListObjectsV2Output{}), of("UploadPart", s3.UploadPartInput{}, s3.UploadPartOutput{}),
		of("ListBuckets", s3.ListBucketsInput{}, s3.ListBucketsOutput{}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func message(t testing.TB, c *wire.Codec, request string, headers ...string) *wire.Message {
	t.Helper()
	method, target, _ := strings.Cut(request, " ")
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	r := &http.Request{Method: method, URL: u, Header: http.Header{}}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	return c.Message(r, u.EscapedPath(), u.Query())
}

// A request is for the operation that asks most of it, served or not, and
// never for one that does not know what it names.
func TestRoutes(t *testing.T) {
	c := s3Codec(t)
	for _, route := range []struct{ request, header, operation string }{
		{"PUT /b/k", "", "PutObject"},
		{"PUT /b/k/", "", "PutObject"},
		{"PUT /b/k", "X-Amz-Copy-Source: b/k", "CopyObject"},
		{"PUT /b/k?partNumber=1&uploadId=u", "", "UploadPart"},
		{"PUT /b/k?partNumber=1&uploadId=u", "X-Amz-Copy-Source: b/k", "UploadPartCopy"},
		{"PUT /b/k?uploadId=u", "", ""},
		{"PUT /b/k?retention", "", "PutObjectRetention"},
		{"GET /b/k?partNumber=1", "", "GetObject"},
		{"GET /b/k?some=thing", "", "GetObject"},
		{"PUT /b", "", "CreateBucket"},
		{"PUT /b/", "", "CreateBucket"},
		{"PUT /b?analytics", "", ""},
		{"DELETE /b", "", "DeleteBucket"},
		{"DELETE /b?inventory", "", ""},
		{"DELETE /b?inventory&id=i", "", "DeleteBucketInventoryConfiguration"},
		{"GET /b?list-type=2", "", "ListObjectsV2"},
		{"GET /b?list-type=3", "", ""},
		{"GET /b?analytics&x-id=ListBucketAnalyticsConfigurations", "", "ListBucketAnalyticsConfigurations"},
		{"GET /", "", "ListBuckets"},
		{"PATCH /b", "", ""},
	} {
		got := ""
		if m := message(t, c, route.request, route.header); m != nil {
			got = m.Operation()
		}
		if got != route.operation {
			t.Errorf("%s %s is %q, not %q", route.request, route.header, got, route.operation)
		}
	}
	if message(t, c, "DELETE /b?inventory&id=i").Served() || !message(t, c, "DELETE /b").Served() {
		t.Error("what is served is told wrongly")
	}
}

// endless fails who reads it.
type endless struct{ t *testing.T }

func (e endless) Read([]byte) (int, error) { e.t.Error("the stream was read"); return 0, io.EOF }
func (e endless) Close() error             { return nil }

func TestCodecHandsStreamsThrough(t *testing.T) {
	c := s3Codec(t)
	var in s3.PutObjectInput
	m := message(t, c, "PUT /b/a%2Fb", "X-Amz-Meta-Colour: Blue")
	if err := m.Decode(t.Context(), endless{t}, &in); err != nil || !m.Streams() || *in.Key != "a/b" || in.Metadata["colour"] != "Blue" {
		t.Fatalf("%+v, %v", in, err)
	}
	if _, ok := in.Body.(endless); !ok {
		t.Errorf("the body is a %T", in.Body)
	}
	const colour = "x-amz-meta-colour"
	a, err := message(t, c, "GET /b/k").Encode(&s3.GetObjectOutput{Body: endless{t}, Metadata: map[string]string{"colour": "Blue"}, ContentRange: aws.String("")})
	if err != nil || a.Stream == nil || len(a.Body) > 0 || a.Header[colour][0] != "Blue" { //nolint:staticcheck // S3 does not write it in the canonical form
		t.Errorf("%+v, %v", a, err)
	}
	if _, there := a.Header["Content-Range"]; there {
		t.Error("an empty header is written")
	}
}

func TestCodecNamesWhatIsWrong(t *testing.T) {
	c := s3Codec(t)
	wrong := func(in any, body, request string, headers ...string) *wire.InputError {
		t.Helper()
		var bad *wire.InputError
		if err := message(t, c, request, headers...).Decode(t.Context(), strings.NewReader(body), in); !errors.As(err, &bad) {
			t.Fatalf("%s %q: %v", request, body, err)
		}
		return bad
	}
	if bad := wrong(&s3.ListObjectsV2Input{}, "", "GET /b?list-type=2&max-keys=many"); bad.Document || bad.Name != "max-keys" {
		t.Errorf("%+v", bad)
	}
	if bad := wrong(&s3.CopyObjectInput{}, "", "PUT /b/k", "X-Amz-Copy-Source: b/k", "X-Amz-Copy-Source-If-Modified-Since: soon"); bad.Document || bad.Name != "x-amz-copy-source-if-modified-since" {
		t.Errorf("%+v", bad)
	}
	for document, reason := range map[string]string{
		"<Delete><Objekt/></Delete>":                        `unknown element "Objekt" in "Delete"`,
		"<Delete><Quiet>true</Quiet><Quiet/></Delete>":      `element "Quiet" twice`,
		"<Delete><Object><Key><a/></Key></Object></Delete>": "Start of structure",
		"<Remove/>":                             `the document is a "Remove"`,
		"<Delete>":                              "malformed XML",
		"<Delete/><Delete/>":                    "one root element",
		"<Delete>" + strings.Repeat(" ", 5<<20): "larger than",
	} {
		if bad := wrong(&s3.DeleteObjectsInput{}, document, "POST /b?delete"); !bad.Document || !strings.Contains(bad.Reason, reason) {
			t.Errorf("%.60q: %+v", document, bad)
		}
	}
	broken := errors.New("the line is cut")
	if err := message(t, c, "POST /b?delete").Decode(t.Context(), io.MultiReader(strings.NewReader("<Delete>"), failing{broken}), &s3.DeleteObjectsInput{}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Large documents take turns, as bodies do.
func TestCodecsDocumentsTakeTurns(t *testing.T) {
	document := "<Delete><Object><Key>" + strings.Repeat("k", 100<<10) + "</Key></Object></Delete>"
	synctest.Test(t, func(t *testing.T) {
		c := s3Codec(t)
		release := make(chan struct{})
		var reading atomic.Int32
		var wait sync.WaitGroup
		for range 40 {
			wait.Go(func() {
				// The end of a document is not there before it is released.
				end := waiting{strings.NewReader(document[70<<10:]), release, &reading}
				if err := message(t, c, "POST /b?delete").Decode(t.Context(), io.MultiReader(strings.NewReader(document[:70<<10]), &end), &s3.DeleteObjectsInput{}); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if n := reading.Load(); n != 16 {
			t.Errorf("%d are read at a time", n)
		}
		close(release)
		wait.Wait()
	})
}

type waiting struct {
	io.Reader
	release <-chan struct{}
	reading *atomic.Int32
}

func (w *waiting) Read(p []byte) (int, error) {
	w.reading.Add(1)
	<-w.release
	return w.Reader.Read(p)
}
