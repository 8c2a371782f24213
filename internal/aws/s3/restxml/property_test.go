package restxml_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/aws/s3/restxml"
)

// TestMain draws a few values of each of the many shapes instead of a hundred,
// unless told otherwise.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given {
		_ = flag.Set("rapid.checks", "10")
		_ = flag.Set("rapid.nofailfile", "true")
	}
	os.Exit(m.Run())
}

// excluded are the operations that the property leaves out, with the reason.
var excluded = map[string]string{
	"SelectObjectContent":               "its answer is an event stream",
	"WriteGetObjectResponse":            "it is Object Lambda's, on a host of its own",
	"ListDirectoryBuckets":              "on the wire it is ListBuckets; only its host differs",
	"CreateSession":                     "it is for directory buckets",
	"CreateBucketMetadataConfiguration": "the SDK's shapes are newer than the model",
	"GetBucketMetadataConfiguration":    "the SDK's shapes are newer than the model",
	"GetObjectLockConfiguration":        "the SDK's shapes are newer than the model",
	"PutObjectLockConfiguration":        "the SDK's shapes are newer than the model",
	"PutObjectRetention":                "the SDK's shapes are newer than the model",
	"GetObjectRetention":                "the SDK's shapes are newer than the model",
}

// unions are types that reflection cannot make; none is taken by an operation
// that is served.
func union(t reflect.Type) bool { return t.Kind() == reflect.Interface }

// TestEveryShapeThroughTheSDK sends random inputs of every operation through
// the SDK's own client, and random outputs back: what arrives is what was sent,
// on both sides.
func TestEveryShapeThroughTheSDK(t *testing.T) {
	model, err := restxml.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range model.Names() {
		method, ok := reflect.TypeFor[*s3.Client]().MethodByName(name)
		if !ok || excluded[name] != "" {
			t.Logf("%s is left out: %s", name, excluded[name])
			continue
		}
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				roundTrip(t, model, name, method.Type.In(2).Elem(), method.Type.Out(0).Elem())
			})
		})
	}
}

func roundTrip(t *rapid.T, model *restxml.Model, name string, in, out reflect.Type) {
	g := generator{t: t}
	sent := g.value(in, 0).Addr()
	set := func(member, value string) {
		if f := sent.Elem().FieldByName(member); f.IsValid() {
			f.Set(reflect.ValueOf(&value))
		}
	}
	if f := sent.Elem().FieldByName("ChecksumAlgorithm"); f.IsValid() {
		f.SetZero()
	}
	op := model.Operation(name)
	forget(sent.Elem(), op.HasInput)
	key := rapid.SampledFrom([]string{"k", "a/b//c", "ü +%&?=#", "../../etc/passwd", "/x/"}).Draw(t, "key")
	set("Bucket", "some-bucket")
	set("Key", key)
	body := rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "body")
	if f := sent.Elem().FieldByName("Body"); f.IsValid() {
		f.Set(reflect.ValueOf(bytes.NewReader(body)))
		set("ContentType", "text/plain") // the SDK adds one
	}
	answer := g.value(out, 0).Addr()
	forget(answer.Elem(), op.HasOutput)
	var received reflect.Value
	client := s3.New(s3.Options{
		Region: "us-east-1", UsePathStyle: true, BaseEndpoint: aws.String("http://s3.test"), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		HTTPClient: transport(func(r *http.Request) (*http.Response, error) {
			path := strings.TrimPrefix(r.URL.Path, "/")
			bucket, key, _ := strings.Cut(path, "/")
			op := model.Route(r.Method, bucket, key, r.URL.Query(), r.Header)
			if op == nil || op.Name != name {
				t.Fatalf("%s %s was taken for %v", r.Method, r.URL, op)
			}
			received = reflect.New(in)
			if err := op.Decode(restxml.Request{Bucket: bucket, Key: key, Query: r.URL.Query(), Header: r.Header, Body: r.Body}, received.Interface()); err != nil {
				t.Fatalf("decode: %v", err)
			}
			a, err := op.Encode(answer.Interface())
			if err != nil {
				t.Fatal(err)
			}
			header := http.Header{} // as a client reads it from the line
			for k, v := range a.Header {
				header[http.CanonicalHeaderKey(k)] = v
			}
			return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(bytes.NewReader(a.Body)), ContentLength: int64(len(a.Body)), Request: r}, nil
		}),
	})
	results := reflect.ValueOf(client).MethodByName(name).Call([]reflect.Value{reflect.ValueOf(context.Background()), sent})
	if err, _ := results[1].Interface().(error); err != nil {
		if strings.Contains(err.Error(), "validation error") {
			return // the SDK wants more than was drawn
		}
		t.Fatalf("the client failed: %v", err)
	}
	compare(t, "input", sent, received)
	compare(t, "output", answer, results[0])
}

