package s3_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Pages of other origins are let in by the bucket's rules, and only by them.
func TestCORS(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	f.put(t, "k", "x")
	auth := "AWS4-HMAC-SHA256 Credential=123456789012/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
	send := func(method, origin string, header ...string) *http.Response {
		t.Helper()
		r, _ := http.NewRequestWithContext(f.ctx, method, f.url+"/bkt/k", nil)
		r.Header.Set("Origin", origin)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if method != "OPTIONS" {
			r.Header.Set("Authorization", auth)
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer
	}
	if got := send("GET", "http://localhost:3000").StatusCode; got != 403 {
		t.Errorf("without rules: %d", got)
	}
	_, err := f.PutBucketCors(f.ctx, &sdk.PutBucketCorsInput{Bucket: aws.String("bkt"), CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{{
		AllowedMethods: []string{"GET", "PUT"}, AllowedOrigins: []string{"http://localhost:*"}, AllowedHeaders: []string{"Content-*", "x-amz-*"}, ExposeHeaders: []string{"ETag"}, MaxAgeSeconds: aws.Int32(60),
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	got := send("GET", "http://localhost:3000")
	if got.StatusCode != 200 || got.Header.Get("Access-Control-Allow-Origin") != "http://localhost:3000" || got.Header.Get("Access-Control-Expose-Headers") != "ETag" {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	ask := func(origin, method, headers string) int {
		return send("OPTIONS", origin, "Access-Control-Request-Method", method, "Access-Control-Request-Headers", headers).StatusCode
	}
	for _, c := range []struct {
		origin, method, headers string
		want                    int
	}{
		{"http://localhost:3000", "PUT", "content-type, x-amz-date", 200},
		{"http://localhost:3000", "DELETE", "", 403},
		{"http://localhost:3000", "PUT", "authorization", 403},
		{"http://evil.example", "GET", "", 403},
		{"null", "GET", "", 403},
	} {
		if got := ask(c.origin, c.method, c.headers); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
	if got := send("GET", "http://evil.example").StatusCode; got != 403 {
		t.Errorf("another origin: %d", got)
	}
	if got := send("DELETE", "http://localhost:3000").StatusCode; got != 403 {
		t.Errorf("another method: %d", got)
	}
	rules, err := f.GetBucketCors(f.ctx, &sdk.GetBucketCorsInput{Bucket: aws.String("bkt")})
	if err != nil || len(rules.CORSRules) != 1 || *rules.CORSRules[0].MaxAgeSeconds != 60 {
		t.Errorf("%+v, %v", rules, err)
	}
}
