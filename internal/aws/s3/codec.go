package s3

import (
	_ "embed"
	"errors"
	"net/http"
	"net/url"

	"github.com/hatoba/hatoba/internal/wire"
)

// bindings.json is made by hand when AWS changes S3, from the model that
// botocore carries: go run ./test/bindings …/s3/2006-03-01/service-2.json.gz

//go:embed bindings.json
var bindings []byte

func newCodec(ops map[string]operation) (*wire.Codec, error) {
	table, err := wire.ParseBindings(bindings)
	if err != nil {
		return nil, err
	}
	table.Root = rootOf
	described := wire.Service{Name: "s3", Title: "Amazon S3", Protocol: wire.RestXML, Bindings: table}
	for name, o := range ops {
		described.Operations = append(described.Operations, wire.Operation{Name: name, Input: o.in, Output: o.out})
	}
	return wire.NewCodec(described)
}

// path is where bucket and key would stand in a path-style URL. The key is one
// part of it, whatever slashes it has.
func (a address) path() string {
	switch {
	case a.bucket == "":
		return "/"
	case a.key == "":
		return "/" + url.PathEscape(a.bucket)
	}
	return "/" + url.PathEscape(a.bucket) + "/" + url.PathEscape(a.key)
}

// encode writes an answer, where S3 does otherwise than its model says.
func encode(m *wire.Message, out any) (wire.Answer, error) {
	a, err := m.Encode(out)
	switch m.Operation() {
	case "GetBucketPolicy":
		a.Header.Set("Content-Type", "application/json")
	case "PutBucketPolicy":
		a.Status = http.StatusNoContent
	}
	if a.Header.Get("Content-Range") != "" {
		a.Status = http.StatusPartialContent
	}
	return a, err
}

func decodeFailure(err error) error {
	var wrong *wire.InputError
	switch {
	case !errors.As(err, &wrong):
		return err
	case wrong.Document:
		return fail(400, "MalformedXML", "%s: %s", errMalformedXML.Message, wrong.Reason)
	}
	return invalidArgument("%s: %s", wrong.Name, wrong.Reason)
}

// rootOf names the documents that are not called as their operation is. The
// model does not say; the API reference shows them.
func rootOf(operation string) string {
	switch operation {
	case "ListBuckets":
		return "ListAllMyBucketsResult"
	case "ListObjects", "ListObjectsV2":
		return "ListBucketResult"
	case "ListObjectVersions":
		return "ListVersionsResult"
	case "CreateMultipartUpload":
		return "InitiateMultipartUploadResult"
	case "DeleteObjects":
		return "DeleteResult"
	case "GetBucketAcl", "GetObjectAcl":
		return "AccessControlPolicy"
	case "GetBucketTagging", "GetObjectTagging":
		return "Tagging"
	case "GetBucketVersioning":
		return "VersioningConfiguration"
	case "GetBucketLifecycleConfiguration":
		return "LifecycleConfiguration"
	case "GetObjectAttributes":
		return "GetObjectAttributesResponse"
	case "GetBucketRequestPayment":
		return "RequestPaymentConfiguration"
	case "GetBucketLogging":
		return "BucketLoggingStatus"
	case "GetBucketAccelerateConfiguration":
		return "AccelerateConfiguration"
	case "GetBucketNotificationConfiguration":
		return "NotificationConfiguration"
	case "GetBucketCors":
		return "CORSConfiguration"
	}
	return operation + "Result"
}
