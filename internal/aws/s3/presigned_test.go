package s3_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/hatoba/hatoba/internal/wire"
)

func TestPresigned(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	presign := sdk.NewPresignClient(f.Client)
	put, err := presign.PresignPutObject(f.ctx, &sdk.PutObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k"), ContentType: aws.String("text/x"), StorageClass: "STANDARD_IA"})
	if err != nil {
		t.Fatal(err)
	}
	send := func(method, url, body string, header http.Header) (int, string) {
		t.Helper()
		r, _ := http.NewRequestWithContext(f.ctx, method, url, strings.NewReader(body))
		for k, v := range header {
			r.Header[k] = v
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(b)
	}
	if status, body := send("PUT", put.URL, "by link", put.SignedHeader); status != 200 {
		t.Fatal(status, body)
	}
	get, err := presign.PresignGetObject(f.ctx, &sdk.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k"), ResponseContentType: aws.String("text/y")})
	if err != nil {
		t.Fatal(err)
	}
	if status, body := send("GET", get.URL, "", nil); status != 200 || body != "by link" {
		t.Error(status, body)
	}
	head, err := f.HeadObject(f.ctx, &sdk.HeadObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k")})
	if err != nil || *head.ContentType != "text/x" || head.StorageClass != "STANDARD_IA" {
		t.Errorf("%+v, %v", head, err)
	}
	late := strings.Replace(get.URL, "X-Amz-Date=20", "X-Amz-Date=19", 1)
	if status, body := send("GET", late, "", nil); status != 403 || !strings.Contains(body, "Request has expired") {
		t.Error(status, body)
	}
	if status, body := send("GET", f.url+"/bkt/k", "", nil); status != 403 || !strings.Contains(body, "AccessDenied") {
		t.Error(status, body)
	}
	if status, body := send("GET", f.url+"/bkt/k?AWSAccessKeyId=a&Signature=b&Expires=4000000000", "", nil); status != 200 || body != "by link" {
		t.Error(status, body)
	}
	if status, body := send("GET", get.URL, "", http.Header{"Origin": {"http://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}); status != 403 {
		t.Error(status, body)
	}
}

// On the listener of a task nobody becomes somebody else, by whatever
// signature.
func TestGuestsStayGuests(t *testing.T) {
	guest := wire.Identity{Account: "210987654321", ARN: "arn:aws:sts::210987654321:assumed-role/task/t", Task: "arn:aws:ecs:us-east-1:210987654321:task/default/t"}
	alone := false
	f := serveBehind(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if alone {
				r = r.WithContext(wire.WithGuest(r.Context(), guest))
			}
			h.ServeHTTP(w, r)
		})
	})
	f.bucket(t, "bkt")
	f.put(t, "k", "secret")
	alone = true
	if _, err := f.GetObject(f.ctx, &sdk.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k")}); code(err) != "AccessDenied" {
		t.Error(err)
	}
	for _, query := range []string{"", "?AWSAccessKeyId=123456789012&Signature=b&Expires=4000000000"} {
		answer, err := http.Get(f.url + "/bkt/k" + query)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != 403 {
			t.Errorf("%q: %s", query, answer.Status)
		}
	}
}
