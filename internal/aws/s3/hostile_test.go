package s3_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
)

// Uploads that lie leave nothing.
func TestHostileUploads(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	auth := "AWS4-HMAC-SHA256 Credential=123456789012/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
	for name, c := range map[string]struct {
		body   string
		header map[string]string
		want   string
	}{
		"wrong MD5":                {"x", map[string]string{"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, "BadDigest"},
		"no MD5":                   {"x", map[string]string{"Content-MD5": "!"}, "InvalidDigest"},
		"wrong SHA-256":            {"x", map[string]string{"X-Amz-Content-Sha256": strings.Repeat("0", 64)}, "XAmzContentSHA256Mismatch"},
		"wrong CRC":                {"x", map[string]string{"X-Amz-Checksum-Crc32": "AAAAAA=="}, "BadDigest"},
		"no CRC":                   {"x", map[string]string{"X-Amz-Checksum-Crc32": "AA"}, "InvalidRequest"},
		"unknown checksum":         {"x", map[string]string{"X-Amz-Checksum-Xxhash3": "AA"}, "NotImplemented"},
		"chunks of another length": {"1\r\nx\r\n0\r\n\r\n", map[string]string{"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Decoded-Content-Length": "2"}, "XAmzContentSHA256Mismatch"},
		"a wrong trailer": {"1\r\nx\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", map[string]string{"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
			"X-Amz-Decoded-Content-Length": "1", "X-Amz-Trailer": "x-amz-checksum-crc32"}, "XAmzContentSHA256Mismatch"},
		"a key too long": {"", map[string]string{"key": strings.Repeat("k", 1025)}, "KeyTooLongError"},
		"a NUL":          {"", map[string]string{"key": "a%00b"}, "InvalidArgument"},
		"much metadata":  {"", map[string]string{"X-Amz-Meta-A": strings.Repeat("m", 2048)}, "MetadataTooLarge"},
		"customer's key": {"", map[string]string{"X-Amz-Server-Side-Encryption-Customer-Algorithm": "AES256"}, "NotImplemented"},
	} {
		key := "k"
		if v, ok := c.header["key"]; ok {
			key = v
		}
		r, err := http.NewRequestWithContext(f.ctx, "PUT", f.url+"/bkt/"+key, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", auth)
		for k, v := range c.header {
			if k != "key" {
				r.Header.Set(k, v)
			}
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if !strings.Contains(string(b), "<Code>"+c.want+"</Code>") {
			t.Errorf("%s: %s %s", name, answer.Status, b)
		}
	}
	list, err := f.ListObjectsV2(f.ctx, &sdk.ListObjectsV2Input{Bucket: aws.String("bkt")})
	if err != nil || len(list.Contents) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A trailer as the SDKs send it over TLS.
func TestTrailingChecksum(t *testing.T) {
	f := serve(t)
	f.bucket(t, "bkt")
	r, _ := http.NewRequestWithContext(f.ctx, "PUT", f.url+"/bkt/k", strings.NewReader("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"))
	for k, v := range map[string]string{"X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "X-Amz-Decoded-Content-Length": "5", "X-Amz-Trailer": "x-amz-checksum-crc32",
		"Content-Encoding": "aws-chunked", "Authorization": "AWS4-HMAC-SHA256 Credential=123456789012/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"} {
		r.Header.Set(k, v)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	head, err := f.HeadObject(f.ctx, &sdk.HeadObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k"), ChecksumMode: "ENABLED"})
	if err != nil || *head.ContentLength != 5 || aws.ToString(head.ChecksumCRC32) != "NhCmhg==" || head.ContentEncoding != nil {
		t.Errorf("%+v, %v", head, err)
	}
}
