package s3

import (
	"net"
	"net/http"
	"regexp"
	"strings"
)

// region is how a region is spelled.
const region = `[a-z]{2}(?:-[a-z]+)+-[0-9]+`

// serviceHost is a host name that is S3 itself: s3.localhost,
// s3.us-east-1.localhost, s3.amazonaws.com, s3.dualstack.us-east-1.amazonaws.com,
// s3-us-west-2.amazonaws.com.
var serviceHost = regexp.MustCompile(`^s3(?:\.dualstack)?(?:[.-]` + region + `)?\.(?:localhost|amazonaws\.com)$`)

// bucketHost has a bucket before that.
var bucketHost = regexp.MustCompile(`^(.+)\.s3(?:\.dualstack)?(?:[.-]` + region + `)?\.(?:localhost|amazonaws\.com)$`)

// address is what a request is about.
type address struct {
	bucket, key string
	service     bool // the host name says S3
}

// readAddress reads bucket and key from host and path: B.s3.REGION.localhost/K,
// B.localhost/K, or localhost/B/K. The key is what the path says, byte by byte
// after its escapes: dots and slashes mean nothing.
func readAddress(r *http.Request, domains []string) address {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	path := strings.TrimPrefix(r.URL.Path, "/")
	switch {
	case serviceHost.MatchString(host):
		bucket, key, _ := strings.Cut(path, "/")
		return address{bucket: bucket, key: key, service: true}
	case bucketHost.MatchString(host):
		return address{bucket: bucketHost.FindStringSubmatch(host)[1], key: path, service: true}
	}
	// The longest domain first: host.hatoba.internal is no bucket of hatoba.internal.
	best := ""
	for _, d := range domains {
		if host == d {
			best = ""
			break
		}
		if strings.HasSuffix(host, "."+d) && len(d) > len(best) {
			best = d
		}
	}
	if best != "" {
		return address{bucket: strings.TrimSuffix(host, "."+best), key: path}
	}
	bucket, key, _ := strings.Cut(path, "/")
	return address{bucket: bucket, key: key}
}

func (s *Service) address(r *http.Request) address { return readAddress(r, s.domains) }

// Claims tells whether a request is for S3: its signature says so, or its host
// name, or it is signed the old way, as some clients presign.
func Claims(r *http.Request) bool {
	if auth := r.Header.Get("Authorization"); auth != "" {
		return strings.HasPrefix(auth, "AWS ") || signedFor(auth)
	}
	if strings.Contains(r.URL.RawQuery, "X-Amz-Credential") {
		return signedFor(r.URL.Query().Get("X-Amz-Credential"))
	}
	if strings.Contains(r.URL.RawQuery, "AWSAccessKeyId=") && strings.Contains(r.URL.RawQuery, "Signature=") {
		return r.Method != http.MethodPost
	}
	return readAddress(r, nil).service
}

// signedFor tells whether a credential scope is S3's.
func signedFor(credential string) bool {
	return strings.Contains(credential, "/s3/aws4_request") || strings.Contains(credential, "/s3express/aws4_request")
}

// Knows tells whether an unsigned request that nobody else claims is about a
// bucket there is.
func (s *Service) Knows(r *http.Request) bool {
	at := s.address(r)
	if at.bucket == "" {
		return false
	}
	_, err := s.objects.Bucket(at.bucket)
	return err == nil
}

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	likeIPv4   = regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+$`)
)

// validBucketName keeps S3's rules for names.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
func validBucketName(name string) bool {
	if !bucketName.MatchString(name) || likeIPv4.MatchString(name) || strings.Contains(name, "..") {
		return false
	}
	for _, prefix := range []string{"xn--", "sthree-", "amzn-s3-demo-"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	for _, suffix := range []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		if strings.HasSuffix(name, suffix) {
			return false
		}
	}
	return true
}
