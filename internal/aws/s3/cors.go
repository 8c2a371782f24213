package s3

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hatoba/hatoba/internal/objects"
)

const (
	corsDocument = "CORS"
	maxCORSRules = 100
)

var (
	errCORSAbsent  = fail(403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
	errCORSRefused = fail(403, "AccessForbidden", "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.")
)

func (s *Service) getBucketCORS(_ context.Context, r *request, in *sdk.GetBucketCorsInput) (*sdk.GetBucketCorsOutput, error) {
	b, err := s.bucket(r, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	out := &sdk.GetBucketCorsOutput{}
	return out, document(b, corsDocument, &out.CORSRules, errNoCORS)
}

// putBucketCORS keeps the rules by which web pages of other origins may send
// signed requests.
// Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
func (s *Service) putBucketCORS(_ context.Context, r *request, in *sdk.PutBucketCorsInput) (*sdk.PutBucketCorsOutput, error) {
	c := in.CORSConfiguration
	if c == nil || len(c.CORSRules) == 0 || len(c.CORSRules) > maxCORSRules {
		return nil, errMalformedXML
	}
	for _, rule := range c.CORSRules {
		if len(rule.AllowedMethods) == 0 || len(rule.AllowedOrigins) == 0 {
			return nil, errMalformedXML
		}
		for _, m := range rule.AllowedMethods {
			if !slices.Contains([]string{"GET", "PUT", "POST", "DELETE", "HEAD"}, m) {
				return nil, invalidRequest("Found unsupported HTTP method in CORS config. Unsupported method is %s", m)
			}
		}
		for _, o := range rule.AllowedOrigins {
			if strings.Count(o, "*") > 1 {
				return nil, invalidRequest("AllowedOrigin %q can not have more than one wildcard.", o)
			}
		}
		for _, h := range rule.AllowedHeaders {
			if strings.Count(h, "*") > 1 {
				return nil, invalidRequest("AllowedHeader %q can not have more than one wildcard.", h)
			}
		}
	}
	return nil, s.keep(r, in.ExpectedBucketOwner, corsDocument, c.CORSRules)
}

func (s *Service) deleteBucketCORS(_ context.Context, r *request, in *sdk.DeleteBucketCorsInput) (*sdk.DeleteBucketCorsOutput, error) {
	return nil, s.forget(r, in.ExpectedBucketOwner, corsDocument)
}

// allowOrigin decides by the bucket's rules whether a web page of another
// origin may send r, and tells its browser in h.
func (s *Service) allowOrigin(h http.Header, r *http.Request, at address) error {
	var b objects.Bucket
	var rules []types.CORSRule
	if at.bucket != "" {
		var err error
		if b, err = s.objects.Bucket(at.bucket); err != nil {
			return errCORSAbsent
		}
	}
	if document(b, corsDocument, &rules, errNoCORS) != nil {
		return errCORSAbsent
	}
	method, asked := r.Method, ""
	if r.Method == http.MethodOptions {
		method, asked = r.Header.Get("Access-Control-Request-Method"), r.Header.Get("Access-Control-Request-Headers")
	}
	origin := r.Header.Get("Origin")
	for _, rule := range rules {
		by, ok := matching(rule.AllowedOrigins, origin)
		if !ok || !slices.Contains(rule.AllowedMethods, method) || !allHeaders(rule.AllowedHeaders, asked) {
			continue
		}
		if by == "*" {
			h.Set("Access-Control-Allow-Origin", "*")
		} else {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
		}
		h.Set("Access-Control-Allow-Methods", strings.Join(rule.AllowedMethods, ", "))
		h.Set("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method")
		if asked != "" {
			h.Set("Access-Control-Allow-Headers", strings.ToLower(asked))
		}
		if len(rule.ExposeHeaders) > 0 {
			h.Set("Access-Control-Expose-Headers", strings.Join(rule.ExposeHeaders, ", "))
		}
		if rule.MaxAgeSeconds != nil {
			h.Set("Access-Control-Max-Age", strconv.Itoa(int(aws.ToInt32(rule.MaxAgeSeconds))))
		}
		return nil
	}
	return errCORSRefused
}

// matching finds the pattern that a value matches; a pattern may have one *.
func matching(patterns []string, value string) (string, bool) {
	for _, p := range patterns {
		before, after, wild := strings.Cut(p, "*")
		if p == value || wild && len(value) >= len(before)+len(after) && strings.HasPrefix(value, before) && strings.HasSuffix(value, after) {
			return p, true
		}
	}
	return "", false
}

func allHeaders(patterns []string, asked string) bool {
	lower := make([]string, len(patterns))
	for i, p := range patterns {
		lower[i] = strings.ToLower(p)
	}
	for name := range strings.SplitSeq(strings.ToLower(asked), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if _, ok := matching(lower, name); !ok {
			return false
		}
	}
	return true
}
