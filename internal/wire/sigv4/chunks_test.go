package sigv4_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"hash/crc32"
	"io"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/wire/sigv4"
)

// The example of AWS's documentation, byte by byte.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
const (
	exampleSeed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
	exampleOne  = "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
	exampleTwo  = "400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
	exampleEnd  = "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
)

func TestAWSExampleOfChunks(t *testing.T) {
	body := exampleOne + strings.Repeat("a", 65536) + "\r\n" + exampleTwo + strings.Repeat("a", 1024) + "\r\n" + exampleEnd
	open := func(body string) (int64, error) {
		r := httptest.NewRequest("PUT", "https://s3.amazonaws.com/examplebucket/chunkObject.txt", strings.NewReader(body))
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"+
			"SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature="+exampleSeed)
		r.ContentLength = 66824
		for name, value := range map[string]string{"X-Amz-Date": "20130524T000000Z", "X-Amz-Storage-Class": "REDUCED_REDUNDANCY",
			"X-Amz-Content-Sha256": sigv4.Streaming, "Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": "66560"} {
			r.Header.Set(name, value)
		}
		s, err := sigv4.Read(r)
		if err != nil {
			t.Fatal(err)
		}
		const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
		if err := s.Check(r, secret, s.PayloadHash()); err != nil {
			t.Fatal(err)
		}
		if err := s.Open(r, secret); err != nil {
			t.Fatal(err)
		}
		if r.ContentLength != 66560 || r.Header.Get("Content-Encoding") != "" {
			t.Errorf("length %d, encoding %q", r.ContentLength, r.Header.Get("Content-Encoding"))
		}
		return io.Copy(io.Discard, r.Body)
	}
	if n, err := open(body); err != nil || n != 66560 {
		t.Fatalf("%d bytes, %v", n, err)
	}
	for name, bad := range map[string]string{
		"a changed byte":    strings.Replace(body, "aaaa", "aaab", 1),
		"a chunk less":      exampleOne + strings.Repeat("a", 65536) + "\r\n" + exampleEnd,
		"no end":            body[:len(body)-len(exampleEnd)],
		"more behind":       body + "x",
		"half a chunk":      body[:1000],
		"no chunk at all":   "",
		"another signature": strings.Replace(body, "ad80", "ad81", 1),
		"a longer chunk":    strings.Replace(body, "400;", "401;", 1),
		"a huge chunk":      strings.Replace(body, "10000;", "7fffffffffffffff;", 1),
		"a negative chunk":  strings.Replace(body, "10000;", "-1;", 1),
		"an endless line":   strings.Repeat("1", 1<<20),
	} {
		_, err := open(bad)
		var refused *sigv4.Error
		if !errors.As(err, &refused) || refused.Problem != sigv4.PayloadLies {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTrailerChecksums(t *testing.T) {
	content := []byte("hello, harbour")
	sum := crc32.NewIEEE()
	sum.Write(content)
	right := base64.StdEncoding.EncodeToString(sum.Sum(nil))
	for name, c := range map[string]struct {
		body string
		good bool
	}{
		"right":            {"e\r\nhello, harbour\r\n0\r\nx-amz-checksum-crc32:" + right + "\r\n\r\n", true},
		"two chunks":       {"7\r\nhello, \r\n7\r\nharbour\r\n0\r\nx-amz-checksum-crc32:" + right + "\r\n\r\n", true},
		"wrong":            {"e\r\nhello, harbour\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", false},
		"not there":        {"e\r\nhello, harbour\r\n0\r\n\r\n", false},
		"another":          {"e\r\nhello, harbour\r\n0\r\nx-amz-meta-a:1\r\n\r\n", false},
		"twice":            {"e\r\nhello, harbour\r\n0\r\nx-amz-checksum-crc32:" + right + "\r\nx-amz-checksum-crc32:" + right + "\r\n\r\n", false},
		"cut in the value": {"e\r\nhello, harbour\r\n0\r\nx-amz-checksum-crc32:AA", false},
	} {
		r := httptest.NewRequest("PUT", "/b/k", strings.NewReader(c.body))
		r.Header.Set("X-Amz-Content-Sha256", sigv4.StreamingUnsigned)
		r.Header.Set("X-Amz-Decoded-Content-Length", "14")
		r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
		if err := sigv4.OpenUnverified(r); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r.Body)
		if (err == nil) != c.good || c.good && !bytes.Equal(got, content) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// FuzzChunks holds that no body makes the decoder give more than it promised,
// or end well without a proof.
func FuzzChunks(f *testing.F) {
	f.Add([]byte("e\r\nhello, harbour\r\n0\r\n\r\n"), int64(14), "")
	f.Add([]byte("1\r\na\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"), int64(1), "x-amz-checksum-crc32")
	f.Add([]byte(exampleEnd), int64(0), "")
	f.Fuzz(func(t *testing.T, body []byte, length int64, trailer string) {
		r := httptest.NewRequest("PUT", "/b/k", bytes.NewReader(body))
		r.Header["X-Amz-Content-Sha256"] = []string{sigv4.StreamingUnsigned}
		r.Header.Set("X-Amz-Decoded-Content-Length", strconv.FormatInt(length, 10))
		r.Header["X-Amz-Trailer"] = []string{trailer}
		if sigv4.OpenUnverified(r) != nil {
			return
		}
		got, err := io.ReadAll(r.Body)
		if int64(len(got)) > length || err == nil && int64(len(got)) != length {
			t.Fatalf("%d bytes of %d, %v", len(got), length, err)
		}
	})
}
