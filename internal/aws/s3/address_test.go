package s3_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestHostNames(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	f.put(t, "a/b", "x")
	for host, path := range map[string]string{
		"bkt.localhost": "/a/b", "bkt.s3.localhost:4566": "/a/b", "bkt.s3.us-east-1.localhost": "/a/b", "bkt.s3.amazonaws.com": "/a/b",
		"bkt.s3.eu-west-1.amazonaws.com": "/a/b", "bkt.s3.dualstack.us-east-1.amazonaws.com": "/a/b",
		"localhost": "/bkt/a/b", "127.0.0.1:4566": "/bkt/a/b", "s3.localhost": "/bkt/a/b", "s3.us-east-1.amazonaws.com": "/bkt/a/b",
	} {
		r, _ := http.NewRequestWithContext(f.ctx, "GET", f.url+path, nil)
		r.Host = host
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=123456789012/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != 200 {
			t.Errorf("%s%s: %s", host, path, answer.Status)
		}
	}
}

// What a request asks for but its operation does not know is refused, and not
// taken for the bucket or the object itself.
func TestParametersOfNoOperation(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	f.put(t, "k", "kept")
	for request, status := range map[string]int{
		"PUT /bkt/k?uploadId=u":               405,
		"PUT /bkt/k?retention":                501,
		"PUT /bkt/k?versionId=v":              400,
		"DELETE /bkt/k?partNumber=1":          405,
		"DELETE /bkt?inventory":               405,
		"DELETE /bkt?inventory&id=i":          501,
		"GET /bkt?list-type=2&max-keys=x":     400,
		"GET /bkt/k?response-expires=someday": 400,
	} {
		method, target, _ := strings.Cut(request, " ")
		r, err := http.NewRequestWithContext(f.ctx, method, f.url+target, strings.NewReader("changed"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=123456789012/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("%s: %d %s", request, res.StatusCode, body)
		}
	}
	got, err := f.GetObject(f.ctx, &sdk.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k")})
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(got.Body); string(body) != "kept" {
		t.Errorf("%q", body)
	}
}