// forget drops members the model does not know: the SDK is newer. On the wire
// they are refused by name.
func forget(v reflect.Value, known func(string) bool) {
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && !known(f.Name) {
			v.Field(i).SetZero()
		}
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) Do(r *http.Request) (*http.Response, error) { return f(r) }

func compare(t *rapid.T, what string, want, got reflect.Value) {
	opts := cmp.FilterPath(func(p cmp.Path) bool {
		f, ok := p.Last().(cmp.StructField)
		if !ok {
			return false
		}
		switch f.Name() {
		case "ResultMetadata", "Body", "ContentMD5", "ChecksumAlgorithm", "ExpiresString", "Expires", "ContentLength", "noSmithyDocumentSerde":
			return true
		}
		return strings.HasPrefix(f.Name(), "Checksum") || !f.Type().ConvertibleTo(f.Type())
	}, cmp.Ignore())
	unexported := cmp.FilterPath(func(p cmp.Path) bool {
		f, ok := p.Last().(cmp.StructField)
		return ok && f.Name()[0] >= 'a' && f.Name()[0] <= 'z'
	}, cmp.Ignore())
	empty := cmp.FilterValues(func(a, b []string) bool { return len(a) == 0 && len(b) == 0 }, cmp.Ignore())
	if diff := cmp.Diff(want.Interface(), got.Interface(), opts, unexported, empty); diff != "" {
		t.Fatalf("%s (-sent +arrived):\n%s", what, diff)
	}
}

// generator draws values that headers and documents can both carry.
type generator struct{ t *rapid.T }

func (g generator) value(typ reflect.Type, depth int) reflect.Value {
	v := reflect.New(typ).Elem()
	switch {
	case typ == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(rapid.Int64Range(0, 4e9).Draw(g.t, "time"), 0).UTC()))
		return v
	case union(typ), depth > 6:
		return v
	}
	switch typ.Kind() {
	case reflect.Pointer:
		if rapid.IntRange(0, 3).Draw(g.t, "absent") > 0 {
			v.Set(reflect.New(typ.Elem()))
			v.Elem().Set(g.value(typ.Elem(), depth))
		}
	case reflect.Struct:
		for i := range typ.NumField() {
			if f := typ.Field(i); f.IsExported() && f.Name != "ResultMetadata" {
				v.Field(i).Set(g.value(f.Type, depth+1))
			}
		}
	case reflect.Slice:
		if typ.Elem().Kind() == reflect.Uint8 || union(typ.Elem()) {
			return v
		}
		if n := rapid.IntRange(0, 2).Draw(g.t, "length"); n > 0 {
			v.Set(reflect.MakeSlice(typ, n, n))
			for i := range n {
				v.Index(i).Set(g.value(typ.Elem(), depth+1))
			}
		}
	case reflect.Map:
		if rapid.Bool().Draw(g.t, "map") {
			v.Set(reflect.ValueOf(map[string]string{"some-key": "v1", "other": "v 2"}))
		}
	case reflect.String:
		if typ.Name() != "string" { // an enum
			v.SetString(rapid.SampledFrom([]string{"x", "SOME_VALUE"}).Draw(g.t, "enum"))
			return v
		}
		v.SetString(rapid.SampledFrom([]string{"x", "a b", `q"&<>'`, "z=1;y"}).Draw(g.t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(g.t, "bool"))
	case reflect.Int32, reflect.Int64:
		v.SetInt(rapid.Int64Range(0, 1000).Draw(g.t, "number"))
	}
	return v
}
