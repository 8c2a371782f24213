package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	efstypes "github.com/aws/aws-sdk-go-v2/service/efs/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/hatoba/hatoba/internal/wire"
)

// serving is a handler of some operations of a service of the SDK.
func serving(t *testing.T, name string, operations ...wire.Operation) (sdkService, http.Handler) {
	t.Helper()
	for _, s := range sdkServices() {
		if s.Name != name {
			continue
		}
		s.Operations = operations
		h, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{s.Service}, DefaultScope: scope(), NewRequestID: func() string { return "the-id" }})
		if err != nil {
			t.Fatal(err)
		}
		return s, h
	}
	t.Fatal("no service", name)
	return sdkService{}, nil
}

func TestStreams(t *testing.T) {
	var kept []byte
	content := bytes.Repeat([]byte("harbour\x00"), 1000)
	s, h := serving(t, "s3",
		wire.Op("PutObject", func(_ context.Context, _ wire.Caller, in *s3.PutObjectInput) (*s3.PutObjectOutput, error) {
			var err error
			if kept, err = io.ReadAll(in.Body); *in.Key != "a/b c/d" || in.Metadata["colour"] != "blue" {
				err = errors.New("another key")
			}
			return &s3.PutObjectOutput{ETag: aws.String(`"e"`)}, err
		}),
		wire.Op("GetObject", func(_ context.Context, _ wire.Caller, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
			if *in.Key == "none" {
				return nil, &s3types.NoSuchKey{Message: aws.String("The specified key does not exist.")}
			}
			return &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(kept)), ContentType: aws.String("text/x-harbour"), LastModified: aws.Time(time.Unix(5, 0))}, nil
		}),
		wire.Op("HeadObject", func(context.Context, wire.Caller, *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
			return &s3.HeadObjectOutput{ContentLength: aws.Int64(8000)}, nil
		}))
	client := s.client(config(h)).(*s3.Client)
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("a/b c/d"), Body: bytes.NewReader(content), Metadata: map[string]string{"Colour": "blue"}})
	if err != nil || !bytes.Equal(kept, content) {
		t.Fatalf("%d bytes, %v", len(kept), err)
	}
	got, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
	if err != nil {
		t.Fatal(err)
	}
	read, _ := io.ReadAll(got.Body)
	if !bytes.Equal(read, content) || *got.ContentType != "text/x-harbour" || got.LastModified.Unix() != 5 {
		t.Errorf("%d bytes, %+v", len(read), got)
	}
	head, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
	if err != nil || *head.ContentLength != 8000 {
		t.Errorf("%+v, %v", head, err)
	}
	var none *s3types.NoSuchKey
	if _, err = client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("none")}); !errors.As(err, &none) {
		t.Errorf("%v", err)
	}
	if _, err = client.ListBuckets(t.Context(), &s3.ListBucketsInput{}); code(err) != "UnsupportedOperationException" || !strings.Contains(err.Error(), "ListBuckets yet") {
		t.Errorf("%v", err)
	}
}

func TestRestErrors(t *testing.T) {
	s, h := serving(t, "elasticfilesystem", wire.Op("CreateFileSystem", func(context.Context, wire.Caller, *efs.CreateFileSystemInput) (*efs.CreateFileSystemOutput, error) {
		return nil, &efstypes.FileSystemAlreadyExists{ErrorCode_: aws.String("FileSystemAlreadyExists"), FileSystemId: aws.String("fs-1"), Message: aws.String("there")}
	}), wire.Op("DescribeFileSystems", func(context.Context, wire.Caller, *efs.DescribeFileSystemsInput) (*efs.DescribeFileSystemsOutput, error) {
		return nil, errors.New("private")
	}))
	client := s.client(config(h)).(*efs.Client)
	_, err := client.CreateFileSystem(t.Context(), &efs.CreateFileSystemInput{CreationToken: aws.String("t")})
	var exists *efstypes.FileSystemAlreadyExists
	if !errors.As(err, &exists) || *exists.FileSystemId != "fs-1" || *exists.Message != "there" {
		t.Errorf("%v", err)
	}
	if _, err = client.DescribeFileSystems(t.Context(), nil); code(err) != "InternalFailure" || strings.Contains(err.Error(), "private") {
		t.Errorf("%v", err)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest("POST", "/2015-02-01/file-systems", strings.NewReader(`{"CreationToken":"t"}`))) // unsigned: by its path
	if rec.Code != http.StatusConflict || rec.Header().Get("X-Amzn-Errortype") != "FileSystemAlreadyExists" {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}

	s, h = serving(t, "route53", wire.Op("GetHostedZone", func(context.Context, wire.Caller, *route53.GetHostedZoneInput) (*route53.GetHostedZoneOutput, error) {
		return nil, &route53types.NoSuchHostedZone{Message: aws.String("No hosted zone found with ID: Z")}
	}))
	_, err = s.client(config(h)).(*route53.Client).GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String("Z")})
	var zone *route53types.NoSuchHostedZone
	if !errors.As(err, &zone) || *zone.Message != "No hosted zone found with ID: Z" {
		t.Errorf("%v", err)
	}
}

