package restxml_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/hatoba/hatoba/internal/aws/s3/restxml"
)

// FuzzLifecycle holds that no document breaks the decoder, and that what is
// taken encodes and decodes to the same again.
func FuzzLifecycle(f *testing.F) {
	f.Add(`<LifecycleConfiguration><Rule><ID>a</ID><Filter><And><Prefix>p</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter><Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>`)
	f.Add(`<LifecycleConfiguration><Rule><Expiration><Date>2026-01-01T00:00:00Z</Date></Expiration></Rule></LifecycleConfiguration>`)
	f.Add(strings.Repeat("<a>", 100))
	f.Add(`<!DOCTYPE x [<!ENTITY a "b">]><LifecycleConfiguration>&a;</LifecycleConfiguration>`)
	model, err := restxml.Load()
	if err != nil {
		f.Fatal(err)
	}
	op := model.Operation("PutBucketLifecycleConfiguration")
	f.Fuzz(func(t *testing.T, body string) {
		in := &s3.PutBucketLifecycleConfigurationInput{}
		r := restxml.Request{Bucket: "b", Query: url.Values{"lifecycle": nil}, Header: http.Header{}, Body: strings.NewReader(body)}
		if op.Decode(r, in) != nil || in.LifecycleConfiguration == nil {
			return
		}
		out := &s3.GetBucketLifecycleConfigurationOutput{Rules: in.LifecycleConfiguration.Rules}
		if _, err := model.Operation("GetBucketLifecycleConfiguration").Encode(out); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzDeleteObjects is the largest document clients send.
func FuzzDeleteObjects(f *testing.F) {
	f.Add(`<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key><VersionId>v</VersionId></Object><Quiet>true</Quiet></Delete>`)
	f.Add(`<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>`)
	f.Add("<Delete>\xff</Delete>")
	model, err := restxml.Load()
	if err != nil {
		f.Fatal(err)
	}
	op := model.Operation("DeleteObjects")
	f.Fuzz(func(t *testing.T, body string) {
		in := &s3.DeleteObjectsInput{}
		_ = op.Decode(restxml.Request{Bucket: "b", Query: url.Values{"delete": nil}, Header: http.Header{}, Body: strings.NewReader(body)}, in)
	})
}