func TestRestRefusals(t *testing.T) {
	s, h := serving(t, "scheduler", wire.Op("CreateSchedule", func(_ context.Context, _ wire.Caller, in *scheduler.CreateScheduleInput) (*scheduler.CreateScheduleOutput, error) {
		return nil, &schedulertypes.ConflictException{Message: in.Name}
	}))
	client := s.client(config(h)).(*scheduler.Client)
	if _, err := client.ListSchedules(t.Context(), &scheduler.ListSchedulesInput{}); code(err) != "UnsupportedOperationException" {
		t.Errorf("%v", err)
	}
	for name, c := range map[string]struct {
		method, target, body string
		status               int
		code                 string
	}{
		"a path of nobody":  {"GET", "/nothing", "", 404, ""},
		"bad JSON":          {"POST", "/schedules/a", "{", 400, "SerializationException"},
		"a bad query":       {"POST", "/schedules/a?%zz", "{}", 400, "MalformedQueryString"},
		"a bad label":       {"POST", "/schedules/%ff", "{}", 400, "SerializationException"},
		"no label":          {"POST", "/schedules/", "{}", 404, ""},
		"more than a label": {"POST", "/schedules/a/b", "{}", 404, ""},
	} {
		r := httptest.NewRequest("GET", "/", strings.NewReader(c.body))
		r.Method = c.method
		path, query, _ := strings.Cut(c.target, "?")
		r.URL.RawQuery, r.URL.RawPath = query, path
		r.URL.Path = strings.ReplaceAll(path, "%ff", "\xff")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=123456789012/20261121/us-east-1/scheduler/aws4_request, SignedHeaders=host, Signature=0")
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.code) {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
}

func TestCompressedBodies(t *testing.T) {
	f := newFront(t)
	bomb := gzipped(t, strings.Repeat(" ", 200<<20))
	for name, c := range map[string]struct {
		body, encoding string
		status         int
	}{
		"gzip":           {gzipped(t, `{"cluster":"c"}`), "gzip", 200},
		"not gzip":       {"{}", "gzip", 400},
		"cut":            {gzipped(t, `{"cluster":"c"}`)[:20], "gzip", 400},
		"a bomb":         {bomb, "gzip", 413},
		"something else": {"{}", "br", 400},
	} {
		got := f.do("POST", "/", c.body, "X-Amz-Target: AmazonEC2ContainerServiceV20141113.DescribeTasks", "Content-Encoding: "+c.encoding)
		if got.status != c.status {
			t.Errorf("%s: %+.200v", name, got)
		}
	}
}

// The clients of one service speak three protocols.
func TestCloudWatchSpeaksThree(t *testing.T) {
	var name string
	s, h := serving(t, "monitoring", wire.Op("DescribeAlarms", func(_ context.Context, _ wire.Caller, in *cloudwatch.DescribeAlarmsInput) (*cloudwatch.DescribeAlarmsOutput, error) {
		name = aws.ToString(in.AlarmNamePrefix)
		return &cloudwatch.DescribeAlarmsOutput{NextToken: aws.String("more")}, nil
	}))
	if _, err := s.client(config(h)).(*cloudwatch.Client).DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String("cbor")}); err != nil || name != "cbor" {
		t.Errorf("%s, %v", name, err)
	}
	for want, c := range map[string]struct{ contentType, target, body, answer, encoding string }{
		"json":  {"application/x-amz-json-1.0", "GraniteServiceVersion20100801.DescribeAlarms", `{"AlarmNamePrefix":"json"}`, `{"NextToken":"more"}`, ""},
		"query": {"application/x-www-form-urlencoded", "", "Action=DescribeAlarms&Version=2010-08-01&AlarmNamePrefix=query", "<NextToken>more</NextToken>", ""},
		// botocore compresses PutMetricData from 10 KB on, in every protocol.
		"packed json":  {"application/x-amz-json-1.0", "GraniteServiceVersion20100801.DescribeAlarms", gzipped(t, `{"AlarmNamePrefix":"packed json"}`), `{"NextToken":"more"}`, "gzip"},
		"packed query": {"application/x-www-form-urlencoded", "", gzipped(t, "Action=DescribeAlarms&Version=2010-08-01&AlarmNamePrefix=packed+query"), "<NextToken>more</NextToken>", "gzip"},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.contentType)
		if c.target != "" {
			r.Header.Set("X-Amz-Target", c.target)
		}
		if c.encoding != "" {
			r.Header.Set("Content-Encoding", c.encoding)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != http.StatusOK || name != want || !strings.Contains(rec.Body.String(), c.answer) {
			t.Errorf("%s: %d %s", want, rec.Code, rec.Body)
		}
	}
}

// breaking gives a few bytes and then an error.
type breaking struct{ io.Reader }

func (b breaking) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errors.New("the disk is gone")
	}
	return n, err
}

func (b breaking) Close() error { return nil }

// A stream that breaks off ends the connection: a part is not taken for the
// whole.
func TestStreamsThatBreakOff(t *testing.T) {
	_, h := serving(t, "s3", wire.Op("GetObject", func(context.Context, wire.Caller, *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
		return &s3.GetObjectOutput{Body: breaking{strings.NewReader("half")}}, nil
	}))
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	res, err := http.Get(server.URL + "/b/k")
	if err == nil {
		defer res.Body.Close()
		_, err = io.ReadAll(res.Body)
	}
	if err == nil {
		t.Error("a part reads as the whole")
	}
}
